// The page: the model, the files that are given, and the scans, asked for while any is not done.

import * as asked from "./asked.js";
import { Card } from "./card.js";
import { prepare, problem } from "./staged.js";

const place = (id) => document.getElementById(id);
const SOON = 400; // milliseconds between two looks
const cards = new Map();
let model;
let looking = false;
let again = false;

async function begin() {
  try {
    model = await asked.model();
  } catch (error) {
    problem(error.message);
    return;
  }
  describe();
  prepare(model, look);
  look();
}

function describe() {
  const { target, learned, tested, interval } = model;
  const unit = target.unit ? ` ${target.unit}` : "";
  place("kicker").textContent = `contrage · the row ${model.row} of ${model.experiment}`;
  place("title").textContent = `${target.title} from ${model.many}`;
  document.title = `${target.title} from ${model.many} · contrage`;
  const span = learned.low === null ? "" : ` aged ${learned.low} to ${learned.high}`.replace("aged", target.isAge ? "aged" : `with ${target.word}`);
  const error = target.isBinary
    ? `balanced accuracy ${tested.value.toFixed(3)}`
    : `mean absolute error ${tested.value.toFixed(2)}${unit}`;
  const covered = interval && ` ${interval}`;
  place("description").textContent =
    `Learned from ${learned.people} people${span}. On ${tested.people} people whom it had not seen: ${error}.${covered}`;
  place("card").textContent = model.card;
  place("card-of-model").hidden = false;
}

async function look() {
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  try {
    do {
      again = false;
      const { scans } = await asked.scans();
      show(scans);
      if (scans.some(({ state }) => state === "waiting" || state === "running")) {
        again = true;
        await new Promise((done) => setTimeout(done, SOON));
      }
    } while (again);
  } catch (error) {
    problem(error.message);
  } finally {
    looking = false;
  }
}

// Newest first; a card stays the same element, so that whoever reads or tabs in it is left there.
function show(scans) {
  const list = place("scans");
  place("results").hidden = scans.length === 0;
  const there = new Set(scans.map(({ number }) => number));
  for (const card of [...cards.values()]) if (!there.has(card.number)) drop(card);
  const news = [];
  const newest = scans.find(({ state }) => state === "done")?.number;
  for (const scan of [...scans].reverse()) {
    if (!cards.has(scan.number)) {
      const card = new Card(scan, model, (each) => { drop(each); look(); });
      cards.set(scan.number, card);
      list.prepend(card.node);
    }
    const said = cards.get(scan.number).update(scan, scan.number === newest);
    if (said) news.push(said);
  }
  if (news.length) place("news").textContent = news.join(" ");
}

function drop(card) {
  card.node.remove();
  cards.delete(card.number);
  if (!cards.size) place("results").hidden = true;
}

begin();
