// The operation room: figures that a room reads from three metres, fetched again and again.
import { h, icon, number } from "./format.js";
import { greenBox, pairRow, updateRow } from "./room-parts.js";
import { signIn } from "./refusal.js";
import { get, Refused } from "./service.js";
import { language, setLanguage, t } from "./words.js";

const EVERY_MS = 15000;
const PLANS_EVERY_MS = 600000;
// Older than this the figures on the screen are no longer called current.
const STALE_MS = 60000;
const RANK = ["SESUAI", "SESUAI_TERBATAS", "SESUAI_BERSYARAT", "DISETUJUI_SEBAGIAN", "PERLU_KAJIAN", "TIDAK_SESUAI"];
const SHOWN_AREAS = 8;
let last = null, plans = null, heard = 0, failed = null;

const body = (id) => document.querySelector(`#${id} .body`);
const put = (id, ...children) => body(id).replaceChildren(...children.flat().filter(Boolean));
const short = (words) => words[language()].split(":")[0];
const empty = (text) => h("p.empty", {}, text);
const time = (date) => new Intl.DateTimeFormat(language() === "id" ? "id-ID" : "en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "Asia/Jakarta" }).format(date);
const dayAndTime = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "Asia/Jakarta" };
const moment = (text) => `${new Intl.DateTimeFormat(language() === "id" ? "id-ID" : "en-GB", dayAndTime).format(new Date(text))} WIB`;

async function refresh() {
  try {
    last = await get("/v1/control-room");
    heard = Date.now();
    failed = null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    failed = error.problem;
  }
  draw();
}

async function refreshPlans() {
  try {
    plans = await get("/v1/control-room/plans");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    plans = { fault: error.problem.detail };
  }
  draw();
}

function draw() {
  words();
  told();
  if (!last) return;
  document.getElementById("workspace").textContent = last.name;
  const notice = document.getElementById("notice");
  notice.hidden = last.official;
  notice.textContent = t("notice");
  permits();
  areas();
  warnings();
  state();
  updates();
}

// Current, stale or cut off: the room must never take old figures for new ones.
function told() {
  const line = document.getElementById("state"), age = Date.now() - heard;
  const stale = !heard || age > STALE_MS || failed;
  line.className = stale ? "stale" : "";
  const door = failed?.status === 401;
  document.getElementById("door").hidden = !door;
  const closed = document.getElementById("closed");
  closed.hidden = !door;
  closed.textContent = t("room_closed");
  document.getElementById("room").classList.toggle("closed", door);
  if (!heard) line.textContent = door ? t("signed_out") : failed ? failed.detail : t("loading");
  else if (stale) line.textContent = `${t("cut_off")} ${time(new Date(heard))} WIB`;
  else line.textContent = `${t("refreshed")} ${time(new Date(heard))} WIB`;
}

function permits() {
  const found = last.permits;
  if (found.fault) { put("permits", empty(t("no_register"))); return; }
  if (!found.permits) { put("permits", empty(t("room_no_permits"))); return; }
  const count = (code) => found.verdicts[code] ?? 0;
  put("permits",
    h("div.total", {}, h("strong", {}, number(found.permits, 0)), h("span", {}, t("applications")), h("span.sub", {}, `${number(found.decisions, 0)} ${t("decisions")}${found.uncounted ? ` · ${number(found.uncounted, 0)} ${t("being_counted")}` : ""}`)),
    bar(found.verdicts, found.permits),
    h("ul.verdicts", {}, ...RANK.map((code) => h("li", { tone: last.words[code].colour }, icon(last.words[code].path), h("strong", {}, number(count(code), 0)), h("span", {}, short(last.words[code]))))),
    h("h3", {}, t("recent")),
    h("table", {}, h("tbody", {}, ...found.recent.slice(0, 3).map((one) => h("tr", {}, h("td.n.first", {}, one.permit_id), h("td", {}, one.area), h("td.word", { tone: last.words[one.verdict]?.colour }, last.words[one.verdict] && icon(last.words[one.verdict].path), last.words[one.verdict] ? short(last.words[one.verdict]) : "–"), h("td.n", {}, moment(one.recorded_at)))))));
}

const bar = (verdicts, total) => h("div.bar", { "aria-hidden": "true" }, ...RANK.filter((code) => verdicts[code]).map((code) => h("i", { style: { width: `${(verdicts[code] / total) * 100}%`, background: last.words[code].colour } })));

