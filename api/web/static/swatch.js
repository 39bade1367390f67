// Small pictures of how something is drawn: the same in lists, legends, tables and on paper.
import { h } from "./format.js";

const STRIPES = { diagonal: "135deg", back: "45deg", cross: "135deg" };

export const NO_DATA = "repeating-linear-gradient(135deg, #fff 0 4px, #cdd3da 4px 5.5px)";
export const PROHIBITED = "repeating-linear-gradient(135deg, #f7ecea 0 3px, #b98a86 3px 4px)";

export function layerSwatch(layer) {
  const style = { borderColor: layer.colour, background: "#fff" };
  if (layer.geometry === "point") return h("i.swatch.point", { style: { background: layer.colour } });
  if (layer.geometry === "line" || layer.hatch === "none") return h("i.swatch.line", { style: { background: layer.colour } });
  if (layer.classes) style.background = ramp(layer.classes);
  else if (layer.hatch === "solid") style.background = layer.colour;
  else if (layer.hatch === "cross") style.background = `${stripes("135deg", layer.colour)}, ${stripes("45deg", layer.colour)}, #fff`;
  else if (STRIPES[layer.hatch]) style.background = `${stripes(STRIPES[layer.hatch], layer.colour)}, #fff`;
  else if (layer.hatch === "dots") style.background = `radial-gradient(${layer.colour} 1.2px, #fff 1.6px) 0 0 / 5px 5px`;
  return h("i.swatch", { style });
}

const stripes = (angle, colour) => `repeating-linear-gradient(${angle}, transparent 0 3px, ${colour} 3px 4.5px)`;

// The classes of a hazard side by side.
function ramp(classes) {
  const width = 100 / classes.length;
  const stops = classes.map((one, at) => `${one.colour} ${at * width}% ${(at + 1) * width}%`);
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

export const colourSwatch = (background, opacity = 1) => h("i.swatch", {}, h("i", { style: { background, opacity: String(opacity) } }));
