// The images of the scan that is enlarged, on the template, with the outline of its brain mask.
// They are files beside the page, read when they are asked for.
"use strict";
(() => {
  const { element } = Brains;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("images").textContent);
  const [dialog, box, picture] = ["large", "large-brains", "large-picture"].map(byId);
  const canvas = element("canvas", { role: "img" });
  const sliders = element("div", { class: "slices" });
  const told = element("p", { class: "told" });
  const status = element("div", { class: "source", role: "status" });
  const viewer = element("div", { hidden: "" }, element("div", { class: "viewer" }, canvas), told, sliders);
  const outline = element("input", { type: "checkbox", checked: "" });
  const choices = [null, ...data.images];
  const buttons = choices.map((each) => element("button", { type: "button", "aria-pressed": String(!each), onclick: () => choose(each) }, each ? `${each.title} on the template` : "Picture"));
  let row = null;
  let image = null; // what is shown; null: the picture
  let view = null;

  const filesOf = () => [image.pattern, data.mask].map((pattern) => Brains.fileOf(pattern, row.dataset.scan));

  const read = (file) => new Promise((done, failed) => {
    const asked = new XMLHttpRequest(); // of file:// addresses, fetch reads none at all
    asked.open("GET", file);
    asked.responseType = "arraybuffer";
    asked.addEventListener("load", () => {
      if (asked.response?.byteLength && [0, 200].includes(asked.status)) done(asked.response);
      else failed(new Error(`${file} is not beside the page, or is empty`));
    });
    asked.addEventListener("error", () => failed(new Error("forbidden")));
    asked.send();
  });

  // Voxels of a mask that share a face with what is outside.
  const edgeOf = (mask) => {
    const [nx, ny, nz] = mask.hdr.dims.slice(1, 4);
    const edge = Brains.library().NVImage.zerosLike(mask, "uint8");
    for (let z = 0, at = 0; z < nz; z += 1) {
      for (let y = 0; y < ny; y += 1) {
        for (let x = 0; x < nx; x += 1, at += 1) {
          if (!mask.img[at]) continue;
          const rim = !x || !y || !z || x === nx - 1 || y === ny - 1 || z === nz - 1;
          const inside = !rim && [1, nx, nx * ny].every((by) => mask.img[at - by] && mask.img[at + by]);
          edge.img[at] = inside ? 0 : 1;
        }
      }
    }
    return edge;
  };

  const draw = async ([values, mask]) => {
    const asked = [row, image];
    viewer.hidden = false;
    view ||= await Brains.start(canvas, sliders, data.template, (found) => say(found));
    const { NVImage } = Brains.library();
    view.addColormap(image.name, image.colours);
    view.addColormap("edge", { R: [255, 255], G: [64, 64], B: [64, 64], A: [0, 255], I: [0, 255] });
    const limits = image.high === null ? {} : { cal_min: 0, cal_max: image.high };
    const layer = await NVImage.loadFromUrl({ url: values, name: "image.nii.gz", colormap: image.name, opacity: 0.9, colorbarVisible: Boolean(image.label), ...limits });
    const whole = await NVImage.loadFromUrl({ url: mask, name: "mask.nii.gz" });
    if (asked[0] !== row || asked[1] !== image) return; // another was chosen meanwhile
    const edge = edgeOf(whole);
    Object.assign(edge, { colormap: "edge", cal_min: 0, cal_max: 1, opacity: outline.checked ? 1 : 0, colorbarVisible: false });
    Brains.clear(view);
    Brains.put(view, layer);
    Brains.put(view, edge);
    canvas.setAttribute("aria-label", `${image.title} of ${row.dataset.scan} on the template in three planes, the outline of the brain mask in red`);
    status.replaceChildren();
    box.dataset.shown = `${row.dataset.scan} ${image.name}`;
  };

  const say = (found) => {
    const value = found.values?.[1]?.value;
    told.textContent = Brains.place(found) + " mm" + (Number.isFinite(value) ? `: ${value.toPrecision(3)} ${image?.label ?? ""}` : "");
  };

  // A browser may forbid a page that was opened from a disk to read what lies beside it.
  const forbidden = () => {
    const names = filesOf();
    const chosen = element("input", {
      type: "file", multiple: "", accept: ".gz,.nii", "aria-label": `Files of ${row.dataset.scan}`,
      onchange: async (event) => {
        const files = [...event.target.files];
        const found = names.map((name) => files.find((file) => file.name === name.split("/").pop()));
        if (found.some((file) => !file)) note.textContent = `Choose both: ${names.map((name) => name.split("/").pop()).join(" and ")}.`;
        else await attempt(() => Promise.all(found.map((file) => file.arrayBuffer())));
      },
    });
    const note = element("p", {});
    status.replaceChildren(
      element("p", {}, "This browser lets no page that was opened from a disk read the files beside it. In the folder of this page, run ", element("code", {}, "python3 -m http.server --bind 127.0.0.1"), " and open ", element("code", {}, "http://127.0.0.1:8000/quality.html"), "; or choose the two files here:"),
      element("ul", {}, ...names.map((name) => element("li", {}, element("code", {}, name)))), chosen, note,
    );
  };

  const attempt = async (give) => {
    const asked = [row, image];
    status.replaceChildren("Loading the image …");
    try {
      const buffers = await give();
      if (asked[0] === row && asked[1] === image) await draw(buffers);
    } catch (error) {
      if (asked[0] !== row || asked[1] !== image) return;
      viewer.hidden = true;
      if (error.message === "forbidden" && location.protocol === "file:") forbidden();
      else status.replaceChildren(`The image cannot be shown: ${error.message}`);
    }
  };

  const choose = (each) => {
    image = each;
    delete box.dataset.shown;
    picture.hidden = Boolean(image);
    viewer.hidden = true;
    status.replaceChildren();
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(choices[at] === image)));
    if (image) attempt(() => Promise.all(filesOf().map(read)));
  };

  outline.addEventListener("change", () => view && Brains.layers(view).length > 1 && view.setOpacity(2, outline.checked ? 1 : 0));

  dialog.addEventListener("scan", (event) => {
    row = event.detail;
    const is = row.dataset.status !== "failed" && Boolean(row.dataset.scan);
    buttons.forEach((button, at) => {
      button.disabled = !is && at > 0;
      button.title = at > 0 && !row.dataset.scan ? "choose quality_numbers.tsv first, above the table" : "";
    });
    choose(is ? image : null); // going on with the keys stays in the same view
  });

  if (!data.images.length || !Brains.canDraw()) return;
  viewer.append(element("label", {}, outline, " outline of the brain mask"));
  box.append(element("div", { class: "choices", role: "group", "aria-label": "What is shown" }, ...buttons), status, viewer);
})();
