// The map: sources from the service's tiles, colours and hatches from its one symbology.
import { t } from "./words.js";

const HATCH = 12;

function pattern(colour, kind, { scale = 2, step = HATCH, ground = null } = {}) {
  const size = step * scale;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  if (ground) { pen.fillStyle = ground; pen.fillRect(0, 0, size, size); }
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = (step / 9) * scale;
  const stroke = (x0, y0, x1, y1) => { pen.beginPath(); pen.moveTo(x0, y0); pen.lineTo(x1, y1); pen.stroke(); };
  for (const shift of [-size, 0, size]) {
    if (kind === "diagonal" || kind === "cross") stroke(shift, size, shift + size, 0);
    if (kind === "back" || kind === "cross") stroke(shift, 0, shift + size, size);
  }
  if (kind === "dots") for (const [x, y] of [[0.25, 0.25], [0.75, 0.75]]) { pen.beginPath(); pen.arc(x * size, y * size, 1.6 * scale, 0, 7); pen.fill(); }
  return pen.getImageData(0, 0, size, size);
}

// A former version is asked for by its short name; what it names never changes.
export const tilesOf = (layer, version) => [`${location.origin}/tiles/${encodeURIComponent(layer.name)}/{z}/{x}/{y}.mvt?v=${version}`];

export function createMap(description, view) {
  const map = new maplibregl.Map({
    container: "map",
    style: { version: 8, glyphs: `${location.origin}/glyphs/{fontstack}/{range}.pbf`, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": "#f3f5f7" } }] },
    bounds: view ? undefined : description.bounds,
    center: view?.center, zoom: view?.zoom,
    fitBoundsOptions: { padding: innerWidth > 700 ? { left: 380, right: 24, top: 24, bottom: 24 } : { left: 24, right: 24, top: 290, bottom: 40 } },
    maxZoom: 20, dragRotate: false, pitchWithRotate: false, touchPitch: false, attributionControl: false, maxPitch: 0,
    canvasContextAttributes: { preserveDrawingBuffer: true }, locale: { "Map.Title": t("map") },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 120, unit: "metric" }), "bottom-left");
  return new Promise((done) => map.on("load", () => { addLayers(map, description); done(map); }));
}

function addLayers(map, description) {
  map.addImage("no-data", pattern("#d3d9df", "diagonal"), { pixelRatio: 2 });
  map.setPaintProperty("ground", "background-pattern", "no-data");
  map.addImage("izin-prohibited", pattern("#b98a86", "diagonal", { step: 8, ground: "#f7ecea" }), { pixelRatio: 2 });
  map.addImage("izin-open", pattern("#7d6fae", "back", { step: 8, ground: "#e4e0ef" }), { pixelRatio: 2 });
  map.addImage("izin-blank", pattern("#c3cad3", "diagonal", { step: 8, ground: "#ffffff" }), { pixelRatio: 2 });
  // Plans are listed most detailed first and drawn last, so that the detail lies on top.
  const plans = description.layers.filter((one) => one.zones).reverse();
  const others = description.layers.filter((one) => !one.zones && !one.fault);
  for (const layer of [...plans, ...others]) {
    if (layer.geometry === "raster") {
      map.addSource(layer.name, { type: "raster", tileSize: 256, minzoom: 0, maxzoom: 20, bounds: layer.bounds, tiles: [`${location.origin}/tiles/${encodeURIComponent(layer.name)}/{z}/{x}/{y}.png?v=${layer.version}`] });
      map.addLayer({ id: layer.name, type: "raster", source: layer.name, layout: { visibility: "none" }, paint: { "raster-opacity": 0.85, "raster-resampling": "nearest", "raster-fade-duration": 0 } });
      continue;
    }
    map.addSource(layer.name, {
      type: "vector", tiles: tilesOf(layer, layer.version),
      minzoom: 0, maxzoom: 16, bounds: layer.bounds,
    });
    for (const one of layer.zones ? planLayers(layer) : plainLayers(map, layer)) {
      map.addLayer({ source: layer.name, "source-layer": layer.name, ...one, layout: { ...one.layout, visibility: "none" } });
    }
  }
  addAreaLayers(map);
  addLabels(map, description.labels);
  addParcelLayers(map);
}

