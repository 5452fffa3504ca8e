"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const body = document.querySelector("#scans tbody");
  const rows = [...body.rows];
  const [others, stamp, images] = ["others", "stamp", "images"].map((id) => JSON.parse(byId(id).textContent));
  const heads = [...document.querySelectorAll("#scans thead th")];
  const dialog = byId("large");
  let current = null;

  const value = (row, column) => {
    const cell = row.cells[column];
    return "key" in cell.dataset ? cell.dataset.key : cell.textContent.trim();
  };

  // Rows without a value stay at the end, whichever way the others go.
  const compare = (column, up, numeric) => (one, other) => {
    const [a, b] = [value(one, column), value(other, column)];
    if (a === "" || b === "") return (a === "") - (b === "");
    const difference = numeric ? a - b : a.localeCompare(b, "en", { numeric: true });
    return up ? difference : -difference;
  };

  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const numeric = rows.length > 0 && "key" in rows[0].cells[column].dataset;
      rows.sort(compare(column, up, numeric));
      body.append(...rows);
    });
  });

  const called = (row) => row.dataset.scan ?? row.dataset.called;
  const isOut = (row) => row.querySelector(".out").checked;
  const visible = () => rows.filter((row) => !row.hidden);

  const refresh = () => {
    const wanted = byId("show").value;
    const words = byId("find").value.trim().toLowerCase();
    for (const row of rows) {
      const fits = !wanted || (wanted === "excluded" ? isOut(row) : row.dataset.status === wanted);
      row.hidden = !(fits && row.textContent.toLowerCase().includes(words));
      row.classList.toggle("excluded", isOut(row));
      row.querySelector(".why").hidden = !isOut(row);
    }
    byId("n-excluded").textContent = rows.filter(isOut).length;
    byId("shown").textContent = `${visible().length} of ${rows.length} scans`;
  };

  byId("show").addEventListener("change", refresh);
  byId("find").addEventListener("input", refresh);
  body.addEventListener("change", (event) => event.target.matches(".out") && refresh());

  const enlarge = (row) => {
    current = row;
    byId("large-name").textContent = called(row);
    byId("large-why").textContent = row.querySelector(".reason").textContent;
    byId("large-picture").src = row.querySelector("img").src;
    byId("large-picture").alt = `enlarged picture of ${called(row)}`;
    byId("large-out").checked = isOut(row);
    if (!dialog.open) dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("scan", { detail: row }));
  };

  const step = (by) => {
    const shown = visible();
    const next = shown[shown.indexOf(current) + by];
    if (next) enlarge(next);
  };

  const mark = (out) => {
    current.querySelector(".out").checked = out;
    byId("large-out").checked = out;
    refresh();
  };

  body.addEventListener("click", (event) => {
    const button = event.target.closest(".look");
    if (button) enlarge(button.closest("tr"));
  });
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("large-out").addEventListener("change", (event) => mark(event.target.checked));
  dialog.addEventListener("keydown", (event) => {
    if (event.target.type === "range") return; // its own keys move a plane
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
    if (event.key === "x") mark(!isOut(current));
  });

  const clean = (text) => text.replace(/\s+/g, " ").trim() || "no reason given";

  const list = () => {
    const chosen = rows.filter(isOut).map((row) => [row.dataset.scan, row.querySelector(".why").value]);
    const lines = [...chosen, ...Object.entries(others)].sort((a, b) => (a[0] < b[0] ? -1 : 1));
    return "scan_id\treason\n" + lines.map(([id, why]) => `${id}\t${clean(why)}\n`).join("");
  };

  byId("download").addEventListener("click", () => {
    if (stamp && !isNamed) {
      byId("names-told").textContent = "Choose it first: the list that is downloaded has the names.";
      byId("names").focus();
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([list()], { type: "text/tab-separated-values" }));
    link.download = "exclude.tsv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });

  // Whom the numbers are of. Numbers of another state of the page would name the wrong scans.
  let isNamed = false;
  const NOTHING = "n/a"; // as tables of contrage write it
  const name = (content) => {
    const [head, ...lines] = content.trim().split(/\r?\n/).map((line) => line.split("\t"));
    const known = lines.map((cells) => Object.fromEntries(head.map((key, at) => [key, cells[at] ?? ""])));
    const of = new Map(known.map((each) => [`scan-${each.number}`, each]));
    isNamed = known.every((each) => each.stamp === stamp) && rows.every((row) => of.has(row.id));
    byId("names-told").textContent = isNamed ? "Scans are named now." : "These are not the numbers of this page: choose quality_numbers.tsv of the same folder.";
    if (!isNamed) return;
    for (const row of rows) {
      const { scan_id: id, reason } = of.get(row.id);
      const [why, shown] = [row.querySelector(".why"), row.querySelector(".why").defaultValue];
      row.dataset.scan = id;
      if (why.value === shown && reason !== NOTHING) why.value = reason; // in full, unless it was typed
      row.querySelector("th[scope=row]").textContent = id;
      const picture = row.querySelector("img");
      if (!picture.getAttribute("src")) picture.src = Brains.fileOf(images.picture, id);
    }
    for (const each of known) if (each.number === NOTHING) others[each.scan_id] = each.reason;
    refresh();
  };
  byId("names")?.addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    name(await file.text());
    event.target.value = ""; // else a file of the same name is no change
  });

  refresh();
})();
