// The images of a scan in NiiVue. A browser shows few WebGL pictures at a time, so one card has it.

import { element } from "./element.js";

const EDGE = [255, 64, 64];
// Of where the model looks: from dark to bright, as the legend of page.css has them.
const LOWERS = { R: [10, 40, 110], G: [40, 110, 200], B: [120, 230, 255] };
const RAISES = { R: [110, 225, 255], G: [20, 70, 200], B: [10, 20, 90] };
const FAINT = 0.1; // of the largest value: what is smaller is not drawn
const AXES = [["left – right", 0], ["back – front", 1], ["bottom – top", 2]];
let loading = null;
let open = null; // the card's box that has the viewer, and what closes it

function library() {
  loading ||= new Promise((done, failed) => {
    const script = element("script", { src: "niivue.js" });
    script.addEventListener("load", () => done(window.niivue));
    script.addEventListener("error", () => failed(new Error("NiiVue could not be loaded")));
    document.head.append(script);
  });
  return loading;
}

const hasWebGl = () => Boolean(document.createElement("canvas").getContext("webgl2"));

export function imagesOf(scan, model, isNewest) {
  const box = element("div", { class: "images" });
  const volumes = scan.views.filter(({ name }) => name !== "picture");
  const picture = scan.views.find(({ name }) => name === "picture");
  if (volumes.length && hasWebGl()) {
    const of = { box, scan, volumes, unit: model.looks.unit };
    if (isNewest) show(of, volumes[0]);
    else fold(of);
  } else if (picture) {
    box.append(element("img", { class: "picture", src: picture.file, alt: `Slices of ${scan.name} on the template, with the outline of the brain mask` }));
  }
  return box;
}

export function forget(box) {
  if (open && open.box === box) close();
}

function close() {
  const { niivue, box, fold: closed } = open;
  open = null;
  if (niivue) discard(niivue);
  if (box.isConnected) closed();
}

function discard(niivue) {
  niivue.cleanup();
  niivue.gl?.getExtension("WEBGL_lose_context")?.loseContext();
}

function fold(of) {
  of.box.replaceChildren(element("p", {}, element("button", { type: "button", onclick: () => show(of, of.volumes[0]) }, "Show the images")));
}

async function show(of, view) {
  const { box, scan, volumes, unit } = of;
  if (open) close();
  const mine = { box, niivue: null, fold: () => fold(of) };
  open = mine;
  const said = `${view.title}: ${scan.name} in three planes${view.outline ? ", the edge of the brain mask in red" : ""}${view.map ? ", red where it raises the prediction, blue where it lowers it" : ""}`;
  const canvas = element("canvas", { role: "img", "aria-label": said });
  const status = element("p", { class: "soft", role: "status" }, "Loading the image …");
  const sliders = element("div", { class: "slices" });
  const choose = volumes.map((each) => element("button", {
    type: "button", "aria-pressed": String(each === view), onclick: () => show(of, each),
  }, each.title));
  const outline = view.outline ? element("label", {}, element("input", { type: "checkbox", checked: true }), " outline of the skull strip") : null;
  box.replaceChildren(element("p", { class: "actions" }, ...choose, outline), element("div", { class: "viewer" }, canvas), sliders, status);
  try {
    const niivue = await filled(canvas, view);
    if (open !== mine) {
      discard(niivue); // another card was opened meanwhile
      return;
    }
    mine.niivue = niivue;
    sliders.append(...AXES.flatMap(([title, axis]) => slider(mine.niivue, title, axis)));
    outline?.querySelector("input").addEventListener("change", (event) => mine.niivue.setOpacity(1, event.target.checked ? 1 : 0));
    if (view.map) status.replaceChildren(legend(niivue.volumes[1].cal_max, unit));
    else status.textContent = view.label;
    box.dataset.shown = view.name;
  } catch (error) {
    if (open === mine) status.textContent = `The image cannot be shown: ${error.message}`;
  }
}

async function filled(canvas, view) {
  const { Niivue, SHOW_RENDER, SLICE_TYPE } = await library();
  const niivue = new Niivue({
    backColor: [0, 0, 0, 1], crosshairColor: [0.5, 0.75, 1, 0.8], crosshairWidth: 0.7, crosshairWidthUnit: "mm", dragAndDropEnabled: false,
    isResizeCanvas: true, loadingText: "", logLevel: "error", isColorbar: Boolean(view.label), multiplanarShowRender: SHOW_RENDER.NEVER, multiplanarPadPixels: 4, textHeight: 0.04,
    show3Dcrosshair: false,
  });
  await niivue.attachToCanvas(canvas);
  const limits = view.highest === null ? {} : { cal_min: 0, cal_max: view.highest };
  const volumes = [{ url: view.file, name: view.file.split("/").pop(), colormap: view.colours, ...limits }];
  if (view.outline) volumes.push({ url: view.outline, name: "outline.nii.gz", colormap: edge(niivue), cal_min: 0, cal_max: 1, opacity: 1, colorbarVisible: false });
  if (view.map) volumes.push({ url: view.map, name: "map.nii.gz", colormap: ramp(niivue, "raises", RAISES), colormapNegative: ramp(niivue, "lowers", LOWERS), opacity: 1, colorbarVisible: false });
  await niivue.loadVolumes(volumes);
  if (view.map) bound(niivue);
  niivue.setInterpolation(true);
  niivue.setSliceType(SLICE_TYPE.MULTIPLANAR);
  return niivue;
}

function bound(niivue) {
  const map = niivue.volumes[1];
  map.cal_max = Math.max(Math.abs(map.global_min), Math.abs(map.global_max)) || 1;
  map.cal_min = FAINT * map.cal_max;
  niivue.updateGLVolume();
}

function ramp(niivue, name, colours) {
  niivue.addColormap(name, { ...colours, A: [0, 190, 230], I: [0, 128, 255] });
  return name;
}

function legend(most, unit) {
  const end = `${most.toPrecision(2)} ${unit}`.trim();
  return element("span", { class: "legend" },
    element("span", {}, `lowers it, −${end} a voxel`), element("span", { class: "lowers" }), element("span", { class: "raises" }), element("span", {}, `raises it, +${end}`));
}

function edge(niivue) {
  niivue.addColormap("edge", { R: [EDGE[0], EDGE[0]], G: [EDGE[1], EDGE[1]], B: [EDGE[2], EDGE[2]], A: [0, 255], I: [0, 255] });
  return "edge";
}

function slider(niivue, title, axis) {
  const input = element("input", {
    type: "range", min: 0, max: 1, step: 0.005, value: niivue.scene.crosshairPos[axis], "aria-label": `Slice, ${title}`,
    oninput: () => {
      const place = [...niivue.scene.crosshairPos];
      place[axis] = Number(input.value);
      niivue.scene.crosshairPos = place;
      niivue.drawScene();
    },
  });
  return [element("span", { "aria-hidden": "true" }, title), input];
}
