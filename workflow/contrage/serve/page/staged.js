// Files that were chosen and not yet sent: what each is, the age where it is known, and the volume
// that the values are divided by where the model asks for one.

import { send } from "./asked.js";
import { element, many } from "./element.js";

const place = (id) => document.getElementById(id);
let model;
let staged = []; // {file, kind, known, volume}
let whenSent;

export function prepare(given, then) {
  model = given;
  whenSent = then;
  place("how").textContent = instructions();
  place("give").textContent = `Give a ${model.what === "table" ? "table" : "scan"}`;
  const { bounds } = model;
  place("bounds").textContent =
    `${model.endings.join(", ")}; at most ${bounds.file_mb} MB a file, ${bounds.files} files at once.`;
  listen();
}

function instructions() {
  const { target, images } = model;
  if (model.what === "table") {
    return `A table, a line per person, with the ${model.features} columns of features that this model takes; a column ${target.word} is read where there is one.`;
  }
  if (images.length < 2) return `Each file is a ${model.what === "array" ? "prepared array" : "scan"} of its own.`;
  const titles = images.map(([, title]) => title).join(" and a ");
  const names = images.map(([, , suffix]) => `sub-01_${suffix}.nii.gz`).join(", ");
  return `This model takes a ${titles} of each scan. Choose the files of one scan together and say which is which. Several scans at once are told apart by their names, as BIDS has them: ${names}.`;
}

function listen() {
  const drop = place("drop");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    stage(event.dataTransfer.files);
  });
  place("files").addEventListener("change", (event) => {
    stage(event.target.files);
    event.target.value = "";
  });
  place("clear").addEventListener("click", () => {
    staged = [];
    problem("");
    show();
    place("files").focus();
  });
  place("form").addEventListener("submit", (event) => {
    event.preventDefault();
    sendAll();
  });
}

function stage(files) {
  if (!files.length) return; // text was dropped, or a choice was called off
  problem("");
  for (const file of files) staged.push({ file, kind: kindOf(file.name), known: "", volume: "" });
  show();
  place("predict").focus();
}

function kindOf(name) {
  const found = model.images.find(([, , suffix]) => name.match(/^[^.]*/)[0].endsWith(`_${suffix}`));
  return found ? found[0] : "";
}

// As many files as a scan has images are one scan; more are told apart by their names.
const isOneScan = () => staged.length > 0 && model.images.length > 1 && staged.length <= model.images.length;
const isByName = () => model.images.length > 1 && staged.length > model.images.length;

function show() {
  place("staged").hidden = staged.length === 0;
  place("rows").replaceChildren(...staged.map(row), ...(isOneScan() ? [element("li", {}, age(staged[0]))] : []));
}

function row(entry) {
  const { name, size } = entry.file;
  const label = element("span", { class: "name" }, name, element("span", { class: "soft" }, ` ${sized(size)}`));
  const remove = element("button", { type: "button", "aria-label": `Leave out ${name}`, onclick: () => leaveOut(entry) }, "Leave out");
  const asked = isOneScan() ? choice(entry) : model.images.length > 1 || model.what === "table" ? null : age(entry);
  return element("li", {}, label, asked, model.volume ? volume(entry) : null, remove);
}

const sized = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function leaveOut(entry) {
  staged = staged.filter((each) => each !== entry);
  show();
  place(staged.length ? "predict" : "files").focus();
}

function age(entry) {
  const { title, unit, isBinary, positive, negative } = model.target;
  const words = isBinary ? `${title} (${negative} or ${positive}), if known` : `${title}${unit ? ` (${unit})` : ""}, if known`;
  return typed(entry, "known", words, isBinary ? "text" : "decimal");
}

// In the unit of the table that was learned from, which the model does not know.
const volume = (entry) => typed(entry, "volume", `Total intracranial volume (${model.volume})`, "decimal");

function typed(entry, key, words, inputmode) {
  const input = element("input", {
    type: "text", inputmode, autocomplete: "off", maxlength: 40, value: entry[key],
    oninput: (event) => { entry[key] = event.target.value; },
  });
  return element("label", {}, words, input);
}

function choice(entry) {
  const options = model.images.map(([name, title]) => element("option", { value: name, selected: name === entry.kind }, title));
  const first = element("option", { value: "", selected: !entry.kind }, "choose …");
  const select = element("select", { onchange: (event) => { entry.kind = event.target.value; } }, first, ...options);
  return element("label", {}, "is the", select);
}

export function problem(text) {
  place("problem").textContent = text;
  place("problem").hidden = !text;
}

// One drop is sent as one scan, or one file after another, so that none of them waits for all.
function parcels() {
  if (isOneScan()) return [{ files: staged, typed: staged[0] }];
  if (isByName()) return [{ files: staged.map(({ file }) => ({ file })), typed: {} }];
  return staged.map((entry) => ({ files: [{ file: entry.file }], typed: entry, entry }));
}

async function sendAll() {
  if (!staged.length) return;
  const wrong = refusal();
  if (wrong) {
    problem(wrong);
    return;
  }
  problem("");
  const button = place("predict");
  button.disabled = true;
  const reasons = [];
  const all = parcels();
  for (const [number, parcel] of all.entries()) {
    place("sending").textContent = `Sending ${parcel.files.map(({ file }) => file.name).join(", ")} (${number + 1} of ${all.length}) …`;
    try {
      await send(parcel.files, parcel.typed);
      staged = staged.filter((each) => (parcel.entry ? each !== parcel.entry : false));
      whenSent();
    } catch (error) {
      reasons.push(error.message);
    }
  }
  place("sending").textContent = "";
  button.disabled = false;
  show();
  problem(reasons.join("\n"));
}

function refusal() {
  const { bounds } = model;
  if (staged.length > bounds.files) return `${many(staged.length, "file")}, and at most ${bounds.files} are taken at once.`;
  const large = staged.find(({ file }) => file.size > bounds.file_mb * 1024 ** 2);
  if (large) return `${large.file.name}: is larger than ${bounds.file_mb} MB, the most that is taken here (--largest); contrage predict takes any size`;
  if (isOneScan() && staged.some(({ kind }) => !kind)) return "Say of each file which image it is.";
  return "";
}
