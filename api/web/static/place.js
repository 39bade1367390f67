// The card of a place: zones of every instrument, what else lies there, coordinates to copy.
import { degrees, h, minutes, number, quantity, utm } from "./format.js";
import { get } from "./service.js";
import { colourSwatch, NO_DATA } from "./swatch.js";
import { language, t } from "./words.js";

export function coordinates(lon, lat) {
  const rows = [["DD", degrees(lon, lat)], ["DMS", minutes(lon, lat)], ["UTM", utm(lon, lat)]];
  return h("dl.coords", {}, ...rows.flatMap(([name, text]) => [
    h("dt", {}, name), h("dd", {}, text),
    h("dd", {}, h("button.quiet", { type: "button", onclick: async (event) => { await navigator.clipboard?.writeText(text); event.target.textContent = t("copied"); } }, t("copy"))),
  ]));
}

export function placeCard(place, description, hazards) {
  const colours = new Map(description.layers.flatMap((layer) => (layer.zones ?? []).map((zone) => [zone.code, zone.colour])));
  const desa = place.layers.find((layer) => layer.layer === "batas_desa")?.features[0];
  const covering = place.zones.filter((zone) => zone.covered !== false && zone.zona);
  const unread = place.zones.filter((zone) => zone.covered === null);
  const absent = place.zones.filter((zone) => zone.covered === false);
  return [
    h("h2", {}, desa ? title(desa) : t("place")),
    coordinates(place.lon, place.lat),
    h("h3", {}, t("plan")),
    ...covering.map((zone, at) => zoneBox(zone, colours, description, at === 0)),
    ...(covering.length || unread.length ? [] : [uncovered(absent)]),
    ...unread.map((zone) => h("div.zone.none", {}, h("div.name", {}, instrument(zone)), h("p", {}, t("plan_unread")))),
    covering.length && absent.length ? h("p.sub", { style: { marginTop: "8px" } }, `${t("not_covering")}: ${absent.map(instrument).join(", ")}`) : null,
    ...hazardsHere(hazards),
    h("h3", {}, t("also")),
    ...others(place.layers),
  ].filter(Boolean);
}

// The class of each hazard map here; ground that a map does not know is said to be unknown.
function hazardsHere(found) {
  if (found.fault) return [h("h3", {}, t("hazard_tool")), h("p.callout", {}, found.fault)];
  if (!found.hazards.length) return [];
  const known = (one) => !one.fault && !["tanpa_data", "luar_cakupan"].includes(one.class);
  const row = (one) => h("tr", {}, h("td", {}, language() === "id" ? one.title : one.title_en), h("td", {}, colourSwatch(known(one) ? one.colour ?? "#eef1f4" : NO_DATA), ` ${one.fault ? t("unreadable") : t("classes")[one.class] ?? one.class} `, h("small.sub", {}, one.words ?? "")));
  return [h("h3", {}, t("hazard_tool")), h("table", {}, h("tbody", {}, ...found.hazards.map(row))), found.hazards.some((one) => !known(one)) ? h("p.sub", {}, t("unknown_hazard")) : null];
}

const instrument = (zone) => zone.instrument?.name ?? zone.name ?? zone.instrument ?? zone.plan;

function title(desa) {
  const by = Object.fromEntries(Object.entries(desa).map(([key, value]) => [key.toLowerCase(), value]));
  return [by.nama_desa ?? by.wadmkd ?? by.namobj, by.nama_kec ?? by.wadmkc].filter(Boolean).join(", ");
}

// Outside every plan: said as such, with the plans that were asked.
const uncovered = (absent) => h("div.zone.none", {}, h("div.name", {}, t("uncovered")), h("p", {}, t("uncovered_long")), absent.length ? h("p.sub", {}, `${t("outside_plans")}: ${absent.map(instrument).join("; ")}`) : null);

function zoneBox(zone, colours, description, deciding) {
  const law = [instrument(zone), zone.scale && `1:${number(zone.scale, 0)}`].filter(Boolean).join(" · ");
  return h("div.zone", { tone: colours.get(zone.zona) ?? "#c9c3d6" },
    h("div.name", {}, zone.zona_nama ? `${zone.zona} · ${zone.zona_nama}` : zone.zona),
    h("div.source", {}, law), zone.instrument?.legal_ref && h("div.source", {}, zone.instrument.legal_ref),
    accuracy(zone),
    ...(zone.overlays ?? []).map((one) => h(`span.pill${one.state === "certain" ? "" : ".warn"}`, { title: one.dasar?.pasal }, `${one.nama}${one.state === "certain" ? "" : ` – ${t(one.state)}`}`)),
    limits(zone), matrix(zone, description, deciding));
}

