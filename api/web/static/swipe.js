// Two maps that move as one under a divider that mouse, finger and keyboard can move.
import { h } from "./format.js";
import { t } from "./words.js";

const STEP = { ArrowLeft: -2, ArrowRight: 2, PageDown: -10, PageUp: 10, Home: -100, End: 100 };
let stop = null;

export function swipe(under, over, labels) {
  const frame = over.getContainer();
  const bar = h("div", { id: "divider", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-label": t("divider"), "aria-valuemin": "0", "aria-valuemax": "100" }, h("span", { "aria-hidden": "true" }, "◂ ▸"));
  const signs = [h("div.side-name.left", {}, labels[0]), h("div.side-name.right", {}, labels[1])];
  let share = 0;

  function put(percent) {
    share = Math.min(98, Math.max(2, percent));
    bar.style.left = `${share}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(share)));
    frame.style.clipPath = `inset(0 ${100 - share}% 0 0)`;
    signs[0].style.right = `${100 - share}%`;
    signs[1].style.left = `${share}%`;
  }

  let leading = false;
  const lead = (from, to) => () => {
    if (leading) return;
    leading = true;
    to.jumpTo({ center: from.getCenter(), zoom: from.getZoom() });
    leading = false;
  };
  const [one, other] = [lead(under, over), lead(over, under)];
  under.on("move", one);
  over.on("move", other);
  bar.addEventListener("pointerdown", (event) => { bar.setPointerCapture(event.pointerId); event.preventDefault(); bar.focus(); });
  bar.addEventListener("pointermove", (event) => { if (bar.hasPointerCapture(event.pointerId)) put((event.clientX / innerWidth) * 100); });
  bar.addEventListener("keydown", (event) => { if (event.key in STEP) { event.preventDefault(); put(share + STEP[event.key]); } });
  const parts = h("section", { "aria-label": t("compare") }, ...signs, bar);
  document.getElementById("second").after(parts);
  frame.hidden = false;
  over.resize();
  one();
  const free = innerWidth > 700 ? (364 + innerWidth - 428) / 2 : innerWidth / 2;
  put((free / innerWidth) * 100);
  stop = () => { under.off("move", one); frame.hidden = true; frame.style.clipPath = ""; parts.remove(); };
}

swipe.end = () => { stop?.(); stop = null; };
