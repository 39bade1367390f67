// A sheet of paper: sizes, scales, and the drawings around a map (scale bar, ticks, north).
import { number } from "./format.js";
import { language } from "./words.js";

export const MM = 96 / 25.4;
const MARGIN = 10;
const SIZES = { A4: [210, 297], A3: [297, 420] };
// Width of the column, or height of the foot, beside the map: legend and sources stand there.
const BESIDE = { A4: { landscape: 68, portrait: 92 }, A3: { landscape: 86, portrait: 118 } };
const HEAD = { A4: 17, A3: 21 };
export const SCALES = [1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000];

// Everything in millimetres.
export function layoutOf(paper, orientation) {
  const [short, long] = SIZES[paper];
  const [width, height] = orientation === "landscape" ? [long, short] : [short, long];
  const inner = { width: width - 2 * MARGIN, height: height - 2 * MARGIN };
  const beside = BESIDE[paper][orientation], gap = 4;
  const map = orientation === "landscape"
    ? { width: inner.width - beside - gap, height: inner.height - HEAD[paper] }
    : { width: inner.width, height: inner.height - HEAD[paper] - beside - gap };
  return { paper, orientation, width, height, inner, map, beside, margin: MARGIN };
}

const METRES_PER_PIXEL = 78271.51696402048;
export const zoomOf = (scale, lat) => Math.log2((METRES_PER_PIXEL * Math.cos((lat * Math.PI) / 180) * MM * 1000) / scale);
export const scaleOf = (zoom, lat) => (METRES_PER_PIXEL * Math.cos((lat * Math.PI) / 180) * MM * 1000) / 2 ** zoom;

const NAMESPACE = "http://www.w3.org/2000/svg";
function svg(name, attributes, ...children) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

const nice = (most) => {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].map((step) => step * power).find((value) => value <= most);
};

// Four parts, black and white, as long as a round number of metres.
export function scaleBar(scale, most) {
  const metres = nice((most / 1000) * scale), length = (metres / scale) * 1000, part = length / 4;
  const unit = metres >= 2000 ? "km" : "m", shown = (value) => number(unit === "km" ? value / 1000 : value, unit === "km" && (metres / 1000) % 4 ? 2 : 0).replace(/[,.]?0+$/, (zeros) => (/[,.]/.test(zeros) ? "" : zeros));
  const drawing = svg("svg", { viewBox: `-3 0 ${length + 14} 9`, width: `${length + 14}mm`, height: "9mm", role: "img", "aria-label": `${number(metres, 0)} m` });
  for (let at = 0; at < 4; at += 1) drawing.append(svg("rect", { x: at * part, y: 1, width: part, height: 1.6, fill: at % 2 ? "#fff" : "#1f2933", stroke: "#1f2933", "stroke-width": 0.2 }));
  for (const at of [0, 2, 4]) drawing.append(svg("text", { x: at * part, y: 6.4, "font-size": 2.9, "text-anchor": "middle", fill: "#1f2933", stroke: "none" }, `${shown((metres * at) / 4)}${at === 4 ? ` ${unit}` : ""}`));
  return drawing;
}

export const north = () => svg("svg", { viewBox: "0 0 20 26", width: "9mm", height: "12mm", role: "img", "aria-label": language() === "id" ? "Utara" : "North" },
  svg("path", { d: "M10 7 15 22 10 18.5 5 22Z", fill: "#1f2933", stroke: "none" }), svg("text", { x: 10, y: 5.6, "font-size": 6.5, "font-weight": 600, "text-anchor": "middle", fill: "#1f2933", stroke: "none" }, language() === "id" ? "U" : "N"));

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000];

// Ticks of longitude and latitude on the four edges, three to six on each.
export function ticks(bounds, { width, height }) {
  const [west, south, east, north_] = bounds;
  const step = STEPS.find((one) => ((east - west) * 3600) / one <= 6) ?? STEPS.at(-1);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "ticks", "aria-hidden": "true" });
  const mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));
  const label = (x, y, text, turn) => drawing.append(svg("text", { x, y, "font-size": 2.4, "text-anchor": "middle", fill: "#1f2933", stroke: "#fff", "stroke-width": 0.7, "paint-order": "stroke", ...(turn ? { transform: `rotate(${turn} ${x} ${y})` } : {}) }, text));
  const mark = (x1, y1, x2, y2) => drawing.append(svg("line", { x1, y1, x2, y2, stroke: "#1f2933", "stroke-width": 0.3 }));
  for (let at = Math.ceil((west * 3600) / step) * step; at <= east * 3600; at += step) {
    const x = ((at / 3600 - west) / (east - west)) * width;
    mark(x, 0, x, 2); mark(x, height - 2, x, height);
    if (x > 12 && x < width - 12) { label(x, 4.6, degrees(at, "BT", "E")); label(x, height - 2.8, degrees(at, "BT", "E")); }
  }
  for (let at = Math.ceil((south * 3600) / step) * step; at <= north_ * 3600; at += step) {
    const y = ((mercator(north_) - mercator(at / 3600)) / (mercator(north_) - mercator(south))) * height;
    mark(0, y, 2, y); mark(width - 2, y, width, y);
    if (y > 12 && y < height - 12) { label(3.6, y, degrees(at, "LS", "S"), -90); label(width - 3, y, degrees(at, "LS", "S"), -90); }
  }
  return drawing;
}

function degrees(seconds, id, en) {
  const whole = Math.abs(Math.round(seconds)), d = Math.floor(whole / 3600), m = Math.floor((whole % 3600) / 60), s = whole % 60;
  return `${d}°${String(m).padStart(2, "0")}'${s ? `${String(s).padStart(2, "0")}"` : ""} ${language() === "id" ? id : en}`;
}
