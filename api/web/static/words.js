// Words of the pages, Indonesian first; the choice is kept on this device.
import english from "./words.en.js";
import indonesian from "./words.id.js";

const WORDS = { id: indonesian, en: english };

let chosen = "id";
try { chosen = localStorage.getItem("language") === "en" ? "en" : "id"; } catch { /* storage may be forbidden; Indonesian then */ }

export const language = () => chosen;
export const t = (key) => WORDS[chosen][key] ?? key;

export function setLanguage(name) {
  chosen = name;
  try { localStorage.setItem("language", name); } catch { /* the choice then lasts for this page */ }
}

export function translatePage() {
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  document.getElementById("search").placeholder = t("search");
  document.getElementById("close").ariaLabel = t("close");
}