function areas() {
  const found = last.permits, by = found.by || "kabkota";
  document.getElementById("areas-title").textContent = `${t("permits_by")} ${t(by)}`;
  if (found.fault || !found.areas.length) { put("areas", empty(t("room_no_permits"))); return; }
  const most = Math.max(...found.areas.map((one) => sum(one.verdicts)));
  const rest = found.areas.length - SHOWN_AREAS;
  put("areas",
    h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t(by)), h("th", {}, t("by_verdict")), h("th.n", {}, t("amount")), h("th.n", {}, `✗ ${short(last.words.TIDAK_SESUAI)}`))),
      h("tbody", {}, ...found.areas.slice(0, SHOWN_AREAS).map((one) => h("tr", {}, h("td", {}, one.name || t(found.unread ? "area_not_known" : "outside_areas")), h("td.wide", {}, h("div", { style: { width: `${(sum(one.verdicts) / most) * 100}%` } }, bar(one.verdicts, sum(one.verdicts)))), h("td.n", {}, number(sum(one.verdicts), 0)), h("td.n", {}, number(one.verdicts.TIDAK_SESUAI ?? 0, 0)))))),
    found.unread && h("p.sub", {}, `! ${t("layer_unread")}: ${found.unread}. ${t("areas_unread")}`),
    rest > 0 && h("p.sub", {}, `+ ${rest} ${t(by)}`));
}

const sum = (counts) => Object.values(counts).reduce((all, one) => all + one, 0);

// Worst first; a silent station is not known, never safe.
function warnings() {
  const found = last.warnings;
  if (found.fault) { put("warnings", empty(t(found.fault === "warning_not_set_up" ? "no_stations" : "warnings_fault"))); return; }
  const worst = ["Extreme", "Severe", "Moderate", "Minor"];
  const rank = (one) => (one.state === "tidak_diketahui" ? 4 : one.severity ? worst.indexOf(one.severity) : 5);
  const sorted = [...found.states].sort((a, b) => rank(a) - rank(b));
  put("warnings", h("ul.stations", {}, ...sorted.map(station)));
}

function station(one) {
  const kind = one.state === "tidak_diketahui" ? "unknown" : one.state === "normal" ? "normal" : "alert";
  const sign = { unknown: "?", normal: "✓", alert: "!" }[kind];
  const word = { unknown: t("not_known"), normal: t("normal") }[kind] ?? one.state;
  const people = kind === "alert" ? one.impact : null;
  return h(`li.${kind}`, {}, h("b.sign", { "aria-hidden": "true" }, sign),
    h("div", {}, h("strong", {}, one.name), h("span.state", {}, word),
      h("p.sub", {}, one.read_at ? `${number(one.value)} ${one.unit} · ${t("read_at")} ${moment(one.read_at)}` : t("never_read")),
      people && h("p", {}, h("b", {}, `${number(people.people, 0)} ${t("people")}`), `: ${people.units.slice(0, 5).map((unit) => unit.name).join(", ")}${people.units.length > 5 ? ` +${people.units.length - 5}` : ""}`),
      people && Object.keys(people.evacuation).length ? h("p", {}, `${t("go_to")}: ${[...new Set(Object.values(people.evacuation))].slice(0, 3).join(", ")}`) : null,
      people?.unknown_people ? h("p.sub", {}, `${number(people.unknown_people, 0)} ${t("people_unknown")}`) : null));
}

function state() {
  if (!plans) { for (const id of ["conflicts", "greens"]) put(id, h("p.sub", {}, t("measuring"))); return; }
  if (plans.fault) { for (const id of ["conflicts", "greens"]) put(id, empty(plans.fault)); return; }
  const found = plans.conflicts;
  const told = found.notes.slice(0, 3).map((note) => h("p.sub", {}, `! ${note.words[language()]}`));
  const rest = found.notes.length > told.length ? h("p.sub", {}, `+${found.notes.length - told.length} ${t("notes")}`) : null;
  // Where nothing could be compared there is no figure, and none that looks like peace.
  if (!found.compared_ha) put("conflicts", empty(t("nothing_compared")), ...told, rest);
  else put("conflicts",
    h("div.total", {}, h("strong", {}, `${number(found.area_ha, 0)} ha`), h("span", {}, t("in_conflict")), h("span.sub", {}, `${t("compared")} ${number(found.compared_ha, 0)} ha · ${t("measured_at")} ${moment(plans.measured_at)}`)),
    h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("pair")), h("th.n", {}, t("area")), h("th.n", {}, t("proven")))), h("tbody", {}, ...found.pairs.slice(0, 4).map(pairRow))),
    ...told, rest);
  put("greens", plans.greens.length ? plans.greens.map(greenBox) : empty(t("no_greens")));
}

function updates() {
  const found = last.layers;
  if (found.fault || !found.length) { put("updates", empty(t("no_layers"))); return; }
  put("updates", h("p.sub", {}, `${t("newest")}: ${moment(found[0].known_from)}`), h("table", {}, h("tbody", {}, ...found.slice(0, 6).map((one) => updateRow(one, moment)))));
}

function words() {
  document.documentElement.lang = language();
  document.title = t("room_long");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  document.getElementById("language").textContent = language() === "id" ? "EN" : "ID";
  document.getElementById("door").href = signIn();
}

document.getElementById("language").addEventListener("click", () => { setLanguage(language() === "id" ? "en" : "id"); draw(); });
const tick = () => { document.getElementById("clock").textContent = `${time(new Date())} WIB`; told(); };
words();
tick();
setInterval(tick, 1000);
await refresh();
setInterval(refresh, EVERY_MS);
await refreshPlans();
setInterval(refreshPlans, PLANS_EVERY_MS);
