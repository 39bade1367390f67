// Where an activity may go: each zone of the plans coloured by how far its rules allow it.
import { h } from "./format.js";
import { get, Refused } from "./service.js";
import { language, t } from "./words.js";

export const TONES = { I: "#1b7f4b", T: "#8cbf5f", B: "#d8a03a", TB: "#d8a03a", X: "#d9a3a9" };
const BLANK = "#dfe3e8";

export function createActivity(map, description, card, parcels) {
  let chosen = "", painted = false;
  document.getElementById("activity").addEventListener("click", () => { parcels.stop(); form(); });

  function form(found) {
    const input = h("input", { name: "kegiatan", list: "all-activities", required: true, value: chosen, placeholder: t("kegiatan_hint") });
    card.show([h("h2", {}, t("where")), h("p.sub", {}, t("where_about")),
      h("form", { onsubmit: (event) => { event.preventDefault(); chosen = input.value.trim(); ask(); } },
        h("label.field", {}, h("span", {}, t("kegiatan")), input),
        h("datalist", { id: "all-activities" }, ...description.activities.map((name) => h("option", { value: name }))),
        h("div.actions", {}, h("button.primary", { type: "submit" }, t("show_where")), painted ? h("button.plain", { type: "button", onclick: () => { clear(); form(); } }, t("clear")) : null)),
      ...(found ?? [])].filter(Boolean));
    if (!found) input.focus();
  }

  async function ask() {
    card.wait();
    try {
      const answer = await get(`/v1/where?kegiatan=${encodeURIComponent(chosen)}`);
      paint(answer.plans);
      form(lists(answer.plans));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      form([h("div.problem", { role: "alert" }, h("p", {}, error.problem.detail))]);
    }
  }

  const tone = (izin) => (izin ? TONES[izin[1]] : BLANK);

  function paint(plans) {
    painted = true;
    for (const layer of description.layers.filter((one) => one.zones)) {
      const plan = plans.find((one) => one.layer === layer.name);
      const pairs = (plan?.zones ?? []).flatMap((zone) => [zone.zona, tone(zone.izin)]);
      map.setPaintProperty(layer.name, "fill-color", pairs.length ? ["match", ["get", "zona"], ...pairs, BLANK] : BLANK);
    }
  }

  function clear() {
    if (!painted) return;
    painted = false;
    for (const layer of description.layers.filter((one) => one.zones)) map.setPaintProperty(layer.name, "fill-color", ["match", ["get", "zona"], ...layer.zones.flatMap((zone) => [zone.code, zone.colour]), "#c9c3d6"]);
  }

  function lists(plans) {
    const word = (izin) => (izin ? [...new Set(izin)].map((code) => description.izin[code][language()]).join(" – ") : t("blank"));
    return plans.flatMap((plan) => {
      const groups = new Map();
      for (const zone of plan.zones) groups.set(word(zone.izin), [...(groups.get(word(zone.izin)) ?? []), zone]);
      const order = [...groups].sort(([, a], [, b]) => rank(a[0].izin) - rank(b[0].izin));
      return [h("h3", {}, plan.name), ...order.map(([name, zones]) => h("div.group-line", {}, h("i.swatch", { style: { background: tone(zones[0].izin) } }), h("div", {}, h("b", {}, name), h("div.sub", {}, zones.map((zone) => zone.zona).join(", ")))))];
    });
  }

  const rank = (izin) => (izin ? "ITBX".indexOf(izin[1][0]) : 9);
  return { clear };
}