function planLayers(layer) {
  const colours = layer.zones.flatMap((zone) => [zone.code, zone.colour]);
  const colour = colours.length ? ["match", ["get", "zona"], ...colours, "#c9c3d6"] : "#c9c3d6";
  return [
    // Paper below, so that a paler plan does not let the one under it through.
    { id: `${layer.name}/paper`, type: "fill", paint: { "fill-color": "#fff", "fill-antialias": false } },
    { id: layer.name, type: "fill", paint: { "fill-color": colour, "fill-opacity": 0.8 } },
    { id: `${layer.name}/pattern`, type: "fill", filter: ["in", ["get", "zona"], ["literal", []]], paint: { "fill-pattern": "izin-blank" } },
    { id: `${layer.name}/line`, type: "line", minzoom: 11, paint: { "line-color": "#0b1f33", "line-opacity": 0.35, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.3, 17, 1.2] } },
    { id: `${layer.name}/code`, type: "symbol", minzoom: 15, layout: { "text-field": ["get", "zona"], "text-font": ["Semibold"], "text-size": 12, "text-padding": 24 }, paint: { "text-color": "#1f2933", "text-halo-color": "#ffffffcc", "text-halo-width": 1.4 } },
  ];
}

function plainLayers(map, layer) {
  const line = { id: layer.name, type: "line", paint: lineOf(layer) };
  if (layer.geometry === "point") return [{ id: layer.name, type: "circle", paint: { "circle-radius": 5, "circle-color": layer.colour, "circle-stroke-color": "#fff", "circle-stroke-width": 1.5 } }];
  if (layer.geometry === "line" || layer.hatch === "none") return [line];
  if (layer.hatch === "solid") return [{ id: layer.name, type: "fill", minzoom: layer.style === "bangunan" ? 13 : 0, paint: { "fill-color": layer.colour, "fill-opacity": layer.style === "bangunan" ? 0.55 : 0.75 } }];
  const image = `hatch-${layer.name}`;
  map.addImage(image, pattern(layer.colour, layer.hatch), { pixelRatio: 2 });
  return [{ id: layer.name, type: "fill", paint: { "fill-pattern": image } }, { ...line, id: `${layer.name}/line` }];
}

function lineOf(layer) {
  const widths = { batas_desa: [0.6, 1.2], jalan: [0.5, 4], garis_pantai: [1, 2], das: [1.2, 2.4] }[layer.style] ?? [1, 1.6];
  const paint = { "line-color": layer.colour, "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 9, widths[0], 17, widths[1]] };
  if (layer.style === "batas_desa") Object.assign(paint, { "line-dasharray": [4, 2], "line-opacity": 0.7 });
  if (layer.style === "das") paint["line-dasharray"] = [1, 1.5];
  return paint;
}

function addLabels(map, labels) {
  const features = labels.map((one) => ({ type: "Feature", geometry: { type: "Point", coordinates: one.point }, properties: one }));
  map.addSource("labels", { type: "geojson", data: { type: "FeatureCollection", features } });
  const paint = { "text-color": "#1f2933", "text-halo-color": "#ffffffd9", "text-halo-width": 1.6 };
  map.addLayer({ id: "label-desa", type: "symbol", source: "labels", minzoom: 11.2, filter: ["==", ["get", "level"], "desa"], layout: { "text-field": ["get", "name"], "text-font": ["Regular"], "text-size": 13, "text-max-width": 7, "text-padding": 6 }, paint });
  map.addLayer({ id: "label-kecamatan", type: "symbol", source: "labels", maxzoom: 12.5, filter: ["==", ["get", "level"], "kecamatan"], layout: { "text-field": ["upcase", ["get", "name"]], "text-font": ["Semibold"], "text-size": 12, "text-letter-spacing": 0.08, "text-max-width": 9 }, paint });
}

// Areas that a tool colours; names stay above them.
function addAreaLayers(map) {
  map.addSource("areas", { type: "geojson", data: EMPTY });
  map.addLayer({ id: "areas-fill", type: "fill", source: "areas", paint: { "fill-color": ["get", "colour"], "fill-opacity": 0.9 } });
  map.addLayer({ id: "areas-blank", type: "fill", source: "areas", filter: ["==", ["get", "class"], "no_answer"], paint: { "fill-pattern": "izin-blank" } });
  map.addLayer({ id: "areas-line", type: "line", source: "areas", paint: { "line-color": "#ffffff", "line-width": 0.8 } });
  map.addLayer({ id: "areas-mark", type: "line", source: "areas", filter: ["==", ["get", "marked"], true], paint: { "line-color": "#1f2933", "line-width": 2.5 } });
}

const EMPTY = { type: "FeatureCollection", features: [] };

function addParcelLayers(map) {
  map.addImage("approvable", pattern("#1b7f4b", "diagonal"), { pixelRatio: 2 });
  for (const name of ["changes", "parcel", "approvable", "draft", "here"]) map.addSource(name, { type: "geojson", data: EMPTY });
  map.addLayer({ id: "changes-casing", type: "line", source: "changes", paint: { "line-color": "#ffffff", "line-width": 4.5 } });
  map.addLayer({ id: "changes-line", type: "line", source: "changes", paint: { "line-color": "#b0127b", "line-width": 2.2 } });
  const casing = { "line-color": "#fff", "line-width": 5, "line-opacity": 0.9 };
  map.addLayer({ id: "parcel-fill", type: "fill", source: "parcel", paint: { "fill-color": "#ffffff", "fill-opacity": 0.35 } });
  map.addLayer({ id: "approvable-fill", type: "fill", source: "approvable", paint: { "fill-pattern": "approvable" } });
  map.addLayer({ id: "approvable-line", type: "line", source: "approvable", paint: { "line-color": "#1b7f4b", "line-width": 1.5 } });
  map.addLayer({ id: "parcel-casing", type: "line", source: "parcel", paint: casing });
  map.addLayer({ id: "parcel-line", type: "line", source: "parcel", paint: { "line-color": ["coalesce", ["get", "colour"], "#1f4e79"], "line-width": 2.5 } });
  map.addLayer({ id: "draft-line", type: "line", source: "draft", paint: { "line-color": "#1f4e79", "line-width": 2, "line-dasharray": [2, 1] } });
  map.addLayer({ id: "draft-point", type: "circle", source: "draft", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 5, "circle-color": "#fff", "circle-stroke-color": "#1f4e79", "circle-stroke-width": 2 } });
  map.addLayer({ id: "here-ring", type: "circle", source: "here", paint: { "circle-radius": 8, "circle-color": "#ffffff66", "circle-stroke-color": "#1f4e79", "circle-stroke-width": 3 } });
}

