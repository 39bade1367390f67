// The page: opens the map, joins search, card, layers and parcels, keeps its state in the address.
import { h } from "./format.js";
import { createActivity } from "./activity.js";
import { createCompare } from "./compare.js";
import { createHazard } from "./hazard.js";
import { createHotspots } from "./hotspots.js";
import { createMap, fit, show } from "./map.js";
import { createModes } from "./modes.js";
import { createPanel } from "./panel.js";
import { createParcels } from "./parcel.js";
import { placeCard } from "./place.js";
import { createPrint } from "./print.js";
import { refusal } from "./refusal.js";
import { createSearch } from "./search.js";
import { get, whenReady } from "./service.js";
import { createSession } from "./session.js";
import { createTheme } from "./theme.js";
import { language, setLanguage, t, translatePage } from "./words.js";

const body = document.getElementById("card-body");
const frame = document.getElementById("card");
const hint = document.getElementById("hint");

const card = {
  show(children) { body.replaceChildren(...children.flat().filter(Boolean)); frame.hidden = false; frame.scrollTop = 0; document.body.classList.add("card"); },
  wait() { card.show([h("div.skeleton", {}, ...[60, 90, 80, 40, 90].map((width) => h("i", { style: { width: `${width}%` } })))]); },
  close() { frame.hidden = true; document.body.classList.remove("card"); },
};

// The address keeps view, plan, layers and place: #z/lat/lon&plan=..&layers=..&at=lon,lat
function readAddress() {
  const [view, ...rest] = location.hash.slice(1).split("&");
  const given = Object.fromEntries(rest.map((pair) => pair.split("=").map(decodeURIComponent)));
  const [zoom, lat, lon] = view.split("/").map(Number);
  const at = given.at?.split(",").map(Number);
  return {
    view: [zoom, lat, lon].every(Number.isFinite) && view.includes("/") ? { zoom, center: [lon, lat] } : undefined,
    plan: given.plan, layers: given.layers === undefined ? undefined : given.layers.split(",").filter(Boolean),
    at: at?.length === 2 && at.every(Number.isFinite) ? at : undefined,
  };
}

function writeAddress(map, state) {
  const { lng, lat } = map.getCenter();
  const parts = [`${map.getZoom().toFixed(2)}/${lat.toFixed(5)}/${lng.toFixed(5)}`, `plan=${encodeURIComponent(state.plan)}`, `layers=${state.layers.map(encodeURIComponent).join(",")}`];
  if (state.at) parts.push(`at=${state.at.map((value) => value.toFixed(6)).join(",")}`);
  history.replaceState(null, "", `#${parts.join("&")}`);
}

async function openPlace(map, description, state, lon, lat) {
  state.at = [lon, lat];
  show(map, "here", [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [lon, lat] } }]);
  card.wait();
  try {
    const at = `lon=${lon.toFixed(7)}&lat=${lat.toFixed(7)}`;
    // A hazard map that cannot be asked says so in the card; it never takes the zones with it.
    const [place, hazards] = await Promise.all([get(`/v1/zones/at?${at}`), get(`/v1/hazard/at?${at}`).catch((error) => ({ fault: error.message }))]);
    card.show(placeCard(place, description, hazards));
  } catch (error) {
    card.show([h("h2", {}, t("place")), refusal(error.problem ?? { detail: error.message })]);
  }
  writeAddress(map, state);
}

async function main() {
  translatePage();
  const address = readAddress();
  const description = await whenReady("/v1/map", () => { hint.textContent = t("starting"); hint.hidden = false; });
  hint.hidden = true;
  const state = { plan: address.plan, layers: address.layers, at: address.at };
  const map = await createMap(description, address.view);
  const panel = createPanel(map, description, state, () => writeAddress(map, state));
  const who = await createSession(document.getElementById("session"));
  const modes = createModes(() => parcels.clear());
  const parcels = createParcels(map, description, card, modes);
  createHazard(map, description, card, modes, panel, parcels);
  createActivity(map, description, card, modes, panel);
  createHotspots(map, description, card, modes, panel);
  createCompare(map, description, card, modes, panel);
  createPrint(map, description, card, modes, panel);

  function words() {
    translatePage();
    document.getElementById("workspace").textContent = description.name;
    document.getElementById("language").textContent = language() === "id" ? "EN" : "ID";
    document.title = `${t("title")} · ${description.name}`;
    const notice = document.getElementById("notice");
    notice.hidden = description.official;
    notice.textContent = t("notice");
    who();
    panel.draw();
  }

  map.on("click", (event) => {
    if (parcels.drawing()) return;
    if (modes.click()) { modes.click()(event); return; }
    parcels.clear();
    openPlace(map, description, state, event.lngLat.lng, event.lngLat.lat);
  });
  map.on("moveend", () => writeAddress(map, state));
  createSearch((found) => {
    if (found.bounds) fit(map, found.bounds);
    else if (found.inside) { parcels.clear(); map.jumpTo({ center: [found.lon, found.lat], zoom: Math.max(map.getZoom(), 16) }); openPlace(map, description, state, found.lon, found.lat); }
  });
  const close = () => { modes.leave(); card.close(); parcels.clear(); state.at = undefined; writeAddress(map, state); };
  document.getElementById("close").addEventListener("click", close);
  frame.addEventListener("keydown", (event) => { if (event.key === "Escape") { close(); map.getCanvas().focus(); } });
  document.getElementById("language").addEventListener("click", () => {
    setLanguage(language() === "id" ? "en" : "id");
    modes.leave();
    words();
    if (parcels.retell()) return;
    if (state.at && !frame.hidden) openPlace(map, description, state, ...state.at);
    else card.close();
  });
  words();
  createTheme(map, description, card, modes, panel);
  if (state.at) openPlace(map, description, state, ...state.at);
  window.tataruang = { map, ready: true }; // for tests that drive the page
}

main().catch((error) => { hint.textContent = error.message; hint.hidden = false; });
