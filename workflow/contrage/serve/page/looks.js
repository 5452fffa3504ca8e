// Where the model looks: what each region, or feature, adds to the prediction, as bars.

import { drawn, element } from "./element.js";

const MOST = 12; // bars of a method
const LINE = 22, WIDTH = 560, NAMES = 190, NUMBERS = 64;

export function looks(model, found) {
  const { why, mean, unit } = model.looks;
  const title = element("h4", {}, "Where it looks");
  if (why !== null) return element("div", {}, title, element("p", { class: "soft" }, `Not shown: ${why}.`));
  if (!found.looks.length) return null;
  const { word } = model.target;
  const what = `What makes this prediction differ from that of ${mean}. It says what the model uses, not what ${word} changes.`;
  return element("div", { class: "looks" }, title, element("p", { class: "soft" }, what), ...found.looks.map((look) => bars(look, unit)));
}

function bars(look, unit) {
  const every = Object.entries(look.regions);
  const shown = every.slice(0, MOST);
  const most = Math.max(...shown.map(([, adds]) => Math.abs(adds))) || 1;
  const middle = NAMES + (WIDTH - NAMES) / 2;
  const reach = (WIDTH - NAMES) / 2 - NUMBERS;
  const name = look.method.replaceAll("_", " ");
  const height = LINE * shown.length + 6;
  const said = shown.map(([region, adds]) => `${region} ${signed(adds)}`).join(", ");
  const picture = drawn("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": `What regions add by ${name}, in ${unit || "the target's unit"}: ${said}.` },
    ...shown.flatMap(([region, adds], at) => {
      const length = (Math.abs(adds) / most) * reach;
      const y = LINE * at + 3;
      const end = adds < 0 ? middle - length : middle + length;
      return [
        drawn("text", { x: NAMES - 8, y: y + 14, "text-anchor": "end" }, drawn("title", {}, region), short(region)),
        drawn("rect", { x: Math.min(middle, end), width: length, y: y + 2, height: LINE - 6, class: adds < 0 ? "lowers" : "raises" }),
        drawn("text", { x: adds < 0 ? end - 4 : end + 4, y: y + 14, "text-anchor": adds < 0 ? "end" : "start" }, signed(adds)),
      ];
    }),
    drawn("line", { x1: middle, x2: middle, y1: 0, y2: height, stroke: "#94a3b8" }));
  const rest = every.length > shown.length ? ` The ${shown.length} that add most, of ${every.length}.` : "";
  const all = every.reduce((sum, [, adds]) => sum + adds, 0);
  const ends = look.method === "integrated_gradients" ? `; all of them come to ${signed(all)}` : "; each is replaced alone, so that they need not add up to it";
  const caption = `By ${name}: the prediction is ${signed(look.above)} ${unit} from that of the mean${ends}.${rest}`;
  return element("figure", {}, picture, element("figcaption", {}, caption));
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value) >= 100 ? Math.abs(value).toFixed(0) : Math.abs(value).toPrecision(2)}`;

const short = (text) => (text.length > 28 ? `${text.slice(0, 27)}…` : text);
