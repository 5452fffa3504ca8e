"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const table = byId("experiments");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];

  const value = (row, column) => {
    const cell = row.cells[column];
    return "key" in cell.dataset ? cell.dataset.key : cell.textContent.trim();
  };

  // Rows without a value stay at the end, whichever way the others go.
  const compare = (column, up) => (one, other) => {
    const [a, b] = [value(one, column), value(other, column)];
    if (a === "" || b === "") return (a === "") - (b === "");
    const both = Number(a) - Number(b);
    const difference = Number.isNaN(both) ? a.localeCompare(b, "en", { numeric: true }) : both;
    return up ? difference : -difference;
  };

  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      body.append(...rows.sort(compare(column, up)));
    });
  });

  const find = () => {
    const words = byId("find").value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(words);
    const left = rows.filter((row) => !row.hidden).length;
    byId("shown").textContent = `${left} of ${rows.length}`;
  };
  byId("find").addEventListener("input", find);
  find();

  if (!byId("compared")) return;
  const { names, configs, pairs } = JSON.parse(byId("compared").textContent);
  const cell = (text, name = "td") => {
    const made = document.createElement(name);
    made.textContent = text;
    if (name === "th") made.scope = "row";
    return made;
  };
  const fill = (id, lines) => {
    const rowsOf = lines.map(([first, ...others]) => {
      const row = document.createElement("tr");
      row.append(cell(first, "th"), ...others.map((text) => cell(text)));
      return row;
    });
    byId(id).tBodies[0].replaceChildren(...rowsOf);
    byId(id).parentElement.hidden = lines.length === 0;
  };

  const settings = (one, other) => {
    const [a, b] = [configs[one], configs[other]];
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    const own = (config, key) => (Object.hasOwn(config, key) ? config[key] : "–");
    return keys
      .filter((key) => key !== "experiment" && own(a, key) !== own(b, key))
      .map((key) => [key, own(a, key), own(b, key)]);
  };

  // A pair is told once, the newer one first; the other way round every sign turns.
  const turned = (text) => (text.startsWith("−") ? text.slice(1) : /[1-9]/.test(text) ? `−${text}` : text);
  const paired = (one, other) => {
    const key = one < other ? `${one}-${other}` : `${other}-${one}`;
    if (!Object.hasOwn(pairs, key)) return null;
    const ahead = one < other;
    return pairs[key].map((each) => {
      const ends = each.interval.split(" to ");
      const interval = ahead ? each.interval : ends.map(turned).reverse().join(" to ");
      const names_ = ahead ? each.rows : each.rows.split(", ").reverse().join(", ");
      const errors = ahead ? [each.error, each.other] : [each.other, each.error];
      const difference = ahead ? each.difference : turned(each.difference);
      return [names_, each.people, ...errors, `${difference} ${each.unit}`.trim(), interval];
    });
  };

  const show = () => {
    const [one, other] = [Number(byId("one").value), Number(byId("other").value)];
    for (const [id, place] of [["one-name", one], ["other-name", other]]) byId(id).textContent = names[place];
    for (const [id, place] of [["one-error", one], ["other-error", other]]) byId(id).textContent = `error, ${names[place]}`;
    const lines = settings(one, other);
    fill("settings", lines);
    byId("no-settings").hidden = lines.length > 0;
    const found = one === other ? null : paired(one, other);
    fill("paired", found ?? []);
    byId("no-people").hidden = found !== null && found.length > 0;
    byId("no-people").textContent = found === null
      ? "Only two experiments on one cohort that predict the same number can be paired."
      : "They have tested nobody in common.";
  };
  byId("one").addEventListener("change", show);
  byId("other").addEventListener("change", show);
  show();
})();
