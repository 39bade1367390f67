// Hazard: what stands in each class, in the whole workspace or in an area that is drawn.
import { area, h, number } from "./format.js";
import { boundsOf, fit, show } from "./map.js";
import { refusal } from "./refusal.js";
import { get, post, Refused } from "./service.js";
import { colourSwatch } from "./swatch.js";
import { language, t } from "./words.js";

const UNCLEAR = ["tanpa_data", "luar_cakupan"];
const GREY = "repeating-linear-gradient(135deg, #fff 0 3px, #b6bec7 3px 5px)";
const NONE = "#eef1f4";

export function createHazard(map, description, card, modes, panel, parcels) {
  let known = null;
  const asked = { of: "bangunan" };
  document.getElementById("hazard").addEventListener("click", () => { if (modes.is("hazard")) { modes.leave(); card.close(); } else form(); });

  const titleOf = (name) => { const one = description.layers.find((layer) => layer.name === name); return one ? (language() === "id" ? one.title : one.title_en) : name; };
  const showMap = () => panel.lend(panel.withHazard(asked.hazard));

  async function form() {
    card.wait();
    try {
      known ??= (await get("/v1/hazards")).hazards;
    } catch (error) { refuse(error); return; }
    if (!known.length) { card.show([h("h2", {}, t("hazard")), h("p.empty", {}, t("no_hazard"))]); return; }
    asked.hazard ??= known[known.length - 1].name;
    modes.enter("hazard", { ended: () => { parcels.stop(); show(map, "parcel", []); panel.lend(null); } });
    showMap();
    const choice = (name, label, options) => h("label.field", {}, h("span", {}, label), h("select", { name, onchange: (event) => { asked[name] = event.target.value; showMap(); } }, ...options.map(([value, text]) => h("option", { value, selected: value === asked[name] }, text))));
    card.show([h("h2", {}, t("hazard")), h("p.sub", {}, t("hazard_about")),
      h("form", { onsubmit: (event) => { event.preventDefault(); run(null); } },
        choice("hazard", t("hazard_map"), known.map((one) => [one.name, titleOf(one.name)])),
        choice("of", t("hazard_of"), ["bangunan", "lahan", "jalan"].map((one) => [one, t("ofs")[one]])),
        h("div.actions", {}, h("button.primary", { type: "button", onclick: () => parcels.draw((geometry) => run(geometry), t("area_hint")) }, t("draw_area")), h("button.plain", { type: "submit" }, t("whole"))))]);
  }

  async function run(geometry) {
    card.wait();
    show(map, "parcel", geometry ? [{ type: "Feature", properties: {}, geometry }] : []);
    if (geometry) fit(map, boundsOf(geometry));
    try {
      card.show(result(await post("/v1/hazard/exposure", { hazard: asked.hazard, of: asked.of, ...(geometry ? { area: geometry } : {}) }), geometry));
    } catch (error) { refuse(error); }
  }

  function refuse(error) {
    if (!(error instanceof Refused)) throw error;
    card.show([h("h2", {}, t("hazard")), refusal(error.problem), h("div.actions", {}, h("button.plain", { type: "button", onclick: form }, t("again")))]);
  }

  const amount = (value, unit) => {
    if (unit === "m2") return area(value);
    return unit === "m" ? `${number(value / 1000, 2)} km` : number(value, 0);
  };
  const label = (name) => t("classes")[name] ?? name;

  function result(found, geometry) {
    const colours = new Map(found.legend.classes.map((one) => [one.class, one]));
    const paint = (name) => (UNCLEAR.includes(name) ? GREY : colours.get(name)?.colour ?? NONE);
    const total = found.classes.reduce((sum, one) => sum + one.amount, 0);
    const shown = found.classes.filter((one) => one.amount > 0);
    return [
      h("h2", {}, `${t("ofs")[found.of]} · ${titleOf(found.hazard)}`),
      h("p.sub", {}, t(geometry ? "in_drawn_area" : "in_workspace")),
      total ? classes(found, shown, total, paint, colours) : h("p.empty", {}, t("nothing_exposed")),
      shown.some((one) => UNCLEAR.includes(one.class)) ? h("p.callout", {}, t("unclear")) : null,
      closure(found),
      h("h3", {}, t("by_village")), villages(found, paint),
      h("div.actions", {}, csv(found), h("button.plain", { type: "button", onclick: form }, t("again"))),
    ].flat();
  }

  function classes(found, shown, total, paint, colours) {
    return [
      h("div.bar.tall", { "aria-hidden": "true" }, ...shown.map((one) => h("i", { style: { width: `${(one.amount / total) * 100}%`, background: paint(one.class) }, title: label(one.class) }))),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("class")), h("th.n", {}, t("amount")), h("th.n", {}, t("share")))), h("tbody", {},
        ...shown.map((one) => h("tr", {}, h("td", {}, colourSwatch(paint(one.class)), ` ${label(one.class)} `, h("small.sub", {}, colours.get(one.class)?.words ?? "")), h("td.n", {}, amount(one.amount, found.unit)), h("td.n", {}, `${number((one.amount / total) * 100, 1)} %`))),
        h("tr.total", {}, h("td", {}, t("total")), h("td.n", {}, amount(total, found.unit)), h("td.n", {}, "100 %")))),
    ];
  }

  // The account that must close: what was classed, what no map or village covers, and the whole.
  function closure(found) {
    const account = found.accounts[0];
    const line = (key) => h("tr", {}, h("td", {}, t("account")[key]), h("td.n", {}, `${key === "overlap" ? "− " : ""}${amount(account[key], found.unit)}`));
    const told = ["classified", "nodata", "unmapped", "gap", "overlap"].filter((key) => key === "classified" || account[key]);
    return h("details", { open: true }, h("summary", {}, `✓ ${t("closes")}`), h("table", {}, h("tbody", {}, ...told.map(line),
      h("tr.total", {}, h("td", {}, t("account").whole), h("td.n", {}, amount(account.whole, found.unit))),
      h("tr", {}, h("td", {}, t("residual")), h("td.n", {}, account.residual === 0 ? "0" : account.residual.toExponential(1))))));
  }

  // The villages with most in a class of hazard come first.
  function villages(found, paint) {
    const rows = new Map();
    for (const one of found.table) {
      const row = rows.get(one.code) ?? rows.set(one.code, { name: one.name, parts: [], sum: 0, in: 0 }).get(one.code);
      row.parts.push(one);
      row.sum += one.amount;
      if (!UNCLEAR.includes(one.class) && one.class !== "tidak_ada") row.in += one.amount;
    }
    const sorted = [...rows.values()].filter((row) => row.sum > 0).sort((a, b) => b.in - a.in);
    return h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("village")), h("th", {}, t("share")), h("th.n", {}, t("exposed")))), h("tbody", {}, ...sorted.map((row) => h("tr", {},
      h("td", {}, row.name),
      h("td.wide", {}, h("div.bar", {}, ...row.parts.filter((one) => one.amount > 0).map((one) => h("i", { style: { width: `${(one.amount / row.sum) * 100}%`, background: paint(one.class) }, title: `${label(one.class)}: ${amount(one.amount, found.unit)}` })))),
      h("td.n", {}, amount(row.in, found.unit))))));
  }

  function csv(found) {
    const lines = [["kode", "desa", "kelas", `jumlah_${found.unit}`], ...found.table.map((one) => [one.code, one.name, one.class, one.amount])];
    const text = `\ufeff${lines.map((line) => line.map((cell) => `"${String(cell).replace(/"/g, '""')}"`).join(";")).join("\r\n")}`;
    return h("a.plain", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: `paparan-${found.of}-${found.hazard}.csv` }, t("csv"));
  }
}
