// A parcel on the map: drawn corner by corner or read from a file, then judged.
import { area, h } from "./format.js";
import { boundsOf, fit, show } from "./map.js";
import { refusal } from "./refusal.js";
import { judge, readCorners, readFile, record, Refused } from "./service.js";
import { verdictCard, verdictTable } from "./verdict.js";
import { t } from "./words.js";

const FIELDS = ["luas_tapak_m2", "luas_lantai_m2", "lantai", "tinggi_m", "luas_hijau_m2", "luas_sertipikat_m2"];
const LABELS = { luas_tapak_m2: "tapak", luas_lantai_m2: "luas_lantai", lantai: "lantai", tinggi_m: "tinggi", luas_hijau_m2: "hijau", luas_sertipikat_m2: "sertipikat" };

// Area on the sphere, for a first impression only; the verdict measures on the plan's plane.
function roughArea(ring) {
  const rad = Math.PI / 180, radius = 6371007.2;
  let total = 0;
  for (let i = 0; i < ring.length - 1; i += 1) total += (ring[i + 1][0] - ring[i][0]) * rad * (2 + Math.sin(ring[i][1] * rad) + Math.sin(ring[i + 1][1] * rad));
  return Math.abs((total * radius * radius) / 2);
}

export function createParcels(map, description, card, modes) {
  const button = document.getElementById("draw");
  const hint = document.getElementById("hint");
  let corners = null, cursor = null, values = {}, last = null, shown = false, done = null, when;

  const drawing = () => corners !== null;

  function sketch() {
    const line = cursor ? [...corners, cursor] : corners;
    const features = corners.map((position) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: position } }));
    if (line.length > 1) features.push({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line.length > 2 ? [...line, line[0]] : line } });
    show(map, "draft", features);
  }

  function start(then, text) {
    if (!then) modes.enter("draw", { ended: stop });
    corners = []; cursor = null; done = then ?? null;
    hint.textContent = text ?? t("draw_hint"); hint.hidden = false;
    map.getCanvas().style.cursor = "crosshair";
    map.doubleClickZoom.disable();
    map.getCanvas().focus();
  }

  function stop() {
    if (corners === null) return;
    corners = null;
    hint.hidden = true;
    map.getCanvas().style.cursor = "";
    show(map, "draft", []);
    setTimeout(() => map.doubleClickZoom.enable(), 300);
  }

  function finish() {
    const unique = corners.filter((one, at) => at === 0 || one[0] !== corners[at - 1][0] || one[1] !== corners[at - 1][1]);
    if (unique.length < 3) return;
    const geometry = { type: "Polygon", coordinates: [[...unique, unique[0]]] }, then = done;
    if (modes.is("draw")) modes.leave();
    stop();
    if (then) then(geometry);
    else ask([{ type: "Feature", geometry, properties: {} }]);
  }

  button.addEventListener("click", () => (modes.is("draw") ? modes.leave() : start()));
  map.on("click", (event) => { if (drawing()) { corners.push([+event.lngLat.lng.toFixed(7), +event.lngLat.lat.toFixed(7)]); sketch(); } });
  map.on("mousemove", (event) => { if (drawing()) { cursor = [event.lngLat.lng, event.lngLat.lat]; sketch(); } });
  map.on("dblclick", () => { if (drawing()) finish(); });
  addEventListener("keydown", (event) => {
    if (!drawing()) return;
    if (event.key === "Escape") { stop(); if (modes.is("draw")) modes.leave(); }
    else if (event.key === "Enter") { event.preventDefault(); finish(); }
    else if (event.key === "Backspace") { event.preventDefault(); corners.pop(); sketch(); }
    else if (event.key === " " && document.activeElement === map.getCanvas()) { // the middle of the map, for the keyboard
      const { lng, lat } = map.getCenter();
      corners.push([+lng.toFixed(7), +lat.toFixed(7)]); sketch();
    }
  });

  // The form of one parcel, or the verdicts of many that carry their own fields.
  function ask(features) {
    show(map, "parcel", features); show(map, "approvable", []); show(map, "here", []);
    if (features.length > 1 || features[0].properties.kegiatan) return run(features);
    const form = h("form", { onsubmit: (event) => { event.preventDefault(); submit(form, features[0]); } },
      h("p.sub", {}, `${t("drawn_area")}: ± ${area(roughArea(features[0].geometry.coordinates[0][0][0]?.length ? features[0].geometry.coordinates[0][0] : features[0].geometry.coordinates[0]))}`),
      field("kegiatan", t("kegiatan"), { list: "activities", required: true, placeholder: t("kegiatan_hint"), value: values.kegiatan }),
      h("datalist", { id: "activities" }, ...description.activities.map((name) => h("option", { value: name }))),
      h("p.sub", { style: { marginTop: "12px" } }, t("optional")),
      h("div.pair", {}, ...FIELDS.map((name) => field(name, t(LABELS[name]), { type: "number", min: "0", step: "any", inputmode: "decimal", value: values[name] }))),
      field("on", t("tanggal"), { type: "date", value: values.on }),
      h("div.actions", {}, h("button.primary", { type: "submit" }, t("check"))));
    card.show([h("h2", {}, t("parcel")), form]);
    fit(map, boundsOf(features[0].geometry));
    form.elements.kegiatan.focus();
    return undefined;
  }

  const field = (name, label, attributes) => h("label.field", {}, h("span", {}, label), h("input", { name, ...attributes }));

  function submit(form, feature) {
    values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    const properties = { permit_id: feature.properties.permit_id ?? `PETA-${new Date().toISOString().slice(0, 16).replace(/\D/g, "")}`, kegiatan: values.kegiatan.trim() };
    for (const name of FIELDS) if (values[name] !== undefined) properties[name] = Number(values[name]);
    run([{ ...feature, properties }], values.on);
  }

  async function run(features, on) {
    card.wait();
    when = on;
    try {
      const document = features.length === 1 ? features[0] : { type: "FeatureCollection", features };
      const answer = await judge(document, on);
      const answers = Array.isArray(answer) ? answer : [answer];
      last = { features, answers, verdicts: answers.map((one) => one.verdict) };
      shown = true;
      if (answers.length === 1) open(0);
      else table();
    } catch (error) {
      refuse(error, () => ask([{ ...features[0], properties: {} }]));
    }
  }

  function refuse(error, again) {
    if (!(error instanceof Refused)) throw error;
    card.show([h("h2", {}, t("parcel")), refusal(error.problem),
      again && h("div.actions", {}, h("button.plain", { type: "button", onclick: again }, t("again")))].filter(Boolean));
  }

  // After the language was changed: the same parcels, told in the other one.
  const retell = () => (last && shown ? (run(last.features, when), true) : false);

  function table() {
    const coloured = last.features.map((feature, index) => ({ ...feature, properties: { colour: description.verdicts[last.verdicts[index].verdict].colour } }));
    show(map, "parcel", coloured); show(map, "approvable", []);
    card.show([...verdictTable(last.answers, description, open), h("div.actions", {}, save("json"), save("geojson"))]);
    fit(map, boundsOf({ coordinates: last.features.map((feature) => feature.geometry.coordinates) }));
  }

  function open(index) {
    const verdict = last.verdicts[index], feature = last.features[index];
    show(map, "parcel", [{ ...feature, properties: { colour: description.verdicts[verdict.verdict].colour } }]);
    show(map, "approvable", verdict.approvable ? [{ type: "Feature", properties: {}, geometry: verdict.approvable }] : []);
    const back = last.verdicts.length > 1
      ? h("button.plain", { type: "button", onclick: table }, `← ${t("results")}`)
      : h("button.plain", { type: "button", onclick: () => ask([{ ...feature, properties: {} }]) }, t("again"));
    card.show(verdictCard(last.answers[index], description, [letter(feature, verdict), save("json", index), save("geojson", index), back]));
    fit(map, boundsOf(feature.geometry));
  }

  // The paper exists only for a decision on record: it is recorded once, then opened.
  function letter(feature, verdict) {
    const key = crypto.randomUUID?.() ?? String(Math.random());
    const button = h("button.primary", { type: "button", onclick: async () => {
      button.disabled = true;
      try {
        const document = { ...feature, properties: { ...feature.properties, permit_id: verdict.permit_id } };
        const number = await record(document, when, key);
        if (!number) throw new Refused({ detail: t("no_register") });
        const link = h("a.primary", { href: `/v1/conformity/${number}.pdf`, target: "_blank", rel: "noopener" }, `${t("opinion")} ${number}`);
        button.replaceWith(link);
        link.focus();
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        button.disabled = false;
        const told = refusal(error.problem), row = button.parentElement;
        if (row.nextElementSibling?.classList.contains("problem")) row.nextElementSibling.remove();
        row.after(told);
        told.scrollIntoView({ block: "nearest" });
      }
    } }, t("record"));
    return button;
  }

  function save(kind, index) {
    const chosen = index === undefined ? last.verdicts : [last.verdicts[index]];
    const features = index === undefined ? last.features : [last.features[index]];
    const content = kind === "json" ? (index === undefined ? chosen : chosen[0]) : { type: "FeatureCollection", features: features.map((feature, at) => ({ ...feature, properties: { ...feature.properties, verdict: chosen[at].verdict, verdict_json: chosen[at] } })) };
    const url = URL.createObjectURL(new Blob([JSON.stringify(content)], { type: "application/json" }));
    return h("a.plain", { href: url, download: `${chosen.length === 1 ? chosen[0].permit_id.replace(/[^\w.-]/g, "_") : "hasil"}.${kind}` }, t(kind));
  }

  async function read(file) {
    modes.leave();
    card.wait();
    try {
      const document = /json$/i.test(file.name) ? parse(await file.text()) : await readFile(file);
      const features = (document.type === "FeatureCollection" ? document.features : [document]).filter((one) => /Polygon$/.test(one?.geometry?.type ?? ""));
      if (!features.length) throw new Refused({ title: file.name, detail: t("not_polygon") });
      ask(features);
    } catch (error) {
      refuse(error);
    }
  }

  function parse(text) {
    try { return JSON.parse(text); } catch (error) { throw new Refused({ title: "JSON", detail: error.message }); }
  }

  const input = document.getElementById("file"), drop = document.getElementById("drop");
  document.getElementById("open").addEventListener("click", () => (modes.is("open") ? (modes.leave(), card.close()) : bring()));

  // A file, or the corners as a surveyor lists them.
  function bring(text = "") {
    modes.enter("open", {});
    const form = h("form", { onsubmit: async (event) => {
      event.preventDefault();
      const typed = list.value;
      card.wait();
      try {
        const feature = await readCorners(typed);
        modes.leave();
        ask([feature]);
      } catch (error) {
        refuse(error, () => bring(typed));
      }
    } },
      h("label.field", {}, h("span", {}, t("corners")), h("textarea", { name: "corners", rows: "7", required: true, spellcheck: "false", placeholder: "49S\n1 459000 9239500\n2 459020 9239500\n3 459020 9239480" })),
      h("p.sub", {}, t("corners_how")),
      h("div.actions", {}, h("button.plain", { type: "submit" }, t("use_corners"))));
    const list = form.elements.corners;
    list.value = text;
    card.show([h("h2", {}, t("bring")), h("p.sub", {}, t("bring_about")), h("div.actions", {}, h("button.primary", { type: "button", onclick: () => input.click() }, t("choose_file"))), form]);
    if (text) list.focus();
  }

  input.addEventListener("change", () => { if (input.files[0]) read(input.files[0]); input.value = ""; });
  addEventListener("dragover", (event) => { event.preventDefault(); drop.hidden = false; });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.hidden = true; });
  addEventListener("drop", (event) => { event.preventDefault(); drop.hidden = true; if (event.dataTransfer.files[0]) read(event.dataTransfer.files[0]); });
  return { drawing, draw: (then, text) => start(then, text), stop: () => { if (drawing()) stop(); }, retell, clear: () => { shown = false; for (const name of ["parcel", "approvable", "here"]) show(map, name, []); } };
}
