// The card of a place: zones of every instrument, what else lies there, coordinates to copy.
import { degrees, h, minutes, number, utm } from "./format.js";
import { language, t } from "./words.js";

export function coordinates(lon, lat) {
  const rows = [["DD", degrees(lon, lat)], ["DMS", minutes(lon, lat)], ["UTM", utm(lon, lat)]];
  return h("dl.coords", {}, ...rows.flatMap(([name, text]) => [
    h("dt", {}, name), h("dd", {}, text),
    h("button.quiet", { type: "button", onclick: async (event) => { await navigator.clipboard?.writeText(text); event.target.textContent = t("copied"); } }, t("copy")),
  ]));
}

export function placeCard(place, description) {
  const colours = new Map(description.layers.flatMap((layer) => (layer.zones ?? []).map((zone) => [zone.code, zone.colour])));
  const desa = place.layers.find((layer) => layer.layer === "batas_desa")?.features[0];
  return [
    h("h2", {}, desa ? title(desa) : t("place")),
    coordinates(place.lon, place.lat),
    h("h3", {}, t("plan")),
    ...(place.zones.length ? place.zones.map((zone) => zoneBox(zone, colours)) : [uncovered()]),
    h("h3", {}, t("also")),
    ...others(place.layers),
  ];
}

function title(desa) {
  const by = Object.fromEntries(Object.entries(desa).map(([key, value]) => [key.toLowerCase(), value]));
  return [by.wadmkd ?? by.namobj, by.wadmkc].filter(Boolean).join(", ");
}

const uncovered = () => h("div.zone.none", {}, h("div.name", {}, t("uncovered")), h("p", {}, t("uncovered_long")));

function zoneBox(zone, colours) {
  const facts = [zone.name ?? zone.instrument, zone.legal_ref, zone.scale && `${t("scale")} 1:${number(zone.scale, 0)}`].filter(Boolean);
  const near = zone.distance_m !== undefined && zone.distance_m !== null;
  const unsure = near && zone.ce90_m && zone.distance_m < zone.ce90_m;
  return h("div.zone", { tone: colours.get(zone.zona) ?? "#c9c3d6" },
    h("div.name", {}, `${zone.zona} · ${zone.zona_nama ?? ""}`),
    h("div.source", {}, facts.join(" · ")),
    near && h(`span.pill${unsure ? ".warn" : ""}`, {}, `${t("distance")} ${number(zone.distance_m, 1)} m${unsure ? ` – ${t("within_accuracy")} (${number(zone.ce90_m, 0)} m)` : ""}`),
    rules(zone));
}

// Intensities and provisions, where the service gives them with the zone.
function rules(zone) {
  const rows = Object.entries(zone.intensitas ?? {});
  return rows.length ? h("dl.facts", { style: { marginTop: "8px" } }, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])) : null;
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
