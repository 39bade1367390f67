// Numbers, areas, coordinates and dates as people read them; and elements made without markup.
import { language } from "./words.js";

export function number(value, decimals = 2) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const locale = language() === "id" ? "id-ID" : "en-GB";
  return new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
}

export const percent = (share, decimals = 2) => (share === null || share === undefined ? "–" : `${number(share * 100, decimals)} %`);

// What is there is never written as nothing.
export const area = (m2) => (m2 === null || m2 === undefined ? "–" : m2 > 0 && m2 < 0.005 ? `< ${number(0.01)} m²` : m2 < 10000 ? `${number(m2)} m²` : `${number(m2 / 10000)} ha`);

export function quantity(value, unit) {
  if (unit === "share") return percent(value);
  if (unit === "m2") return area(value);
  if (typeof value === "string") return value;
  const whole = unit === "lantai" && Number.isInteger(value);
  return `${number(value, whole ? 0 : 2)}${unit ? ` ${unit}` : ""}`;
}

export function day(text) {
  if (!text) return "–";
  const [year, month, date] = text.slice(0, 10).split("-").map(Number);
  const locale = language() === "id" ? "id-ID" : "en-GB";
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(Date.UTC(year, month - 1, date));
}

const sexagesimal = (value, positive, negative) => {
  const total = Math.round(Math.abs(value) * 36000) / 10;
  const degrees = Math.floor(total / 3600);
  const minutes = Math.floor((total - degrees * 3600) / 60);
  return `${degrees}°${String(minutes).padStart(2, "0")}'${(total - degrees * 3600 - minutes * 60).toFixed(1).padStart(4, "0")}"${value < 0 ? negative : positive}`;
};

export const degrees = (lon, lat) => `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
export const minutes = (lon, lat) => `${sexagesimal(lat, "N", "S")} ${sexagesimal(lon, "E", "W")}`;

// Transverse Mercator by the series of Krüger to the third order: millimetres within a zone.
export function utm(lon, lat) {
  const zone = Math.floor((lon + 180) / 6) + 1;
  const rad = Math.PI / 180, a = 6378137, f = 1 / 298.257223563, n = f / (2 - f);
  const radius = (a / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64);
  const alpha = [n / 2 - (2 * n ** 2) / 3 + (5 * n ** 3) / 16, (13 * n ** 2) / 48 - (3 * n ** 3) / 5, (61 * n ** 3) / 240];
  const k = (2 * Math.sqrt(n)) / (1 + n), s = Math.sin(lat * rad);
  const t = Math.sinh(Math.atanh(s) - k * Math.atanh(k * s));
  const dl = (lon - (zone * 6 - 183)) * rad;
  const xi = Math.atan2(t, Math.cos(dl)), eta = Math.atanh(Math.sin(dl) / Math.sqrt(1 + t * t));
  let x = eta, y = xi;
  alpha.forEach((c, i) => {
    const j = 2 * (i + 1);
    x += c * Math.cos(j * xi) * Math.sinh(j * eta);
    y += c * Math.sin(j * xi) * Math.cosh(j * eta);
  });
  const northing = 0.9996 * radius * y + (lat < 0 ? 1e7 : 0);
  return `${zone}${lat < 0 ? "S" : "N"} ${(500000 + 0.9996 * radius * x).toFixed(1)} ${northing.toFixed(1)}`;
}

// h("p.sub", {title: "x"}, child, ...) makes an element; text is always text, never markup.
export function h(what, attributes = {}, ...children) {
  const [name, ...classes] = what.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "tone") element.style.setProperty("--tone", value);
    else if (key === "style") Object.assign(element.style, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
