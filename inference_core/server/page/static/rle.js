// Masks as the COCO API writes them: run lengths in column order, alternately outside and inside, packed into text.

/** The run lengths of a compressed string. Each is written in groups of five bits; from the fourth on, as a difference. */
export function readRuns(counts) {
  const runs = [];
  for (let at = 0; at < counts.length; ) {
    let value = 0;
    let shift = 0;
    let group;
    do {
      group = counts.charCodeAt(at++) - 48;
      value |= (group & 0x1f) << shift;
      shift += 5;
    } while (group & 0x20);
    if (group & 0x10 && shift < 32) value |= -1 << shift;
    runs.push(runs.length > 2 ? value + runs[runs.length - 2] : value);
  }
  return runs;
}

/** The mask, made `scale` times as large: bytes of 0 or 1 in row order, with its width and height. */
export function readMask({ size: [height, width], counts }, scale = 1) {
  const wide = Math.max(1, Math.round(width * scale));
  const high = Math.max(1, Math.round(height * scale));
  const inside = new Uint8Array(wide * high);
  const toX = wide / width;
  const toY = high / height;
  let at = 0;
  readRuns(counts).forEach((length, index) => {
    const end = at + length;
    while (index % 2 === 1 && at < end) {
      const x = Math.floor(at / height);
      const bottom = Math.min(end, (x + 1) * height);
      const top = at - x * height;
      fill(inside, wide, [x * toX, (x + 1) * toX], [top * toY, (bottom - x * height) * toY]);
      at = bottom;
    }
    at = end;
  });
  return { inside, width: wide, height: high };
}

/** Fills every pixel whose centre lies between the two columns and the two rows. */
function fill(inside, wide, [left, right], [top, bottom]) {
  for (let x = Math.ceil(left - 0.5); x < right - 0.5; x++) {
    for (let y = Math.ceil(top - 0.5); y < bottom - 0.5; y++) inside[y * wide + x] = 1;
  }
}
