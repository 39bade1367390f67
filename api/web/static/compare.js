// Two versions of a plan, or two plans, side by side under one divider; what changed is named.
import { area, day, h } from "./format.js";
import { boundsOf, cloneMap, fit, show, tilesOf } from "./map.js";
import { refusal } from "./refusal.js";
import { get, Refused } from "./service.js";
import { colourSwatch } from "./swatch.js";
import { swipe } from "./swipe.js";
import { t } from "./words.js";

const NOTHING = "–";

export function createCompare(map, description, card, modes, panel) {
  const plans = description.layers.filter((layer) => layer.zones && !layer.fault);
  let choices = null, sides = null, second = null;
  document.getElementById("compare").addEventListener("click", () => { if (modes.is("compare")) { modes.leave(); card.close(); } else form(); });

  // Every version of every plan, the newest of each first.
  async function versions() {
    const told = await Promise.all(plans.map((layer) => get(`/v1/layers/${encodeURIComponent(layer.name)}/versions`)));
    return plans.flatMap((layer, at) => told[at].versions.map((one) => ({ layer, ...one, key: `${layer.name}@${one.short}` })));
  }

  async function form() {
    card.wait();
    try {
      choices ??= await versions();
    } catch (error) { refuse(error); return; }
    if (choices.length < 2) { card.show([h("h2", {}, t("compare")), h("p.empty", {}, t("compare_empty"))]); return; }
    sides ??= usual();
    const select = (at, label) => h("label.field", {}, h("span", {}, label), h("select", { onchange: (event) => { sides[at] = choices.find((one) => one.key === event.target.value); } }, ...groups(sides[at])));
    card.show([h("h2", {}, t("compare")), h("p.sub", {}, t("compare_about")),
      h("form", { onsubmit: (event) => { event.preventDefault(); run(); } },
        select(0, t("left")), select(1, t("right")),
        h("div.actions", {}, h("button.primary", { type: "submit" }, t("compare_run"))))]);
  }

  // A plan with a former version is what people come for; else the two most detailed plans.
  function usual() {
    const many = plans.find((layer) => choices.filter((one) => one.layer === layer).length > 1);
    if (many) { const [after, before] = choices.filter((one) => one.layer === many); return [before, after]; }
    return [choices[1], choices[0]];
  }

  const groups = (chosen) => plans.map((layer) => h("optgroup", { label: layer.title }, ...choices.filter((one) => one.layer === layer).map((one) => h("option", { value: one.key, selected: one === chosen }, nameOf(one)))));
  const nameOf = (one) => `${one.valid_from ? `${t("since")} ${day(one.valid_from)}` : `${t("published")} ${day(one.known_from)}`} · ${one.short.slice(0, 8)}`;
  const label = (one) => h("span", {}, h("b", {}, one.layer.title), ` ${nameOf(one)}`);

  async function run() {
    end();
    modes.enter("compare", { ended: end });
    const [left, right] = sides;
    show(map, "changes", []);
    panel.lend((chosen) => chosen, right.layer.name);
    map.getSource(right.layer.name).setTiles(tilesOf(right.layer, right.short));
    second = await cloneMap(map, document.getElementById("second"), (style) => onlyPlan(style, left));
    swipe(map, second, [label(left), label(right)]);
    if (left.layer === right.layer && left.version !== right.version) await changes(left, right);
    else card.show([...heading(), h("p.sub", {}, t(left.version === right.version ? "compare_same" : "compare_plans")), back()]);
  }

  function onlyPlan(style, side) {
    style.sources[side.layer.name].tiles = tilesOf(side.layer, side.short);
    for (const layer of style.layers) {
      if (!plans.some((plan) => plan.name === layer.source)) continue;
      layer.layout = { ...layer.layout, visibility: layer.source === side.layer.name ? "visible" : "none" };
    }
    return style;
  }

  function end() {
    if (!second) return;
    swipe.end();
    second.remove();
    second = null;
    const right = sides[1];
    map.getSource(right.layer.name).setTiles(tilesOf(right.layer, right.layer.version));
    show(map, "changes", []);
    panel.lend(null);
  }

  async function changes(left, right) {
    card.wait();
    try {
      const found = await get(`/v1/layers/${encodeURIComponent(left.layer.name)}/changes?before=${left.version}&after=${right.version}`);
      if (!second) return;
      for (const one of [map, second]) show(one, "changes", found.pieces.features);
      if (found.pieces.features.length) fit(map, boundsOf({ coordinates: found.pieces.features.map((one) => one.geometry.coordinates) }));
      card.show([...heading(), ...table(found, left.layer), back()]);
    } catch (error) { refuse(error); }
  }

  const heading = () => [h("h2", {}, t("compare")), h("dl.facts.sides", {}, h("dt", {}, t("left")), h("dd", {}, label(sides[0])), h("dt", {}, t("right")), h("dd", {}, label(sides[1])))];
  const back = () => h("div.actions", {}, h("button.plain", { type: "button", onclick: form }, t("again")));

  function table(found, layer) {
    if (!found.changes.length) return [h("p.empty", {}, t("no_changes"))];
    const colours = new Map(layer.zones.map((zone) => [zone.code, zone.colour]));
    const named = (code) => (code === null ? h("span.sub", {}, t("no_plan_here")) : h("span", {}, colourSwatch(colours.get(code) ?? "#c9c3d6"), ` ${code}`));
    const total = found.changes.reduce((sum, one) => sum + one.area_m2, 0);
    const rows = found.changes.map((one, at) => {
      const piece = found.pieces.features[at];
      const go = () => piece && fit(map, boundsOf(piece.geometry));
      return h("tr.pick", { onclick: go },
        h("td", {}, h("button.link", { type: "button", "aria-label": `${one.before ?? NOTHING} → ${one.after ?? NOTHING}` }, named(one.before), " → ", named(one.after)), piece?.properties.desa?.length ? h("div.sub", {}, piece.properties.desa.join(", "), piece.properties.more ? ` +${piece.properties.more}` : "") : null),
        h("td.n", {}, area(one.area_m2)));
    });
    return [found.unread && h("p.callout", {}, `${t("layer_unread")}: ${found.unread}. ${t("names_unread")}`), h("h3", {}, `${t("changed")} · ${area(total)}`),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("from_to")), h("th.n", {}, t("area")))), h("tbody", {}, ...rows)),
      h("h3", {}, t("per_class")),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("zone")), h("th.n", {}, t("lost")), h("th.n", {}, t("gained")), h("th.n", {}, t("now")))),
        h("tbody", {}, ...found.classes.filter((one) => one.lost_m2 || one.gained_m2).map((one) => h("tr", {}, h("td", {}, named(one.class)), h("td.n", {}, area(one.lost_m2)), h("td.n", {}, area(one.gained_m2)), h("td.n", {}, area(one.after_m2))))))];
  }

  function refuse(error) {
    if (!(error instanceof Refused)) throw error;
    card.show([h("h2", {}, t("compare")), refusal(error.problem), back()]);
  }
}
