// Where a prediction lies among the people whom the model learned from: an SVG of binned numbers.

import { drawn, element } from "./element.js";

const HEIGHT = 210, LEFT = 40, RIGHT = 14, TOP = 46, BOTTOM = 46;
let width = 560; // of the drawing; less on a narrow page, so that its letters stay legible

export function plot(model, found) {
  width = Math.max(280, Math.min(560, window.innerWidth - 60));
  return model.target.isBinary ? probability(model, found) : among(model, found);
}

function among(model, found) {
  const { bins, people } = model.learned;
  const { word, title, unit, digits } = model.target;
  const numbers = [...bins.flatMap(([low, high]) => [low, high]), found.predicted, found.low, found.high, found.known];
  const there = numbers.filter((each) => each !== null);
  const [least, most] = [Math.min(...there), Math.max(...there)];
  const margin = (most - least) * 0.03 || 1;
  const across = scale(least - margin, most + margin, LEFT, width - RIGHT);
  const tallest = Math.max(...bins.map(density));
  const up = scale(0, tallest, HEIGHT - BOTTOM, TOP);
  const base = HEIGHT - BOTTOM;
  const bars = bins.map((bin) => drawn("rect", {
    x: across(bin[0]) + 0.5, width: Math.max(across(bin[1]) - across(bin[0]) - 1, 0.5),
    y: up(density(bin)), height: base - up(density(bin)), fill: "#cbd5e1",
  }, drawn("title", {}, `${bin[0]} to ${bin[1]}: ${bin[2]} people`)));
  const told = `${found.predicted.toFixed(digits)}`;
  const span = found.low === null ? "" : ` with the interval ${found.low.toFixed(digits)} to ${found.high.toFixed(digits)}`;
  const known = found.known === null ? "" : `; the true ${word} is ${found.known}`;
  const alt = `Histogram of the ${people} people whom the model learned from, by ${word}; the prediction is ${told} ${unit}${span}${known}.`;
  const picture = svg(alt,
    ...bars,
    found.low === null ? null : interval(across(found.low), across(found.high), base),
    mark(across(found.predicted), base, `predicted ${told}`, "strong", "#0b5c8f", 14, side(found)),
    found.known === null ? null : mark(across(found.known), base, `true ${word} ${found.known}`, "told", "#b45309", 30, -side(found), "5 3"),
    drawn("line", { x1: LEFT, x2: width - RIGHT, y1: base, y2: base, stroke: "#94a3b8" }),
    ...ticks(least, most, across, base),
    drawn("text", { x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, unit ? `${title} (${unit})` : title),
    drawn("text", { x: 12, y: (TOP + base) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(TOP + base) / 2})` }, isEven(bins) ? "people" : "people per width"),
  );
  const level = Math.round(found.level * 100);
  const band = found.low === null ? "" : `; the band is the ${level} % interval`;
  return figure(picture, `Bars: the ${people} people whom the model learned from, by ${word}. Line: the prediction${band}.`);
}

// Bins may have different widths: the area is the number of people.
const isEven = (bins) => new Set(bins.map(([low, high]) => high - low)).size === 1;
const density = ([low, high, people]) => people / (high - low || 1);

function probability(model, found) {
  const { word, positive, negative } = model.target;
  const across = scale(0, 1, LEFT, width - RIGHT);
  const base = HEIGHT - BOTTOM;
  const alt = `Probability of ${positive}: ${found.predicted.toFixed(3)}, on a scale from 0, ${negative}, to 1, ${positive}.`;
  const picture = svg(alt,
    drawn("line", { x1: LEFT, x2: width - RIGHT, y1: base, y2: base, stroke: "#94a3b8" }),
    mark(across(found.predicted), base, `predicted ${found.predicted.toFixed(3)}`, "strong", "#0b5c8f", 14, 0),
    ...[0, 0.5, 1].map((value) => tick(across(value), base, String(value))),
    drawn("text", { x: LEFT, y: HEIGHT - 8 }, String(negative)),
    drawn("text", { x: width - RIGHT, y: HEIGHT - 8, "text-anchor": "end" }, String(positive)),
  );
  return figure(picture, `The probability that ${word} is ${positive}.`);
}

const figure = (picture, caption) => element("figure", {}, picture, element("figcaption", {}, caption));

function svg(alt, ...children) {
  return drawn("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": alt }, ...children);
}

const scale = (low, high, from, to) => (value) => from + ((value - low) / (high - low || 1)) * (to - from);

function interval(low, high, base) {
  return drawn("rect", { x: low, width: high - low, y: TOP - 4, height: base - TOP + 4, fill: "#0b5c8f", "fill-opacity": 0.16 });
}

// On which side of its line a label stands, so that none lies on the other's line.
const side = (found) => (found.known === null ? 0 : found.known < found.predicted ? 1 : -1);

function mark(x, base, text, kind, colour, y, wish, dashes = null) {
  const place = x < width * 0.3 ? 1 : x > width * 0.7 ? -1 : wish;
  const anchor = ["end", "middle", "start"][place + 1];
  return drawn("g", {},
    drawn("line", { x1: x, x2: x, y1: place ? y - 9 : y + 4, y2: base, stroke: colour, "stroke-width": 2, "stroke-dasharray": dashes }),
    drawn("text", { x: x + 4 * place, y, class: kind, "text-anchor": anchor }, text));
}

function ticks(least, most, across, base) {
  const rough = (most - least) / 6 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const found = [];
  for (let value = Math.ceil(least / step) * step; value <= most + step * 1e-6; value += step) {
    found.push(tick(across(value), base, value.toFixed(digits)));
  }
  return found;
}

function tick(x, base, text) {
  return drawn("g", {},
    drawn("line", { x1: x, x2: x, y1: base, y2: base + 5, stroke: "#94a3b8" }),
    drawn("text", { x, y: base + 18, "text-anchor": "middle" }, text));
}
