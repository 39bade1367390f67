// Plans and layers: which are shown, how dense, and the legend of what is on the screen.
import { h, number } from "./format.js";
import { setVisible } from "./map.js";
import { language, t } from "./words.js";

// Every plan at once, the most detailed on top: what decides at each place.
export const ALL = "semua";

export function createPanel(map, description, state, changed) {
  const list = document.getElementById("layer-list");
  const plans = description.layers.filter((layer) => layer.zones && !layer.fault);
  const others = description.layers.filter((layer) => !layer.zones).reverse();
  if (!plans.some((layer) => layer.name === state.plan)) state.plan = ALL;
  state.layers ??= others.filter((layer) => layer.shown).map((layer) => layer.name);
  state.opacity ??= 1;
  const shownPlans = () => plans.filter((layer) => state.plan === ALL || layer.name === state.plan);

  function apply() {
    const chosen = shownPlans();
    for (const layer of plans) setVisible(map, layer.name, chosen.includes(layer));
    for (const layer of others) if (!layer.fault) setVisible(map, layer.name, state.layers.includes(layer.name));
    for (const layer of chosen) map.setPaintProperty(layer.name, "fill-opacity", state.opacity);
    changed();
  }

  function draw() {
    list.replaceChildren(
      h("div.group", {}, t("plan")),
      ...(plans.length > 1 ? [plan(ALL, t("all_plans"))] : []), ...plans.map((layer) => plan(layer.name, layer.title)),
      h("label.slider", {}, t("opacity"), h("input", { type: "range", min: "0.2", max: "1", step: "0.05", value: String(state.opacity), oninput: (event) => { state.opacity = Number(event.target.value); apply(); } }), h("span", { id: "opacity" }, `${number(state.opacity * 100, 0)} %`)),
      h("div.group", {}, t("overlays")),
      ...others.map((layer) => h("label.choice", {},
        h("input", { type: "checkbox", checked: state.layers.includes(layer.name), disabled: Boolean(layer.fault), onchange: (event) => { state.layers = state.layers.filter((name) => name !== layer.name).concat(event.target.checked ? layer.name : []); apply(); } }),
        swatch(layer), language() === "id" ? layer.title ?? layer.name : layer.title_en ?? layer.name, layer.fault && h("span.fault", {}, t("unreadable")))),
      h("div.group", {}, t("legend")), h("ul.legend", { id: "legend" }));
    legend();
  }

  const plan = (name, title) => h("label.choice", {}, h("input", { type: "radio", name: "plan", checked: name === state.plan, onchange: () => { state.plan = name; apply(); } }), title);

  function swatch(layer) {
    const line = { borderColor: layer.colour, background: "#fff" };
    const stripes = { diagonal: "135deg", back: "45deg", cross: "135deg" }[layer.hatch];
    if (layer.hatch === "solid") line.background = layer.colour;
    else if (stripes) line.background = `repeating-linear-gradient(${stripes}, #fff 0 3px, ${layer.colour} 3px 4.5px)`;
    else if (layer.hatch === "dots") line.background = `radial-gradient(${layer.colour} 1.2px, #fff 1.6px) 0 0 / 5px 5px`;
    return h("i.swatch", { style: line });
  }

  // Only what is drawn now: a legend of a hundred classes helps nobody.
  function legend() {
    const target = document.getElementById("legend");
    if (!target) return;
    const zones = new Map();
    for (const layer of shownPlans()) {
      const seen = new Set(map.queryRenderedFeatures({ layers: [layer.name] }).map((feature) => feature.properties.zona));
      for (const zone of layer.zones) if (seen.has(zone.code) && !zones.has(zone.code)) zones.set(zone.code, zone);
    }
    const rows = [...zones.values()].sort((a, b) => a.code.localeCompare(b.code));
    const hazards = others.filter((layer) => layer.classes && state.layers.includes(layer.name));
    target.replaceChildren(...hazards.flatMap((layer) => layer.classes.map((one) => h("li", {}, h("i.swatch", { style: { background: one.colour } }), h("span", {}, `${language() === "id" ? layer.title : layer.title_en}: ${one.words}`)))), ...rows.map((zone) => h("li", {}, h("i.swatch", { style: { background: zone.colour } }), zone.code.length < 8 && h("b", {}, zone.code), h("span", {}, zone.name))));
    document.getElementById("opacity").textContent = `${number(state.opacity * 100, 0)} %`;
  }

  const fold = document.getElementById("fold");
  const setOpen = (open) => { fold.setAttribute("aria-expanded", String(open)); list.hidden = !open; };
  fold.addEventListener("click", () => setOpen(list.hidden));
  setOpen(innerWidth > 700);
  map.on("idle", legend);
  draw();
  apply();
  // One hazard map at a time: two over each other show a third that does not exist.
  function showOnly(name) {
    const hazards = others.filter((layer) => layer.classes).map((layer) => layer.name);
    state.layers = [...state.layers.filter((one) => !hazards.includes(one)), name];
    draw();
    apply();
  }

  return { draw, showOnly };
}