// How far the boundary is, against what the map can tell: within it, the answer is not settled.
function accuracy(zone) {
  if (zone.distance_m === null || zone.distance_m === undefined) return null;
  const far = zone.distance_at_least ? `${t("more_than")} ${number(zone.distance_m, 0)}` : number(zone.distance_m, 1);
  const told = `${t("distance")} ${far} m, ${t("accuracy")} ${number(zone.ce90_m, zone.ce90_m < 10 ? 1 : 0)} m`;
  if (zone.within_accuracy !== true) return h("span.pill", {}, told);
  return h("p.callout", {}, h("b", {}, t("within_accuracy_title")), `${told}. ${t("within_accuracy_long")}`);
}

function limits(zone) {
  const rows = (zone.intensities ?? []).filter((one) => one.zona === zone.zona);
  if (!rows.length) return null;
  return h("details", {}, h("summary", {}, t("intensity"), " ", h("small", {}, rows.slice(0, 3).map((one) => `${rule(one.parameter)} ${quantity(one.limit, one.unit)}`).join(" · "))),
    h("table", {}, h("tbody", {}, ...rows.map((one) => h("tr", {}, h("td", {}, rule(one.parameter), span(one)), h("td.n", {}, `${/min/.test(one.parameter) ? "≥" : "≤"} ${quantity(one.limit, one.unit)}`), h("td", {}, h("small.sub", {}, one.dasar?.pasal ?? "")))))));
}

const rule = (name) => t("rules")[name] ?? name;

const span = (one) => (one.area_from_m2 || one.area_to_m2 ? h("small.sub", {}, ` ${number(one.area_from_m2 ?? 0, 0)}–${one.area_to_m2 ? number(one.area_to_m2, 0) : ""} m²`) : null);

// The activities of the zone, fetched when opened, with a filter.
function matrix(zone, description, open) {
  const list = h("ul.itbx", { tabindex: "0", "aria-label": t("activities") });
  const filter = h("input.filter", { type: "search", placeholder: t("filter"), "aria-label": t("filter"), oninput: () => draw() });
  let rows = null;
  const draw = () => {
    const text = filter.value.trim().toLowerCase();
    list.replaceChildren(...rows.filter((row) => row.kegiatan.toLowerCase().includes(text)).map((row) => h("li", {}, h("span", {}, row.kegiatan, row.subcodes.length ? h("small.sub", {}, ` ${row.subcodes.map((one) => one.meaning || one.code).join("; ")}`) : null), izin(row.izin, description))));
  };
  const details = h("details", { ontoggle: async () => {
    if (!details.open || rows) return;
    rows = [];
    const answer = await get(`/v1/rules/${encodeURIComponent(zone.zona)}`).catch(() => ({ plans: [] }));
    rows = answer.plans.find((plan) => plan.plan === zone.plan)?.matrix ?? [];
    draw();
  } }, h("summary", {}, t("activities")), filter, list);
  if (open) details.open = true;
  return details;
}

const IZIN_TONES = { I: "#1b7f4b", T: "#8f5a0c", B: "#8f5a0c", TB: "#8f5a0c", X: "#b02a37" };

function izin(interval, description) {
  if (!interval) return h("b", { style: { color: "#51606f" } }, t("blank"));
  const [low, high] = interval;
  const word = (code) => description.izin[code][language()];
  return h("b", { style: { color: IZIN_TONES[high] } }, low === high ? word(high) : `${word(low)} – ${word(high)}`);
}

function others(layers) {
  const found = layers.filter((layer) => layer.fault || layer.features.length);
  if (!found.length) return [h("p.sub", {}, t("nothing_else"))];
  return found.map((layer) => h("details", {},
    h("summary", {}, layer.title, " ", h("small", {}, layer.fault ? t("unreadable") : summary(layer.features[0]))),
    ...layer.features.map((feature) => h("dl.facts", {}, ...Object.entries(feature).flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, typeof value === "number" ? new Intl.NumberFormat(language() === "id" ? "id-ID" : "en-GB").format(value) : String(value))]))),
    layer.version && h("p.sub", {}, `${t("version")} ${layer.version}`)));
}

const summary = (feature) => {
  const by = Object.fromEntries(Object.entries(feature).map(([key, value]) => [key.toLowerCase(), value]));
  return by.krb_03 ?? by.namobj ?? by.nama_das ?? by.wadmkd ?? by.jenis ?? "";
};
