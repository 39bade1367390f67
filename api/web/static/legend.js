// The legend: what is on the screen now, or what the tool in use has drawn.
import { h } from "./format.js";
import { colourSwatch, layerSwatch, NO_DATA } from "./swatch.js";
import { language, t } from "./words.js";

const titleOf = (layer) => (language() === "id" ? layer.title ?? layer.name : layer.title_en ?? layer.name);

export function createLegend(map, shown) {
  const target = document.getElementById("legend-list");
  let special = null;

  // A group is {title, rows: [{swatch, code, text}]}; a row's swatch is made anew on each drawing.
  function groups(drawn) {
    const { plans, layers, opacity } = shown();
    const found = [];
    if (special) found.push(...special());
    else found.push(...planGroups(drawn, plans, opacity));
    const hazards = layers.filter((layer) => layer.classes);
    found.push(...hazards.map((layer) => ({ title: titleOf(layer), rows: layer.classes.map((one) => ({ swatch: () => colourSwatch(one.colour), text: one.words })) })));
    const others = layers.filter((layer) => !layer.classes);
    if (others.length) found.push({ title: t("overlays"), rows: others.map((layer) => ({ swatch: () => layerSwatch(layer), text: titleOf(layer) })) });
    found.push({ title: "", rows: [{ swatch: () => colourSwatch(NO_DATA), text: t("legend_outside") }] });
    return found.filter((group) => group.rows.length);
  }

  // A zone that a more detailed plan has shown in the same words and colour is not told twice.
  function planGroups(drawn, plans, opacity) {
    const told = new Set(), own = (row) => `${row.code}|${row.text}`;
    return plans.map((layer) => {
      const group = planGroup(drawn, layer, opacity);
      const rows = group.rows.filter((row) => !told.has(own(row)));
      rows.forEach((row) => told.add(own(row)));
      return { ...group, rows };
    });
  }

  // Only zones that are drawn: a legend of a hundred classes helps nobody.
  function planGroup(drawn, layer, opacity) {
    const seen = new Set(drawn.queryRenderedFeatures({ layers: [layer.name] }).map((feature) => feature.properties.zona));
    const zones = layer.zones.filter((zone) => seen.has(zone.code)).sort((a, b) => a.code.localeCompare(b.code));
    return { title: titleOf(layer), rows: zones.map((zone) => ({ swatch: () => colourSwatch(zone.colour, opacity), code: zone.code.length < 8 && zone.code !== zone.name ? zone.code : "", text: zone.name || zone.code })) };
  }

  const row = (one) => h("li", {}, one.swatch(), one.code ? h("b", {}, one.code) : null, h("span", {}, one.text));

  // Of this map, or of another one of the same layers, such as that of a sheet of paper.
  const lists = (drawn = map) => groups(drawn).map((group) => h("section", {}, group.title ? h("h3", {}, group.title) : null, h("ul.legend", {}, ...group.rows.map(row))));

  function draw() { target.replaceChildren(h("h2.unseen", {}, t("legend")), ...lists()); }

  // What a tool draws stands in place of the zones until it ends.
  function set(rows) { special = rows; draw(); }

  map.on("idle", draw);
  return { draw, set, lists };
}
