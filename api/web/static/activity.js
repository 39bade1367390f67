// Where an activity or a line of business may go: each zone coloured by how far its rules allow it.
import { h } from "./format.js";
import { classOf, izinSwatch, legendRows, ORDER, paint, unpaint, wordOf } from "./izin.js";
import { refusal } from "./refusal.js";
import { get, Refused } from "./service.js";
import { t } from "./words.js";

export function createActivity(map, description, card, modes, panel) {
  let chosen = "";
  document.getElementById("activity").addEventListener("click", () => { if (modes.is("activity")) { modes.leave(); card.close(); } else { enter(); form(); } });

  const enter = () => modes.enter("activity", { ended: () => { unpaint(map, description); panel.legend.set(null); } });

  // Classifications are listed beside activities: "47112 · toko".
  const entries = () => [...description.activities, ...description.kbli.map((one) => `${one.kbli} · ${one.kegiatan.join(", ")}`)];

  function form(found) {
    const input = h("input", { name: "kegiatan", list: "all-activities", required: true, value: chosen, placeholder: t("kegiatan_or_kbli"), autocomplete: "off" });
    card.show([h("h2", {}, t("where")), h("p.sub", {}, t("where_about")),
      h("form", { onsubmit: (event) => { event.preventDefault(); chosen = input.value.trim(); ask(); } },
        h("label.field", {}, h("span", {}, t("kegiatan")), input),
        h("datalist", { id: "all-activities" }, ...entries().map((name) => h("option", { value: name }))),
        h("div.actions", {}, h("button.primary", { type: "submit" }, t("show_where")))),
      ...(found ?? [])]);
    if (!found) input.focus();
  }

  async function ask() {
    card.wait();
    const code = /^\d{5}/.exec(chosen)?.[0];
    try {
      const answer = await get(code ? `/v1/where?kbli=${code}` : `/v1/where?kegiatan=${encodeURIComponent(chosen)}`);
      enter();
      paint(map, description, answer.plans);
      panel.legend.set(() => [{ title: chosen, rows: legendRows(description) }]);
      form(lists(answer.plans, description));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      form([refusal(error.problem)]);
    }
  }
}

// Per plan the zones of each class, the most allowing first.
export function lists(plans, description) {
  return plans.flatMap((plan) => {
    const groups = new Map(ORDER.map((name) => [name, []]));
    for (const zone of plan.zones) groups.get(classOf(zone.izin)).push(zone);
    const shown = [...groups].filter(([, zones]) => zones.length);
    return [h("h3", {}, plan.name), h("p.sub", {}, plan.legal_ref), ...shown.map(([name, zones]) => h("div.group-line", {}, izinSwatch(name), h("div", {}, h("b", {}, wordOf(name, description)), h("div.sub", {}, zones.map((zone) => zone.zona).join(", ")))))];
  });
}
