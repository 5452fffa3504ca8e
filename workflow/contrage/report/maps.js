// The maps of all people on the template. Where they cannot be drawn, their picture stays.
"use strict";
(() => {
  const { element } = Brains;
  const box = document.getElementById("brains");
  const { template, maps } = JSON.parse(document.getElementById("brain-maps").textContent);
  const canvas = element("canvas", { role: "img" });
  const sliders = element("div", { class: "slices" });
  const caption = element("p", { class: "source" });
  const told = element("p", { class: "told" });
  const through = element("input", { type: "range", min: 0, max: 1, step: 0.05, value: 0.85, class: "through", "aria-label": "How much the map covers the template" });
  const buttons = maps.map((each) => element("button", { type: "button", "aria-pressed": "false", onclick: () => show(each) }, each.title));
  const images = new Map();
  let view = null;
  let shown = null;

  const image = async (each) => {
    if (!images.has(each)) {
      const limits = { cal_min: each.low, cal_max: each.high };
      view.addColormap(each.name, each.colours);
      images.set(each, await Brains.library().NVImage.loadFromBase64({ base64: each.data, name: `${each.name}.nii.gz`, colormap: each.name, colorbarVisible: true, ...limits }));
    }
    return images.get(each);
  };

  const show = async (each) => {
    shown = each;
    const layer = await image(each);
    if (shown !== each) return; // another was chosen meanwhile
    Brains.clear(view);
    layer.opacity = Number(through.value);
    Brains.put(view, layer);
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(maps[at] === each)));
    canvas.setAttribute("aria-label", `${each.alt} Three planes on the template.`);
    caption.textContent = each.caption;
    box.dataset.shown = each.name;
  };

  const say = (found) => {
    const value = found.values?.[1]?.value;
    const number = Number.isFinite(value) ? `: ${value.toPrecision(3).replace("-", "−")}` : "";
    told.textContent = `${Brains.place(found)} mm${number}${number && shown ? `, ${shown.label}` : ""}`;
  };

  const begin = async () => {
    box.hidden = false;
    box.append(
      element("div", { class: "choices", role: "group", "aria-label": "Map" }, ...buttons),
      element("div", { class: "viewer" }, canvas), told, sliders, caption,
    );
    try {
      view = await Brains.start(canvas, sliders, template, say);
      sliders.append(element("span", { "aria-hidden": "true" }, "map over template"), through);
      through.addEventListener("input", () => view.setOpacity(1, Number(through.value)));
      await show(maps[0]);
      document.getElementById("figure-maps").classList.add("viewed");
    } catch (error) {
      box.replaceChildren(element("p", { class: "source" }, `The maps cannot be moved through here (${error.message}); this is their picture.`));
    }
  };

  if (!maps.length || !Brains.canDraw()) return;
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((each) => each.isIntersecting)) return;
    seen.disconnect();
    begin();
  }, { rootMargin: "200px" });
  seen.observe(document.getElementById("figure-maps"));
})();
