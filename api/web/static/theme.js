// Themes on the same map: industry, tourism, investment; where each line of business may go.
import { area, h, number } from "./format.js";
import { lists } from "./activity.js";
import { background, izinSwatch, legendRows, ORDER, paint, unpaint, wordOf } from "./izin.js";
import { fit } from "./map.js";
import { refusal } from "./refusal.js";
import { get, Refused } from "./service.js";
import { language, t } from "./words.js";

const HECTARE = 10000;
const two = (one, key) => (language() === "id" ? one[key] : one[`${key}_en`]);

export function createTheme(map, description, card, modes, panel) {
  let opened = null;
  document.getElementById("theme").addEventListener("click", () => { if (modes.is("theme")) { modes.leave(); card.close(); } else choose(); });

  function enter(theme) {
    modes.enter("theme", { ended: () => { unpaint(map, description); panel.lend(null); panel.legend.set(null); setAddress("/"); } });
    const named = theme ? description.layers.filter((layer) => theme.layers.includes(layer.style)).map((layer) => layer.name) : null;
    panel.lend(named && (() => named));
  }

  function choose() {
    enter(null);
    card.show([h("h2", {}, t("themes")), h("p.sub", {}, t("themes_about")),
      h("div.links", {}, ...description.themes.map((one) => h("a", { href: `/tema/${one.id}`, onclick: (event) => { event.preventDefault(); open(one.id); } }, h("b", {}, two(one, "title")), h("span", {}, two(one, "about")))),
        h("a", { href: "/ruang-operasi" }, h("b", {}, t("room_long")), h("span", {}, t("room_about"))))]);
  }

  async function open(name) {
    card.wait();
    try {
      opened = await get(`/v1/themes/${name}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      card.show([h("h2", {}, t("themes")), refusal(error.problem)]);
      return;
    }
    enter(opened);
    setAddress(`/tema/${name}`);
    overview();
  }

  function overview() {
    unpaint(map, description);
    panel.legend.set(null);
    const plans = [...new Map(opened.kbli.flatMap((row) => row.plans.map((plan) => [plan.plan, plan.name])))];
    card.show([h("h2", {}, two(opened, "title")), h("p.sub", {}, two(opened, "about")),
      opened.unread.length ? h("p.pill.warn", {}, `${t("plan_unread")} ${opened.unread.join(", ")}`) : null,
      opened.kbli.length ? h("p.sub.key", {}, ...ORDER.map((key) => h("span", {}, izinSwatch(key), ` ${wordOf(key, description)}`))) : h("p.empty", {}, t("theme_empty")),
      ...plans.flatMap(([id, name]) => [h("h3", {}, name), table(id)]),
      h("div.actions", {}, h("button.plain", { type: "button", onclick: choose }, `← ${t("themes")}`))]);
  }

  // One line a business: a bar of the plan's ground, and what is open to it without conditions.
  function table(plan) {
    const rows = opened.kbli.map((row) => ({ ...row, here: row.plans.find((one) => one.plan === plan) })).filter((row) => row.here);
    const open = (row) => (row.here.classes.I ?? 0) + (row.here.classes.T ?? 0) + (row.here.classes.TB ?? 0) + (row.here.classes.B ?? 0);
    rows.sort((a, b) => open(b) - open(a));
    return h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("business")), h("th", {}, t("ground")), h("th.n", {}, t("may")))), h("tbody", {}, ...rows.map((row) => {
      const pick = () => show(row);
      return h("tr.pick", { onclick: pick },
        h("td", {}, h("button.link", { type: "button" }, row.kegiatan.join(", ")), h("div.sub", {}, `KBLI ${row.kbli}`)),
        h("td.wide", {}, bar(row.here)), h("td.n", {}, area(open(row) * HECTARE)));
    })));
  }

  const bar = (here) => h("div.bar", { role: "img", "aria-label": ORDER.filter((name) => here.classes[name]).map((name) => `${wordOf(name, description)} ${number(here.classes[name], 1)} ha`).join(", ") },
    ...ORDER.filter((name) => here.classes[name]).map((name) => h("i", { style: { width: `${(here.classes[name] / here.total_ha) * 100}%`, background: background(name) }, title: `${wordOf(name, description)}: ${number(here.classes[name], 2)} ha` })));

  async function show(row) {
    card.wait();
    const answer = await get(`/v1/where?kbli=${row.kbli}`).catch((error) => error);
    if (answer instanceof Error) { overview(); return; }
    paint(map, description, answer.plans);
    panel.legend.set(() => [{ title: `KBLI ${row.kbli} · ${row.kegiatan.join(", ")}`, rows: legendRows(description) }]);
    card.show([h("h2", {}, row.kegiatan.join(", ")), h("p.sub", {}, `KBLI ${row.kbli} · ${two(opened, "title")}`),
      h("p.sub", { style: { marginTop: "8px" } }, t("where_about")),
      ...row.plans.flatMap((plan) => amounts(plan)),
      ...lists(answer.plans, description),
      h("div.actions", {}, h("button.plain", { type: "button", onclick: overview }, `← ${two(opened, "title")}`))]);
  }

  function amounts(plan) {
    const names = ORDER.filter((name) => plan.classes[name]);
    return [h("h3", {}, plan.name), bar(plan), h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("izin")), h("th.n", {}, t("area")), h("th.n", {}, t("share")))), h("tbody", {}, ...names.map((name) => h("tr", {}, h("td", {}, izinSwatch(name), ` ${wordOf(name, description)}`), h("td.n", {}, area(plan.classes[name] * HECTARE)), h("td.n", {}, `${number((plan.classes[name] / plan.total_ha) * 100, 1)} %`)))))];
  }

  const setAddress = (path) => history.replaceState(null, "", path + location.hash);
  const asked = /^\/tema\/([a-z_]+)$/.exec(location.pathname)?.[1];
  if (asked) open(asked).then(() => fit(map, description.bounds));
}
