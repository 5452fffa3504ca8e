// One scan: its steps while it is predicted, then what was found, or why nothing was.

import { remove } from "./asked.js";
import { element } from "./element.js";
import { looks } from "./looks.js";
import { plot } from "./plot.js";
import { forget, imagesOf } from "./viewer.js";

export class Card {
  constructor(scan, model, gone) {
    this.model = model;
    this.number = scan.number;
    this.steps = element("ol", { class: "steps", "aria-label": "Steps" });
    this.state = element("p", { class: "soft state" });
    this.found = element("div", { class: "found" });
    this.download = element("a", { class: "button", href: `scans/${scan.number}/prediction.json`, download: true, hidden: true }, "Download JSON");
    const away = element("button", { type: "button", "aria-label": `Remove ${scan.name}`, onclick: () => this.remove(gone) }, "Remove");
    const title = element("h3", { id: `scan-${scan.number}` }, scan.name);
    const files = element("p", { class: "soft" }, scan.files.join(", "));
    const top = element("div", { class: "top" }, element("div", {}, title, files, this.state), element("p", { class: "actions" }, this.download, away));
    this.node = element("article", { class: "scan", "aria-labelledby": `scan-${scan.number}` }, top, this.steps, this.found);
    this.last = "";
  }

  async remove(gone) {
    if (this.images) forget(this.images);
    try {
      await remove(this.number);
    } finally {
      gone(this);
    }
  }

  // Return a sentence where the scan has just been finished, for those who do not look.
  update(scan, isNewest) {
    const now = `${scan.state} ${scan.stage} ${scan.ahead}`;
    if (scan.state === "running") this.state.textContent = `${Math.round(scan.seconds)} s`;
    if (now === this.last) return "";
    this.last = now;
    this.node.dataset.state = scan.state;
    if (scan.state === "waiting") {
      this.state.textContent = scan.ahead ? `Waits: ${scan.ahead} before it.` : "Next in line.";
    }
    this.showSteps(scan);
    if (scan.state !== "done" && scan.state !== "refused") {
      if (scan.prediction) this.showNumber(scan.prediction); // what explains it takes longer
      return "";
    }
    this.steps.hidden = scan.state === "done" || scan.stage === null;
    this.state.textContent = `Took ${scan.seconds.toFixed(1)} s.`;
    this.download.hidden = scan.prediction === null;
    return scan.state === "done" ? this.showFound(scan, isNewest) : this.showRefused(scan);
  }

  showSteps(scan) {
    const at = this.model.stages.findIndex(([name]) => name === scan.stage);
    this.steps.replaceChildren(...this.model.stages.map(([, title], number) => {
      const kind = number < at || scan.state === "done" ? "past" : number > at ? null : scan.state === "refused" ? "stopped" : "now";
      const said = kind === "stopped" ? element("span", { class: "hidden" }, " (stopped here)") : null;
      return element("li", { class: kind, "aria-current": kind === "now" ? "step" : null }, title, said);
    }));
  }

  showRefused(scan) {
    const flags = scan.prediction?.flags || [];
    this.images = imagesOf(scan, this.model, false);
    this.found.replaceChildren(element("div", {}, element("p", { class: "note" }, element("b", {}, "No prediction. "), scan.refused), flagged(flags), this.images));
    return `${scan.name}: no prediction. ${scan.refused}`;
  }

  showNumber(prediction) {
    this.found.replaceChildren(element("div", {}, ...number(this.model, prediction).nodes, element("p", { class: "research" }, this.model.notice), facts(this.model, prediction), flagged(prediction.flags)));
  }

  showFound(scan, isNewest) {
    const { prediction } = scan;
    this.images = imagesOf(scan, this.model, isNewest);
    const words = number(this.model, prediction);
    const bars = plot(this.model, prediction);
    const hasImages = this.images.hasChildNodes();
    this.found.replaceChildren(
      element("div", {},
        ...words.nodes,
        element("p", { class: "research" }, this.model.notice),
        facts(this.model, prediction),
        hasImages ? bars : null,
        flagged(prediction.flags),
        looks(this.model, prediction),
        measured(prediction.quality)),
      element("div", {}, hasImages ? this.images : bars));
    return `${scan.name}: ${words.said}`;
  }
}

function number(model, found) {
  const { digits, unit, positive, word, isBinary } = model.target;
  if (isBinary) {
    const value = found.predicted.toFixed(3);
    return {
      nodes: [element("p", { class: "soft" }, `Probability that ${word} is ${positive}`), element("p", { class: "number" }, value)],
      said: `probability of ${positive} ${value}`,
    };
  }
  const value = found.predicted.toFixed(digits);
  const level = Math.round(found.level * 100);
  const span = found.low === null ? null : element("p", {}, `${level} % interval${found.interval === "site" ? " for people of new sites" : ""}: ${found.low.toFixed(digits)} to ${found.high.toFixed(digits)} ${unit}`);
  return {
    nodes: [element("p", { class: "soft" }, `Predicted ${word}`), element("p", { class: "number" }, value, " ", element("small", {}, unit)), span].filter(Boolean),
    said: `predicted ${word} ${value} ${unit}`,
  };
}

function facts(model, found) {
  const { digits, unit, word, isBinary, positive, negative } = model.target;
  const plain = (value) => `${value.toFixed(digits)} ${unit}`.trim();
  const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${plain(Math.abs(value))}`;
  const pairs = [];
  if (found.known !== null) pairs.push([`True ${word}`, isBinary ? String(found.known ? positive : negative) : `${found.known} ${unit}`]);
  if (found.gap !== null) pairs.push(["Gap, raw", `${signed(found.gap)} (predicted minus true)`]);
  if (found.corrected_gap !== null) pairs.push(["Gap, corrected", `${signed(found.corrected_gap)} (with the line of the people who were tested)`]);
  if (found.spread !== null) pairs.push(["Spread", isBinary ? found.spread.toFixed(3) : `${plain(found.spread)} (SD over ${model.networks} networks)`]);
  if (!pairs.length) return null;
  return element("dl", { class: "facts" }, ...pairs.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
}

function flagged(flags) {
  if (!flags.length) return null;
  return element("div", {}, element("h4", {}, "What to look at"), element("ul", { class: "flags" }, ...flags.map((each) => element("li", {}, each))));
}

function measured(quality) {
  const names = Object.keys(quality).filter((name) => quality[name] !== null);
  if (!names.length) return null;
  const pairs = names.flatMap((name) => [element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, String(Number(quality[name].toPrecision(4))))]);
  return element("details", {}, element("summary", {}, "What was measured of the scan"), element("dl", { class: "facts" }, ...pairs));
}
