// How far an activity is allowed, as colours that differ in lightness too, and as hatches.
import { colourSwatch, NO_DATA, PROHIBITED } from "./swatch.js";
import { language, t } from "./words.js";

// From dark to light as the answer weakens; what is not settled is hatched, never a colour alone.
export const TONES = { I: "#01665e", T: "#5ab4ac", TB: "#c98a1b", B: "#f0cf7a", X: "#f7ecea", belum_pasti: "#e4e0ef", tanpa_sel: "#f1f3f5" };
export const ORDER = ["I", "T", "TB", "B", "belum_pasti", "X", "tanpa_sel"];
const HATCHES = { X: PROHIBITED, belum_pasti: "repeating-linear-gradient(45deg, #e4e0ef 0 3px, #7d6fae 3px 4px)", tanpa_sel: NO_DATA };
const IMAGES = { X: "izin-prohibited", belum_pasti: "izin-open", tanpa_sel: "izin-blank" };

// An interval of the matrix as one class; null is a blank cell.
export function classOf(izin) {
  if (!izin) return "tanpa_sel";
  return izin[0] === izin[1] ? izin[1] : "belum_pasti";
}

export function wordOf(name, description) {
  if (name === "belum_pasti") return t("izin_open");
  if (name === "tanpa_sel") return t("blank");
  return description.izin[name][language()];
}

export const izinSwatch = (name) => colourSwatch(HATCHES[name] ?? TONES[name]);

export const background = (name) => HATCHES[name] ?? TONES[name];

const plansOf = (description) => description.layers.filter((layer) => layer.zones && !layer.fault);

// `answer` is a plan's list of zones with izin, by layer; a plan without an answer is left open.
export function paint(map, description, plans) {
  for (const layer of plansOf(description)) {
    const zones = plans.find((one) => one.layer === layer.name)?.zones ?? [];
    const classes = new Map(zones.map((zone) => [zone.zona, classOf(zone.izin)]));
    const names = layer.zones.map((zone) => [zone.code, classes.get(zone.code) ?? "tanpa_sel"]);
    const hatched = names.filter(([, name]) => IMAGES[name]);
    map.setPaintProperty(layer.name, "fill-color", match(names.map(([code, name]) => [code, TONES[name]]), TONES.tanpa_sel));
    map.setPaintProperty(`${layer.name}/pattern`, "fill-pattern", match(hatched.map(([code, name]) => [code, IMAGES[name]]), "izin-blank"));
    map.setFilter(`${layer.name}/pattern`, ["in", ["get", "zona"], ["literal", hatched.map(([code]) => code)]]);
  }
}

export function unpaint(map, description) {
  for (const layer of plansOf(description)) {
    map.setPaintProperty(layer.name, "fill-color", match(layer.zones.map((zone) => [zone.code, zone.colour]), "#c9c3d6"));
    map.setFilter(`${layer.name}/pattern`, ["in", ["get", "zona"], ["literal", []]]);
  }
}

const match = (pairs, otherwise) => (pairs.length ? ["match", ["get", "zona"], ...pairs.flat(), otherwise] : otherwise);

export const legendRows = (description) => ORDER.map((name) => ({ swatch: () => izinSwatch(name), text: wordOf(name, description) }));
