// Rows and boxes of the operation room.
import { h, number, percent } from "./format.js";
import { t } from "./words.js";

export const pairRow = (one) => h("tr", {}, h("td", {}, one.pair.replaceAll("_", " ")), h("td.n", {}, `${number(one.area_ha, 0)} ha`), h("td.n", {}, `${number(one.proven_ha, 0)} ha`));

// Greens against the shares of the law: a bar with a mark where the target stands.
export function greenBox(plan) {
  if (plan.fault) return h("p.empty", {}, `${plan.name}: ${t("plan_unread")}`);
  const [whole, ...parts] = plan.kinds;
  const scale = Math.max(whole.target, whole.bagian) * 1.15;
  const row = (kind) => {
    const met = kind.bagian >= kind.target;
    return h("tr", {}, h("td", {}, t("green_kinds")[kind.jenis]),
      h("td.wide", {}, h("div.gauge", { role: "img", "aria-label": `${percent(kind.bagian, 1)}, ${t("target")} ${percent(kind.target, 0)}` }, h("i", { style: { width: `${Math.min(1, kind.bagian / scale) * 100}%` } }), h("b", { style: { left: `${(kind.target / scale) * 100}%` } }))),
      h("td.n", {}, h("strong", {}, percent(kind.bagian, 1)), h("span.sub", {}, ` / ${percent(kind.target, 0)}`)),
      h("td.n", {}, met ? `✓ ${t("met")}` : `✗ ${t("lacks")} ${number(kind.kurang_ha, 0)} ha`));
  };
  return h("div", {}, h("h3", {}, plan.name), h("table", {}, h("tbody", {}, row(whole), ...parts.map(row))), h("p.sub", {}, plan.counted), h("p.sub", {}, `${plan.source} · ${t("statuses")[plan.status] ?? plan.status}`));
}

export const updateRow = (one, moment) => h("tr", {}, h("td", {}, one.name), h("td.sub", {}, `${t("version")} ${String(one.version).slice(0, 8)}`), h("td.n", {}, moment(one.known_from)));
