// Images in NiiVue, for the pages of an experiment and of a cohort. NiiVue lies in the page as
// text and is started when an image is asked for: most readers of a page never do.
"use strict";
const Brains = (() => {
  const AXES = [["left – right", 0], ["back – front", 1], ["bottom – top", 2]];
  const LOOK = {
    backColor: [0, 0, 0, 1], crosshairColor: [0.5, 0.75, 1, 0.8], crosshairWidth: 0.7, crosshairWidthUnit: "mm",
    dragAndDropEnabled: false, isResizeCanvas: true, loadingText: "", logLevel: "error", isColorbar: true,
    multiplanarPadPixels: 4, textHeight: 0.04, show3Dcrosshair: false,
  };

  const element = (name, attributes = {}, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else made.setAttribute(key, value);
    }
    made.append(...inside);
    return made;
  };

  const library = () => {
    if (!window.niivue) {
      const text = document.getElementById("niivue-source").textContent;
      document.head.append(element("script", {}, text));
    }
    return window.niivue;
  };

  const canDraw = () => {
    const found = document.createElement("canvas").getContext("webgl2");
    found?.getExtension("WEBGL_lose_context")?.loseContext();
    return Boolean(found);
  };

  // Beside the canvas: a range for each axis, so that keys move the planes.
  const slider = (view, title, axis) => element("input", {
    type: "range", min: 0, max: 1, step: 0.005, "aria-label": `Slice, ${title}`,
    oninput: (event) => {
      const place = [...view.scene.crosshairPos];
      place[axis] = Number(event.target.value);
      view.scene.crosshairPos = place;
      view.drawScene();
      view.createOnLocationChange();
    },
  });

  // Returns a view of the template, onto which layers are put one at a time.
  const start = async (canvas, sliders, template, told) => {
    const { Niivue, NVImage, SHOW_RENDER, SLICE_TYPE } = library();
    const view = new Niivue({ ...LOOK, multiplanarShowRender: SHOW_RENDER.NEVER });
    // A page is scrolled across its pictures; planes are moved by the ranges, or by dragging.
    canvas.parentElement.addEventListener("wheel", (event) => event.stopPropagation(), { capture: true, passive: true });
    await view.attachToCanvas(canvas);
    const under = await NVImage.loadFromBase64({ base64: template, name: "template.nii.gz", colormap: "gray", cal_min: 0, cal_max: 280, colorbarVisible: false });
    view.addVolume(under);
    view.setInterpolation(true);
    view.setSliceType(SLICE_TYPE.MULTIPLANAR);
    const ranges = AXES.map(([title, axis]) => slider(view, title, axis));
    sliders.replaceChildren(...AXES.flatMap(([title], at) => [element("span", { "aria-hidden": "true" }, title), ranges[at]]));
    view.onLocationChange = (found) => {
      AXES.forEach(([, axis]) => { ranges[axis].value = view.scene.crosshairPos[axis]; });
      told(found);
    };
    return view;
  };

  const layers = (view) => view.volumes.slice(1);

  const clear = (view) => {
    for (const each of layers(view)) view.removeVolume(each);
  };

  const put = (view, image) => {
    view.addVolume(image);
    view.createOnLocationChange();
  };

  const place = (found) => ["x", "y", "z"].map((name, at) => `${name} ${Math.round(found.mm[at])}`).join(", ").replaceAll("-", "−");

  // Where a scan's file lies, of a pattern with {folder} and {scan}.
  const fileOf = (pattern, scan) => pattern.replaceAll("{scan}", scan).replaceAll("{folder}", scan.replace("_ses-", "/ses-"));

  return { fileOf, element, library, canDraw, start, layers, clear, put, place };
})();
