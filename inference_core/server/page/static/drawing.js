// Draws a picture and what was found in it. Coordinates of an answer are pixels of the upright picture.

import { readMask } from "./rle.js";

const WIDEST_MASK = 1280;
const ROOMY = 12; // predictions; among more, labels are smaller, and names alone
const SURE_KEYPOINT = 0.3;
const painted = new Map();

/** The colour of a class: neighbours differ by the golden angle, so that no two of few look alike. */
export function colorOf(classId, alpha = 1) {
  const hue = (172 + (classId ?? 0) * 137.508) % 360;
  return `hsl(${hue.toFixed(1)} 72% 46% / ${alpha})`;
}

/** All masks of an answer as one picture, or null where there are none. Made once for each answer. */
export function makeMasks(answer) {
  const masked = answer.predictions.filter((prediction) => prediction.mask?.counts !== undefined);
  if (!masked.length) return null;
  const { width, height } = answer.image;
  const scale = Math.min(1, WIDEST_MASK / Math.max(width, height));
  const layer = document.createElement("canvas");
  layer.width = Math.max(1, Math.round(width * scale));
  layer.height = Math.max(1, Math.round(height * scale));
  const context = layer.getContext("2d");
  const stencil = document.createElement("canvas");
  for (const prediction of masked.reverse()) {
    fillStencil(stencil, readMask(prediction.mask, scale), colorOf(prediction.class_id));
    context.drawImage(stencil, 0, 0, layer.width, layer.height);
  }
  return layer;
}

function fillStencil(stencil, { inside, width, height }, color) {
  stencil.width = width;
  stencil.height = height;
  const context = stencil.getContext("2d");
  const [red, green, blue] = channels(color);
  const pixels = context.createImageData(width, height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (!inside[at]) continue;
      const within = x > 0 && y > 0 && x < width - 1 && y < height - 1
        && inside[at - 1] && inside[at + 1] && inside[at - width] && inside[at + width];
      pixels.data[at * 4] = red;
      pixels.data[at * 4 + 1] = green;
      pixels.data[at * 4 + 2] = blue;
      pixels.data[at * 4 + 3] = within ? 105 : 255;
    }
  }
  context.putImageData(pixels, 0, 0);
}

/** Red, green and blue of a colour as the browser paints it. */
function channels(color) {
  if (!painted.has(color)) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const context = canvas.getContext("2d");
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    painted.set(color, context.getImageData(0, 0, 1, 1).data);
  }
  return painted.get(color);
}

/** Fits the canvas into `room` (CSS pixels) and draws: the picture where the browser can show it, then what was found. */
export function draw(canvas, room, { picture, answer, masks, skeleton, chosen }) {
  const size = answer?.image ?? picture ?? { width: 4, height: 3 };
  const scale = Math.min(room.width / size.width, room.height / size.height);
  const density = window.devicePixelRatio || 1;
  canvas.style.width = `${Math.max(1, size.width * scale)}px`;
  canvas.style.height = `${Math.max(1, size.height * scale)}px`;
  canvas.width = Math.max(1, Math.round(size.width * scale * density));
  canvas.height = Math.max(1, Math.round(size.height * scale * density));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.imageSmoothingEnabled = canvas.width < (picture?.width ?? 0) * 4;
  if (picture) context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  if (!answer) return;
  if (masks) context.drawImage(masks, 0, 0, canvas.width, canvas.height);
  const pen = new Pen(context, canvas.width / size.width, canvas.height / size.height, density, skeleton);
  const drawn = answer.predictions.map((prediction, index) => [prediction, index]).reverse();
  for (const [prediction, index] of drawn) {
    const faded = chosen !== null && chosen !== index;
    pen.outline(prediction, faded, chosen === index);
  }
  const named = chosen === null ? answer.predictions : [answer.predictions[chosen]];
  for (const prediction of named) pen.label(prediction, named.length <= ROOMY);
}

class Pen {
  constructor(context, toX, toY, density, skeleton) {
    Object.assign(this, { context, toX, toY, density, skeleton, labels: [] });
  }

  outline({ box, keypoints, class_id: id }, faded, strong) {
    const { context, density } = this;
    context.save();
    context.globalAlpha = faded ? 0.25 : 1;
    context.strokeStyle = context.fillStyle = colorOf(id);
    context.lineWidth = (strong ? 3.5 : 2) * density;
    context.lineJoin = "round";
    if (box) {
      const [x, y, width, height] = this.#place(box);
      context.strokeRect(x, y, width, height);
      if (strong) {
        context.fillStyle = colorOf(id, 0.18);
        context.fillRect(x, y, width, height);
      }
    }
    if (keypoints) this.#skeleton(keypoints);
    context.restore();
  }

  #skeleton(keypoints) {
    const { context, density } = this;
    const seen = (point) => point?.[2] >= SURE_KEYPOINT;
    for (const pair of this.skeleton) {
      const [from, to] = pair.map((index) => keypoints[index]);
      if (!seen(from) || !seen(to)) continue;
      context.beginPath();
      context.moveTo(from[0] * this.toX, from[1] * this.toY);
      context.lineTo(to[0] * this.toX, to[1] * this.toY);
      context.stroke();
    }
    for (const [x, y] of keypoints.filter(seen)) {
      context.beginPath();
      context.arc(x * this.toX, y * this.toY, 4 * density, 0, 2 * Math.PI);
      context.fillStyle = "#fff";
      context.fill();
      context.stroke();
    }
  }

  /** Above what it names, or below where that is taken; left out where both are: the list has it. */
  label({ box, keypoints, label, score, class_id: id }, roomy) {
    const area = box ?? (keypoints && extentOf(keypoints));
    if (!area || label === undefined) return;
    const { context, density } = this;
    const text = roomy && score !== undefined ? `${label} ${Math.round(score * 100)} %` : label;
    const high = (roomy ? 17 : 14) * density;
    context.font = `600 ${high * 0.68}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    const width = context.measureText(text).width + 9 * density;
    const place = this.#free(area, width, high);
    if (!place) return;
    this.labels.push(place);
    const color = colorOf(id);
    const [red, green, blue] = channels(color);
    context.fillStyle = color;
    context.beginPath();
    context.roundRect(place.x, place.y, width, high, 3 * density);
    context.fill();
    context.fillStyle = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#111" : "#fff";
    context.fillText(text, place.x + 4.5 * density, place.y + high / 2 + density * 0.5);
  }

  #free(area, width, height) {
    const { canvas } = this.context;
    const [left, top, wide, high] = this.#place(area);
    const x = Math.max(0, Math.min(left - this.density, canvas.width - width));
    const rows = [top - height, top + high, top].map((y) => Math.max(0, Math.min(y, canvas.height - height)));
    const places = rows.map((y) => ({ x, y, width, height }));
    return places.find((place) => !this.labels.some((other) => overlap(place, other)));
  }

  #place([x1, y1, x2, y2]) {
    return [x1 * this.toX, y1 * this.toY, (x2 - x1) * this.toX, (y2 - y1) * this.toY];
  }
}

const overlap = (one, other) => one.x < other.x + other.width && other.x < one.x + one.width
  && one.y < other.y + other.height && other.y < one.y + one.height;

/** The box around the points that are sure. */
function extentOf(keypoints) {
  const sure = keypoints.filter(([, , score]) => score >= SURE_KEYPOINT);
  if (!sure.length) return null;
  const [xs, ys] = [0, 1].map((axis) => sure.map((point) => point[axis]));
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
