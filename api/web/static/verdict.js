// The card of a verdict, and the table of many: everything shown is in the verdict itself.
import { area, day, h, icon, percent } from "./format.js";
import { language, t } from "./words.js";

const TONES = { ok: "#1b7f4b", limited: "#8f5a0c", no: "#b02a37", unknown: "#51606f" };
const SIGNS = { ok: "✓", limited: "●", no: "✗", unknown: "?" };
const two = (texts) => texts?.[language()] ?? "";

export function verdictCard({ verdict, headline, sentences }, description, actions) {
  const words = description.verdicts[verdict.verdict];
  const colours = new Map(description.layers.flatMap((layer) => (layer.zones ?? []).map((zone) => [zone.code, zone.colour])));
  return [
    h("div.band", { tone: words.colour }, icon(words.path), h("div", {}, h("h2", {}, two(words)), h("small", {}, `${verdict.permit_id} · ${t("on")} ${day(verdict.evidence.on)}`))),
    headline && h("p.headline", {}, headline),
    why(verdict, description),
    parts(verdict, description, colours),
    verdict.conditions.length ? [h("h3", {}, t("conditions")), h("ol.conditions", {}, ...verdict.conditions.map((one) => h("li", {}, String(one))))] : null,
    h("h3", {}, t("findings")),
    ...worstFirst(verdict.findings, sentences).map(([finding, sentence]) => findingBox(finding, sentence)),
    evidence(verdict),
    h("div.actions", {}, ...actions),
  ].flat().filter(Boolean);
}

const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// What stands in the way comes first; within that, the order of the law.
const WEIGHT = ["no", "unknown", "limited", "ok"];

const worstFirst = (findings, sentences) => findings.map((finding, at) => [finding, sentences?.[at]]).sort(([a], [b]) => WEIGHT.indexOf(state(a.interval)) - WEIGHT.indexOf(state(b.interval)));

function why(verdict, description) {
  const reasons = verdict.reasons.map((code) => sentenceCase(two(description.reasons[code]) || code));
  const [low, high] = verdict.interval;
  if (low !== high) reasons.push(`${t("interval")}: ${[low, high].map((one) => two(description.izin[one]).toLowerCase()).join(" – ")}`);
  if (verdict.possible?.length > 1) reasons.push(`${t("possible_outcome")}: ${verdict.possible.map((one) => two(description.verdicts[one]).split(":")[0].toLowerCase()).join(` ${t("or")} `)}`);
  return reasons.length ? h("p.why", {}, reasons.join(". ")) : null;
}

function parts(verdict, description, colours) {
  const total = verdict.parcel.area_m2;
  const izin = (code) => (code ? two(description.izin[code]) : t("unknown"));
  const first = verdict.parts[0]?.instrument;
  const named = (plan) => description.layers.find((layer) => layer.name === plan)?.title ?? plan;
  const bar = verdict.parts.filter((part) => part.instrument === first).map((part) => h("i", { style: { width: `${part.share * 100}%`, background: colours.get(part.zone) ?? "#c9c3d6" }, title: part.zone }));
  if (verdict.uncovered_m2 > 0) bar.push(h("i.gap", { style: { flex: "1" }, title: t("uncovered") }));
  const rows = verdict.parts.map((part) => h("tr", {},
    h("td", {}, h("span.swatch", { style: { background: colours.get(part.zone) ?? "#c9c3d6" } }), ` ${part.zone} `, h("small.sub", {}, named(part.instrument)), part.sliver ? h("small.sub", {}, ` · ${t("sliver")}`) : null),
    h("td.n", {}, area(part.area_m2)), h("td.n", {}, percent(part.share, 1)), h("td", {}, izin(part.izin))));
  if (verdict.uncovered_m2 > 0) rows.push(h("tr", {}, h("td", {}, t("uncovered")), h("td.n", {}, area(verdict.uncovered_m2)), h("td.n", {}, percent(verdict.uncovered_m2 / total, 1)), h("td", {}, t("unknown"))));
  return [
    h("h3", {}, `${t("parts")} · ${area(total)}`), h("div.bar", {}, ...bar),
    h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("zone")), h("th.n", {}, t("area")), h("th.n", {}, t("share")), h("th", {}, t("izin")))), h("tbody", {}, ...rows)),
    verdict.approvable_m2 ? h("p", {}, h("span.pill", {}, "▨ ", `${t("approvable")}: ${area(verdict.approvable_m2)}`)) : null,
  ];
}

function state([low, high]) {
  if (low === "X") return "no";
  if (high === "X") return "unknown";
  return high === "I" ? "ok" : "limited";
}

function findingBox(finding, sentence) {
  const name = state(finding.interval);
  const [rule, zone] = finding.rule.split(":");
  const label = t("rules")[rule] ?? finding.facts?.nama ?? finding.facts?.bahaya ?? t("kinds")[finding.kind] ?? finding.kind;
  const law = finding.dasar ? [finding.dasar.instrument, finding.dasar.pasal].filter(Boolean).join(", ") : null;
  return h("div.finding", { tone: TONES[name] },
    h("div", {}, h("b", {}, [label, zone?.replaceAll("_", " ")].filter(Boolean).join(" · ")), " ", h("span.state", {}, `${SIGNS[name]} ${t(name)}`)),
    sentence && h("div", {}, sentence),
    finding.conditions.length ? h("ul", {}, ...finding.conditions.map((one) => h("li", {}, String(one)))) : null,
    law && h("div.law", {}, law, finding.dasar.kutipan ? ` – “${finding.dasar.kutipan}”` : ""));
}

function evidence(verdict) {
  const facts = [[t("plan_used"), verdict.evidence.plan ?? "–"], [t("on"), day(verdict.evidence.on)], [t("engine"), verdict.evidence.engine]];
  for (const layer of verdict.evidence.layers ?? []) facts.push([layer.name ?? layer.layer, String(layer.version ?? "").slice(0, 12) || "–"]);
  return h("details", {}, h("summary", {}, t("data")), h("dl.facts", {}, ...facts.flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, String(value))])));
}

// Many verdicts: worst first, a click opens one.
const RANK = ["TIDAK_SESUAI", "PERLU_KAJIAN", "DISETUJUI_SEBAGIAN", "SESUAI_BERSYARAT", "SESUAI_TERBATAS", "SESUAI"];

export function verdictTable(answers, description, open) {
  const verdicts = answers.map((one) => one.verdict);
  const rows = answers.map(({ verdict }, index) => ({ verdict, index })).sort((a, b) => RANK.indexOf(a.verdict.verdict) - RANK.indexOf(b.verdict.verdict));
  const totals = RANK.map((code) => [code, verdicts.filter((one) => one.verdict === code).length]).filter(([, count]) => count);
  return [
    h("h2", {}, `${t("results")}: ${verdicts.length} ${t("many")}`),
    h("p.sub", {}, totals.map(([code, count]) => `${count} ${two(description.verdicts[code]).split(":")[0].toLowerCase()}`).join(" · ")),
    h("table", {}, h("tbody", {}, ...rows.map(({ verdict, index }) => {
      const words = description.verdicts[verdict.verdict];
      const pick = () => open(index);
      return h("tr.pick", { tabindex: "0", role: "button", onclick: pick, onkeydown: (event) => event.key === "Enter" && pick() },
        h("td", {}, verdict.permit_id), h("td.word", { tone: words.colour }, icon(words.path), two(words).split(":")[0]), h("td.n", {}, area(verdict.parcel.area_m2)));
    }))),
  ];
}
