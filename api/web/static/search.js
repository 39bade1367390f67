// Search as a combobox: type, arrows, Enter.
import { h } from "./format.js";
import { get } from "./service.js";
import { t } from "./words.js";

export function createSearch(go) {
  const input = document.getElementById("search");
  const list = document.getElementById("results");
  let results = [], active = -1, timer = 0, asked = 0;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    const found = results[index];
    if (!found) return;
    input.value = found.name;
    close();
    go(found);
  }

  function mark(index) {
    active = index;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index >= 0) input.setAttribute("aria-activedescendant", `result-${index}`);
  }

  function draw() {
    list.replaceChildren(...(results.length ? results.map((one, index) => h("li", { id: `result-${index}`, role: "option", "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); choose(index); } }, h("span", {}, one.name), h("small", {}, one.inside === false ? t("outside") : [t(one.kind), one.within].filter(Boolean).join(" · ")))) : [h("li.none", { role: "option", "aria-disabled": "true" }, t("none"))]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    if (results.length) mark(0);
  }

  async function ask() {
    const text = input.value.trim();
    if (text.length < 2) return close();
    const mine = ++asked;
    const answer = await get(`/v1/search?q=${encodeURIComponent(text.slice(0, 120))}`).catch(() => ({ results: [] }));
    if (mine === asked && document.activeElement === input) { results = answer.results; draw(); }
    return undefined;
  }

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 150); });
  input.addEventListener("blur", () => setTimeout(close, 100));
  input.addEventListener("keydown", async (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown" && results.length) { event.preventDefault(); mark((active + 1) % results.length); }
    else if (event.key === "ArrowUp" && results.length) { event.preventDefault(); mark((active - 1 + results.length) % results.length); }
    else if (event.key === "Enter") { if (list.hidden) { clearTimeout(timer); await ask(); } choose(Math.max(active, 0)); }
  });
}
