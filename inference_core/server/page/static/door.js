// Asks the server that this page came from, and asks the person for a key where the server wants one.

const HELD = "satchel-key";

/** What a request came to when it did not go well: the facts of the server's error, and the status where there is one. */
export class Refusal extends Error {
  constructor(facts, status) {
    super(facts.message);
    this.facts = facts;
    this.status = status;
  }
}

export const heldKey = () => sessionStorage.getItem(HELD);
export const forgetKey = () => sessionStorage.removeItem(HELD);

/**
 * The JSON that `path` answers with. `path` is relative to the page, so that it works below a prefix.
 *
 * Throws Refusal; an aborted request throws the browser's AbortError.
 */
export async function ask(path, options = {}, askForKey = undefined) {
  const sent = heldKey();
  const response = await reach(path, options, sent);
  const content = await read(response);
  if (response.ok) return content;
  const refusal = new Refusal(factsOf(content, response), response.status);
  if (![401, 403].includes(response.status) || !askForKey) throw refusal;
  if (heldKey() === sent) {
    const key = await askForKey(sent === null ? "" : refusal.message);
    if (!key) throw refusal;
    sessionStorage.setItem(HELD, key);
  }
  options.signal?.throwIfAborted();
  return ask(path, options, askForKey);
}

async function reach(path, options, key) {
  const headers = new Headers(options.headers);
  if (key !== null) {
    headers.set("X-API-Key", key);
    headers.set("x-functions-key", key);
  }
  try {
    return await fetch(path, { ...options, headers, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal({ message: "the server cannot be reached", got: error.message, remedy: "try again shortly" });
  }
}

async function read(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return text; // a proxy or a host in front of the server answers in its own words
  }
}

function factsOf(content, response) {
  if (content?.error?.message) return content.error;
  const words = typeof content === "string" && !content.trimStart().startsWith("<") ? content.trim().slice(0, 300) : "";
  const needsKey = [401, 403].includes(response.status);
  return {
    message: needsKey ? "the server wants a key" : `the server answered ${response.status} ${response.statusText}`.trim(),
    got: words || null,
    remedy: needsKey ? "ask whoever runs the server for one" : null,
  };
}