// Another map with the same style, images and view: for a swipe, or for paper.
export function cloneMap(map, container, change = (style) => style, options = {}) {
  container.hidden = false;
  const made = new maplibregl.Map({
    container, style: change(structuredClone(map.getStyle())), center: map.getCenter(), zoom: map.getZoom(),
    maxZoom: 20, dragRotate: false, pitchWithRotate: false, touchPitch: false, attributionControl: false, maxPitch: 0,
    canvasContextAttributes: { preserveDrawingBuffer: true }, fadeDuration: 0, locale: { "Map.Title": t("second_map") }, ...options,
  });
  made.touchZoomRotate.disableRotation();
  made.on("style.load", () => {
    for (const id of map.listImages()) {
      const { data, pixelRatio } = map.getImage(id);
      made.addImage(id, { width: data.width, height: data.height, data: new Uint8Array(data.data) }, { pixelRatio });
    }
  });
  return new Promise((done) => made.on("load", () => done(made)));
}

export const show = (map, source, features) => map.getSource(source).setData({ type: "FeatureCollection", features });

export function setVisible(map, name, visible) {
  for (const layer of map.getStyle().layers) if (layer.source === name) map.setLayoutProperty(layer.id, "visibility", visible ? "visible" : "none");
}

export function boundsOf(geometry) {
  const box = [180, 90, -180, -90];
  const walk = (value) => {
    if (typeof value[0] !== "number") return value.forEach(walk);
    box[0] = Math.min(box[0], value[0]); box[1] = Math.min(box[1], value[1]);
    box[2] = Math.max(box[2], value[0]); box[3] = Math.max(box[3], value[1]);
    return undefined;
  };
  walk(geometry.coordinates);
  return box;
}

export function fit(map, box) {
  const wide = innerWidth > 700;
  const padding = wide ? { left: 390, right: document.body.classList.contains("card") ? 450 : 40, top: 60, bottom: 60 } : { left: 30, right: 30, top: 150, bottom: document.body.classList.contains("card") ? innerHeight * 0.62 + 20 : 40 };
  map.fitBounds(box, { padding, maxZoom: 18, duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 600 });
}
