// Where poverty clusters: classes on the map, and for every village why it has its class.
import { boundsOf, fit, show } from "./map.js";
import { h, number, percent } from "./format.js";
import { refusal } from "./refusal.js";
import { get, Refused } from "./service.js";
import { colourSwatch, NO_DATA } from "./swatch.js";
import { language, t } from "./words.js";

const BLANK = "no_answer";
const ORDER = ["hot", "outlier", "cold", "not_significant", BLANK];

export function createHotspots(map, description, card, modes, panel) {
  const names = new Map(description.labels.filter((one) => one.code).map((one) => [one.code, one.name]));
  let found = null, shapes = null;
  document.getElementById("hotspots").addEventListener("click", () => { if (modes.is("hotspots")) { modes.leave(); card.close(); } else start(); });

  async function start() {
    card.wait();
    try {
      [found, shapes] = await Promise.all([get("/v1/hotspots?f=json"), get("/v1/hotspots?f=geojson")]);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      card.show([h("h2", {}, t("hotspots")), refusal(error.problem)]);
      return;
    }
    modes.enter("hotspots", { ended: () => { show(map, "areas", []); panel.lend(null); panel.legend.set(null); }, click: pick });
    panel.lend((chosen) => chosen.filter((name) => name === "batas_desa" || name === "garis_pantai"), "-"); // no plan below
    panel.legend.set(() => [{ title: t("hotspots"), rows: found.classes.map((one) => ({ swatch: () => swatch(one.class), text: `${told(one, "name")}: ${told(one, "meaning")}` })) }]);
    draw(null);
    fit(map, boundsOf({ coordinates: shapes.features.map((one) => one.geometry.coordinates) }));
    overview();
  }

  const told = (one, name) => (language() === "id" ? one[name] : one[`${name}_en`] ?? one[name]);
  const classOf = (name) => found.classes.find((one) => one.class === name) ?? found.classes.find((one) => one.class === BLANK);
  const colour = (name) => (name === BLANK ? NO_DATA : classOf(name).colour);
  const swatch = (name) => colourSwatch(colour(name));
  const named = (id) => names.get(id) ?? id;
  const kind = (row) => (row.status === "ok" || found.classes.some((one) => one.class === row.class) ? row.class ?? BLANK : BLANK);

  function draw(marked) {
    show(map, "areas", shapes.features.map((one) => ({ ...one, properties: { id: one.id, class: kind(one.properties), colour: classOf(kind(one.properties)).colour, marked: marked?.includes(one.id) ?? false } })));
  }

  function pick(event) {
    const [feature] = map.queryRenderedFeatures(event.point, { layers: ["areas-fill"] });
    if (feature) area(feature.properties.id);
  }

  function overview() {
    draw(null);
    const rows = [...found.table].sort((a, b) => ORDER.indexOf(kind(a)) - ORDER.indexOf(kind(b)) || (a.q ?? 2) - (b.q ?? 2));
    card.show([h("h2", {}, t("hotspots")), h("p.sub", {}, t("hotspots_about")),
      h("ul.classes", {}, ...found.classes.map((one) => h("li", {}, swatch(one.class), h("span", {}, h("b", {}, told(one, "name")), ` ${told(one, "meaning")}`), h("span.n", {}, number(one.areas, 0))))),
      found.withheld ? h("p.callout", {}, `${number(found.withheld, 0)} ${t("withheld")}`) : null,
      ...clusters(),
      h("h3", {}, t("by_village")),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("village")), h("th.n", {}, t("poor_share")), h("th", {}, t("class")))), h("tbody", {}, ...rows.map((row) => h("tr.pick", { onclick: () => area(row.id) },
        h("td", {}, h("button.link", { type: "button" }, named(row.id))), h("td.n", {}, rate(row)), h("td", {}, swatch(kind(row)), ` ${told(classOf(kind(row)), "name")}`))))),
      h("details", {}, h("summary", {}, t("how_measured")), h("dl.facts", {}, ...facts()), h("ul.notes", {}, ...found.notes.map((one) => h("li", {}, told(one, "text") ?? one.message)))),
      h("div.actions", {}, h("a.plain", { href: "/v1/hotspots?f=csv", download: "kantong.csv" }, t("csv")), h("a.plain", { href: "/v1/hotspots?f=html", target: "_blank", rel: "noopener" }, t("report")))]);
  }

  function clusters() {
    if (!found.clusters.length) return [h("p.empty", {}, t("no_clusters"))];
    return [h("h3", {}, t("clusters")), ...found.clusters.map((one) => h("div.group-line", {}, swatch("hot"), h("div", {}, h("button.link", { type: "button", onclick: () => zoom(one.members) }, `${one.cluster} · ${one.members.length} ${t("villages")}`), h("div.sub", {}, one.members.map(named).join(", ")))))];
  }

  const rate = (row) => (row.rate === null || row.rate === undefined ? (row.value === null || row.value === undefined ? t("closed") : number(row.value, 0)) : percent(row.rate, 1));

  const facts = () => [["value", found.value], ["rate_of", found.rate_of], ["weights", found.weights], ["fdr", number(found.fdr, 2)], ["moran_i", found.moran_i === null ? "–" : number(found.moran_i, 3)]].filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, t("measures")[name]), h("dd", {}, String(value))]);

  function zoom(ids) {
    draw(ids);
    fit(map, boundsOf({ coordinates: shapes.features.filter((one) => ids.includes(one.id)).map((one) => one.geometry.coordinates) }));
  }

  // One village: its class and the sentence that says why.
  function area(id) {
    const row = found.table.find((one) => one.id === id);
    const its = classOf(kind(row));
    draw([id]);
    card.show([h("h2", {}, named(id)), h("p.sub", {}, id),
      h("div.zone", { tone: kind(row) === BLANK ? "#c3cad3" : its.colour }, h("div.name", {}, told(its, "name")), h("p", {}, told(row, "reason") ?? told(its, "meaning"))),
      h("dl.facts", { style: { marginTop: "16px" } }, ...[[t("poor_share"), rate(row)], [t("poor_count"), row.value === null || row.value === undefined ? t("closed") : number(row.value, 0)], [t("neighbours"), row.neighbours === null || row.neighbours === undefined ? "–" : number(row.neighbours, 0)], [t("neighbours_mean"), row.neighbours_mean === null || row.neighbours_mean === undefined ? "–" : found.rate_of ? percent(row.neighbours_mean, 1) : number(row.neighbours_mean, 1)], ["Gi*", row.gi_star_z === null || row.gi_star_z === undefined ? "–" : number(row.gi_star_z, 2)], ["q (FDR)", row.q === null || row.q === undefined ? "–" : row.q < 0.001 ? `< ${number(0.001, 3)}` : number(row.q, 3)]].flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)])),
      h("div.actions", {}, h("button.plain", { type: "button", onclick: overview }, `← ${t("hotspots")}`))]);
  }
}
