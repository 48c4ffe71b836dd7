// The parts of the page that show an answer in words and figures.

import { colorOf } from "./drawing.js";

const STEPS = ["queue", "decode", "preprocess", "infer", "postprocess", "network"];
const FACTS = ["got", "expected", "remedy"];

/** An element with attributes and children; a child that is text stays text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** One sentence for the status line. */
export function sentenceOf(answer, milliseconds) {
  const { predictions, task } = answer;
  const best = predictions[0];
  const found = predictions.length === 1 ? "1 prediction" : `${predictions.length} predictions`;
  const named = task === "classification" && best ? `${best.label}, ${percent(best.score)}: ${found}` : found;
  return `${named} in ${figure(milliseconds)}`;
}

/** Fills the list. `onChoose(index or null, lasting)` hears which row is pointed at or pressed. */
export function listPredictions(list, predictions, onChoose) {
  list.replaceChildren(...predictions.map((prediction, index) => row(prediction, index, onChoose)));
  list.hidden = !predictions.length;
}

function row(prediction, index, onChoose) {
  const { label, score, class_id: id, keypoints, box } = prediction;
  const swatch = make("span", { class: "swatch" });
  swatch.style.background = colorOf(id);
  const button = make("button", { type: "button", "aria-pressed": "false" }, swatch);
  button.append(make("span", { class: "name" }, label ?? (prediction.image ? "image" : `prediction ${index + 1}`)));
  if (keypoints) button.append(make("span", { class: "more" }, `${keypoints.length} points`));
  if (box) button.title = `x ${shortly(box[0])}–${shortly(box[2])}, y ${shortly(box[1])}–${shortly(box[3])}`;
  if (score !== undefined) button.append(meter(score, id), make("span", { class: "figure" }, percent(score)));
  button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && onChoose(index, false));
  button.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && onChoose(null, false));
  button.addEventListener("click", () => onChoose(index, true));
  return make("li", {}, button);
}

function meter(score, id) {
  const full = make("span");
  full.style.width = `${Math.max(0, Math.min(1, score)) * 100}%`;
  full.style.background = colorOf(id);
  return make("span", { class: "meter", "aria-hidden": "true" }, full);
}

/** Marks the row that was pressed. */
export function pressRow(list, chosen) {
  [...list.querySelectorAll("button")].forEach((button, index) => {
    button.setAttribute("aria-pressed", String(index === chosen));
  });
}

/** The stacked bar and its figures. What the server did not account for is the way to it and back. */
export function showTimings({ bar, figures, total }, timings, roundTrip) {
  const counted = Object.values(timings).reduce((sum, value) => sum + value, 0);
  const parts = { ...timings, network: Math.max(0, roundTrip - counted) };
  const whole = Math.max(roundTrip, counted);
  const shown = STEPS.filter((step) => parts[step] !== undefined);
  total.textContent = figure(roundTrip);
  bar.replaceChildren(...shown.map((step) => {
    const part = make("span", { class: `part ${step}` });
    part.style.flexGrow = String(parts[step] / whole);
    return part;
  }));
  figures.replaceChildren(...shown.map((step) => make(
    "div", {}, make("dt", {}, make("span", { class: `swatch part ${step}` }), step), make("dd", {}, figure(parts[step])),
  )));
}

/** What went wrong, and the facts that the server gives with it. */
export function showError(place, { facts, status, message }) {
  const known = facts ?? { message };
  const title = make("p", { class: "message" }, sentence(known.message));
  const list = make("dl");
  for (const fact of FACTS.filter((name) => known[name])) list.append(make("dt", {}, fact), make("dd", {}, known[fact]));
  const code = [status, known.code].filter(Boolean).join(" ");
  place.replaceChildren(title, list, ...(code ? [make("p", { class: "hint" }, code)] : []));
  place.hidden = false;
}

/** The same request for a shell. A key is never written out. */
export function curlOf(url, { type, name }, needsKey) {
  const keys = needsKey ? ['-H "X-API-Key: $KEY"', '-H "x-functions-key: $KEY"'] : [];
  const lines = [`curl ${quote(url)}`, ...keys, `-H ${quote(`Content-Type: ${type}`)}`, `--data-binary ${quote(`@${name}`)}`];
  return lines.join(" \\\n  ");
}

/** Milliseconds for people. */
export function figure(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

const percent = (score) => `${(score * 100).toFixed(score < 0.1 ? 1 : 0)} %`;
const shortly = (value) => Math.round(value);
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
