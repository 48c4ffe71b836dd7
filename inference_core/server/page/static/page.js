// The page: a model, a picture, limits; and what the model sees in the picture.

import { listenForPictures } from "./arrivals.js";
import { ask, forgetKey, heldKey } from "./door.js";
import { draw, makeMasks } from "./drawing.js";
import { askForKey } from "./key.js";
import { curlOf, listPredictions, pressRow, sentenceOf, showError, showTimings } from "./views.js";

const SETTLED = 250; // milliseconds after the last movement of a limit, before the server is asked again
const at = (id) => document.getElementById(id);

/**
 * What is shown. `confidence` and `most` are null while the model's own limits hold. `taken` is the file that was
 * given, `picture` what the browser makes of it (null where it cannot), `published` a picture that the model made.
 */
const state = {
  models: [], model: null, skeleton: [],
  confidence: null, most: null, usualConfidence: 0,
  taken: null, picture: null, published: null,
  answer: null, masks: null, pinned: null, hovered: null,
};
let running = new AbortController();
let waiting = 0;

async function start() {
  listen();
  try {
    ({ models: state.models } = await ask("models", {}, askForKey));
    at("model").replaceChildren(...state.models.map(optionOf));
    const usable = state.models.findIndex((model) => model.state !== "failed");
    at("model").disabled = usable < 0;
    if (usable < 0) throw new Error("this server has no model that can be used");
    at("model").value = usable;
    await chooseModel();
  } catch (error) {
    fail(error);
  }
}

function optionOf({ name, version, state: condition }, index) {
  const text = isAlone(name) ? name : `${name} ${version}`;
  const option = new Option(condition === "failed" ? `${text} (failed)` : text, index);
  option.disabled = condition === "failed";
  return option;
}

const isAlone = (name) => state.models.filter((model) => model.name === name).length === 1;

/** Where to ask `what` of the chosen model; the version is named where there are several. */
function pathOf(what, query = {}) {
  const { name, version } = state.model;
  const asked = new URLSearchParams(isAlone(name) ? query : { version, ...query });
  return `models/${encodeURIComponent(name)}/${what}?${asked}`.replace(/\?$/, "");
}

async function chooseModel() {
  const model = state.models[at("model").value];
  state.model = model;
  at("about").textContent = [model.task.replaceAll("_", " "), model.architecture, `version ${model.version}`].join(" · ");
  const config = await ask(pathOf("config"), {}, askForKey);
  if (state.model !== model) return;
  state.skeleton = config.skeleton ?? [];
  const packed = config.postprocess.find((step) => step.op === "score")?.min ?? 0;
  state.usualConfidence = config.confidence ?? packed;
  holdUsualLimits();
  await predict();
}

function holdUsualLimits() {
  Object.assign(state, { confidence: null, most: null });
  at("confidence").value = state.usualConfidence;
  at("most").value = "";
  showLimits();
}

function showLimits() {
  const { confidence, most, usualConfidence } = state;
  at("confidence-text").textContent = confidence === null ? `${percent(usualConfidence)}, as packed` : percent(confidence);
  at("packed").disabled = confidence === null && most === null;
}

const percent = (score) => `${Math.round(score * 100)} %`;

function changeLimits() {
  const { valueAsNumber: most } = at("most");
  state.most = Number.isInteger(most) && most >= 1 ? most : null;
  showLimits();
  // What is suppressed depends on the least score, so a changed limit is a question of its own.
  clearTimeout(waiting);
  waiting = setTimeout(predict, SETTLED);
}

async function take(file) {
  running.abort();
  state.taken = { file, name: file.name, type: file.type || "application/octet-stream" };
  forgetAnswer();
  const picture = await createImageBitmap(file).catch(() => null); // upright, as the server turns it
  if (state.taken.file !== file) return;
  state.picture?.close();
  state.picture = picture;
  const { name } = file;
  const { width, height } = picture ?? {};
  at("picture").textContent = width ? `${name} · ${width} × ${height}` : `${name} · this browser cannot show it`;
  redraw();
  await predict();
}

function forgetAnswer() {
  state.published?.close();
  Object.assign(state, { answer: null, masks: null, published: null, pinned: null, hovered: null });
  for (const id of ["predictions", "time", "compare", "save"]) at(id).hidden = true;
}

