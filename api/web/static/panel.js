// Plans and layers: which are shown and how dense; beside it, on its own tab, the legend.
import { h, number } from "./format.js";
import { createLegend } from "./legend.js";
import { setVisible } from "./map.js";
import { layerSwatch } from "./swatch.js";
import { language, t } from "./words.js";

// Every plan at once, the most detailed on top: what decides at each place.
export const ALL = "semua";
const CALM = 0.8;
const GROUPS = ["rules", "hazards", "base"];

const groupOf = (layer) => {
  if (layer.classes) return "hazards";
  return ["diagonal", "back", "cross", "dots"].includes(layer.hatch) ? "rules" : "base";
};

export function createPanel(map, description, state, changed) {
  const list = document.getElementById("layer-list");
  const plans = description.layers.filter((layer) => layer.zones && !layer.fault);
  const others = description.layers.filter((layer) => !layer.zones).reverse();
  if (!plans.some((layer) => layer.name === state.plan)) state.plan = ALL;
  state.layers ??= others.filter((layer) => layer.shown).map((layer) => layer.name);
  state.opacity ??= CALM;
  // What the user had chosen before a tool showed layers of its own; it comes back with the end.
  let kept = null, lentPlan = null;

  const shownPlans = () => plans.filter((layer) => (lentPlan ? layer.name === lentPlan : state.plan === ALL || layer.name === state.plan));
  const shown = () => ({ plans: shownPlans(), layers: others.filter((layer) => !layer.fault && state.layers.includes(layer.name)), opacity: state.opacity });
  const legend = createLegend(map, shown);

  function apply() {
    const chosen = shownPlans();
    for (const layer of plans) setVisible(map, layer.name, chosen.includes(layer));
    for (const layer of others) if (!layer.fault) setVisible(map, layer.name, state.layers.includes(layer.name));
    for (const layer of chosen) map.setPaintProperty(layer.name, "fill-opacity", state.opacity);
    changed();
  }

  function draw() {
    const groups = GROUPS.map((name) => [name, others.filter((layer) => groupOf(layer) === name)]).filter(([, members]) => members.length);
    list.replaceChildren(
      h("fieldset", {}, h("legend", {}, t("plan")),
        ...(plans.length > 1 ? [plan(ALL, t("all_plans"))] : []),
        ...plans.map((layer) => plan(layer.name, layer.title)),
        slider()),
      ...groups.map(([name, members]) => h("fieldset", {}, h("legend", {}, t("groups")[name]), ...members.map(overlay))));
    legend.draw();
  }

  const plan = (name, title) => h("label.choice", {}, h("input", { type: "radio", name: "plan", checked: name === state.plan, onchange: () => { state.plan = name; apply(); } }), title);

  function slider() {
    const told = h("output", {}, `${number(state.opacity * 100, 0)} %`);
    const change = (event) => { state.opacity = Number(event.target.value); told.textContent = `${number(state.opacity * 100, 0)} %`; apply(); legend.draw(); };
    return h("label.slider", {}, t("opacity"), h("input", { type: "range", min: "0.2", max: "1", step: "0.05", value: String(state.opacity), oninput: change }), told);
  }

  function overlay(layer) {
    const title = language() === "id" ? layer.title ?? layer.name : layer.title_en ?? layer.name;
    const choose = (event) => { state.layers = state.layers.filter((name) => name !== layer.name).concat(event.target.checked ? layer.name : []); apply(); };
    return h("label.choice", {}, h("input", { type: "checkbox", checked: state.layers.includes(layer.name), disabled: Boolean(layer.fault), onchange: choose }), layerSwatch(layer), h("span", {}, title), layer.fault && h("span.fault", { title: language() === "id" ? layer.fault.detail : layer.fault.detail_en }, t(layer.fault.code === "raster_rule_unsaid" ? "unsaid" : "unreadable")));
  }

  // `how` turns the user's choice into what a tool shows at first; null gives the choice back.
  function lend(how, plan = null) {
    kept ??= state.layers;
    state.layers = how ? how(kept) : kept;
    if (!how) kept = null;
    lentPlan = plan;
    draw();
    apply();
  }

  // One hazard map at a time: two over each other show a third that does not exist.
  const withHazard = (name) => (chosen) => [...chosen.filter((one) => !others.some((layer) => layer.classes && layer.name === one)), name];

  tabs();
  draw();
  apply();
  return { draw, lend, withHazard, legend, shown, shownPlans };
}

// Two tabs; on a narrow screen the chosen one folds away when it is pressed again.
function tabs() {
  const all = [...document.querySelectorAll("#layers [role=tab]")];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const choose = (tab) => {
    for (const one of all) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab || !tab ? 0 : -1;
      panelOf(one).hidden = one !== tab;
    }
  };
  all.forEach((tab, at) => {
    tab.addEventListener("click", () => choose(innerWidth <= 700 && !panelOf(tab).hidden ? null : tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
      const next = all[(at + (event.key === "ArrowRight" ? 1 : all.length - 1)) % all.length];
      choose(next);
      next.focus();
    });
  });
  choose(innerWidth > 700 ? all[0] : null);
}
