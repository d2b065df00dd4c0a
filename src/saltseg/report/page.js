"use strict";

// Larger than a tile is shown, so that its outlines stay sharp.
const SCALE = 4;
const TRUTH = "#ffb000";
const PREDICTION = "#1f9bcf";
// The same colours as red, green, blue and opacity, of 255.
const MISSED = [255, 176, 0, 115];
const FALSE_ALARM = [31, 155, 207, 115];
// Of a mask, beside 0; as in saltseg.tiles.masks.
const SALT = 1;
const UNLABELLED = 255;
const data = JSON.parse(document.getElementById("data").textContent);
const slider = document.getElementById("threshold");

function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Scores of a prediction as in saltseg.scoring.scores: empty against empty is 1. */
function scores(mask, salt) {
  let both = 0;
  let either = 0;
  for (let i = 0; i < mask.length; i += 1) {
    if (mask[i] === UNLABELLED) continue;
    both += mask[i] && salt[i] ? 1 : 0;
    either += mask[i] || salt[i] ? 1 : 0;
  }
  const iou = either ? both / either : 1;
  const hits = data.iouThresholds.filter((threshold) => iou > threshold).length;
  return { iou, mapIou: hits / data.iouThresholds.length };
}

/** A tile's grey levels at their own size, made once: every move of the slider draws them. */
function greyTile(tile, values) {
  const pixels = new ImageData(tile.width, tile.height);
  const words = new Uint32Array(pixels.data.buffer);
  values.forEach((value, i) => { words[i] = 0xff000000 | (value * 0x010101); });
  return smallCanvas(tile, pixels);
}

function smallCanvas(tile, pixels) {
  const small = document.createElement("canvas");
  small.width = tile.width;
  small.height = tile.height;
  small.getContext("2d").putImageData(pixels, 0, 0);
  return small;
}

function drawPixels(context, tile, small) {
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, tile.width * SCALE, tile.height * SCALE);
}

/** Fill what the prediction gets wrong. */
function drawErrors(context, tile, mask, salt) {
  const pixels = new ImageData(tile.width, tile.height);
  mask.forEach((truth, i) => {
    if (truth !== UNLABELLED && (truth === SALT) !== (salt[i] > 0)) {
      pixels.data.set(salt[i] ? FALSE_ALARM : MISSED, 4 * i);
    }
  });
  drawPixels(context, tile, smallCanvas(tile, pixels));
}

/** Draw the edges between pixels inside and outside of a mask, where both are known. */
function drawOutline(context, tile, mask, colour) {
  const { width, height } = tile;
  const at = (x, y) => (x >= 0 && y >= 0 && x < width && y < height ? mask[y * width + x] : 0);
  const differ = (one, other) => one !== other && one !== UNLABELLED && other !== UNLABELLED;
  context.beginPath();
  for (let y = 0; y <= height; y += 1) {
    for (let x = 0; x <= width; x += 1) {
      const here = at(x, y);
      if (differ(here, at(x, y - 1))) {
        context.moveTo(x * SCALE, y * SCALE);
        context.lineTo((x + 1) * SCALE, y * SCALE);
      }
      if (differ(here, at(x - 1, y))) {
        context.moveTo(x * SCALE, y * SCALE);
        context.lineTo(x * SCALE, (y + 1) * SCALE);
      }
    }
  }
  context.strokeStyle = colour;
  // Narrower than a pixel of the tile, whose tint must still be seen between two outlines.
  context.lineWidth = 0.75 * SCALE;
  context.stroke();
}

function addView(row, tile, title) {
  const figure = document.createElement("figure");
  figure.className = "view";
  const canvas = document.createElement("canvas");
  canvas.width = tile.width * SCALE;
  canvas.height = tile.height * SCALE;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${title}, tile ${tile.id}`);
  const caption = document.createElement("figcaption");
  const result = document.createElement("span");
  caption.append(title, result);
  figure.append(canvas, caption);
  row.append(figure);
  return { context: canvas.getContext("2d"), result };
}

function addTile(tile) {
  const box = document.createElement("article");
  box.className = "tile";
  const title = document.createElement("h3");
  const fold = document.createElement("span");
  fold.textContent = ` fold ${tile.fold}`;
  title.append(tile.id, fold);
  const row = document.createElement("div");
  row.className = "views";
  box.append(title, row);
  document.getElementById("tiles").append(box);

  const image = bytes(tile.image);
  const mask = bytes(tile.mask);
  const probabilities = tile.probabilities.map(bytes);
  const grey = greyTile(tile, image);
  const plain = addView(row, tile, "image");
  drawPixels(plain.context, tile, grey);
  const truth = addView(row, tile, "true mask");
  drawPixels(truth.context, tile, grey);
  drawOutline(truth.context, tile, mask, TRUTH);
  truth.result.textContent = mask.includes(SALT) ? "" : "no salt";
  const certainties = probabilities.map((values) => greyTile(tile, values));
  const views = data.labels.map((label) => addView(row, tile, label));

  return (threshold, below, errors) => {
    views.forEach(({ context, result }, place) => {
      const salt = probabilities[place].map((value) => (value / 255 > threshold ? 1 : 0));
      drawPixels(context, tile, below === "image" ? grey : certainties[place]);
      if (errors) drawErrors(context, tile, mask, salt);
      drawOutline(context, tile, mask, TRUTH);
      drawOutline(context, tile, salt, PREDICTION);
      const { iou, mapIou } = scores(mask, salt);
      result.textContent = `IoU ${iou.toFixed(3)}, map_iou ${mapIou.toFixed(2)}`;
    });
  };
}

if (slider) {
  const redraws = data.tiles.map(addTile);
  const redraw = () => {
    const below = document.querySelector("input[name=below]:checked").value;
    document.getElementById("threshold-value").textContent = Number(slider.value).toFixed(2);
    const errors = document.getElementById("errors").checked;
    redraws.forEach((draw) => draw(Number(slider.value), below, errors));
  };
  document.querySelector(".controls").addEventListener("input", redraw);
  redraw();
}