async function predict() {
  clearTimeout(waiting);
  if (!state.taken || !state.model) return;
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const path = pathOf("predict", limitsOf(state));
  busy(true);
  try {
    const { file, type } = state.taken;
    const options = { method: "POST", body: file, headers: { "Content-Type": type }, signal };
    let began = performance.now();
    const asked = (message) => askForKey(message).finally(() => { began = performance.now(); });
    const answer = await ask(path, options, asked);
    await show(answer, performance.now() - began, signal);
  } catch (error) {
    if (signal.aborted) return;
    forgetAnswer();
    redraw();
    fail(error);
  } finally {
    if (running.signal === signal) busy(false);
    showRequest(path);
  }
}

function limitsOf({ confidence, most }) {
  return {
    ...(confidence !== null && { confidence: confidence.toFixed(2) }),
    ...(most !== null && { max_predictions: most }),
  };
}

async function show(answer, roundTrip, signal) {
  const made = answer.predictions.find((prediction) => typeof prediction.image === "string")?.image;
  const published = made ? await createImageBitmap(blobOf(made)) : null;
  if (signal.aborted) return;
  forgetAnswer();
  Object.assign(state, { answer, published, masks: makeMasks(answer) });
  at("error").hidden = true;
  at("status").textContent = sentenceOf(answer, roundTrip);
  listPredictions(at("predictions"), answer.predictions, point);
  at("time").hidden = false;
  showTimings({ bar: at("bar"), figures: at("timings"), total: at("round-trip") }, answer.timings_ms, roundTrip);
  at("raw").textContent = JSON.stringify(answer, null, 2);
  offerPublished(made);
  redraw();
}

const blobOf = (base64) => new Blob([Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))], { type: "image/png" });

function offerPublished(made) {
  at("compare").hidden = at("save").hidden = !made;
  at("original").checked = false;
  if (!made) return;
  at("save").href = `data:image/png;base64,${made}`;
  at("save").download = `${state.taken.name.replace(/\.[^.]*$/, "")}-result.png`;
}

function showRequest(path) {
  at("details").hidden = false;
  at("curl").textContent = curlOf(new URL(path, document.baseURI).href, state.taken, heldKey() !== null);
  at("forget").hidden = heldKey() === null;
}

function point(index, lasting) {
  if (lasting) state.pinned = state.pinned === index ? null : index;
  else state.hovered = index;
  pressRow(at("predictions"), state.pinned);
  redraw();
}

function redraw() {
  const { picture, published, answer, masks, skeleton, pinned, hovered } = state;
  at("view").hidden = !picture && !answer;
  at("empty").hidden = !at("view").hidden;
  if (at("view").hidden) return;
  const shown = published && !at("original").checked ? published : picture;
  const room = { width: at("view").clientWidth, height: Math.max(240, window.innerHeight * 0.68) };
  draw(at("canvas"), room, { picture: shown, answer, masks, skeleton, chosen: hovered ?? pinned });
  at("canvas").setAttribute("aria-label", answer ? `The picture with ${answer.predictions.length} predictions` : "The picture");
}

function busy(is) {
  at("progress").hidden = !is;
  at("results").setAttribute("aria-busy", String(is));
  if (is && !state.answer) at("status").textContent = "Looking…";
}

function fail(error) {
  at("status").textContent = "";
  at("raw").textContent = JSON.stringify({ error: error.facts ?? { message: error.message } }, null, 2);
  showError(at("error"), error);
}

async function copy(button) {
  const source = at(button.dataset.copies);
  if (navigator.clipboard) await navigator.clipboard.writeText(source.textContent);
  else { // no clipboard without https: the text is selected instead, one keystroke from being copied
    window.getSelection().selectAllChildren(source);
    return;
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

function listen() {
  at("model").addEventListener("change", () => chooseModel().catch(fail));
  at("confidence").addEventListener("input", () => {
    state.confidence = at("confidence").valueAsNumber;
    changeLimits();
  });
  at("most").addEventListener("input", changeLimits);
  at("packed").addEventListener("click", () => { holdUsualLimits(); predict(); });
  at("original").addEventListener("change", redraw);
  at("forget").addEventListener("click", () => { forgetKey(); at("forget").hidden = true; });
  listenForPictures([at("file"), at("photo")], at("stage"), take);
  for (const button of document.querySelectorAll("[data-copies]")) button.addEventListener("click", () => copy(button));
  new ResizeObserver(redraw).observe(at("view"));
}

start();
