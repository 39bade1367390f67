// What the service refused, in its own words; where a key is needed, the way to the sign-in page.
import { h } from "./format.js";
import { language, t } from "./words.js";

export const signIn = () => `/masuk?lang=${language()}&next=${encodeURIComponent(location.pathname + location.hash)}`;

export function refusal({ title, detail, hint, pointer, status }) {
  const door = status === 401;
  return h("div.problem", { role: "alert" }, h("b", {}, title ?? ""), h("p", {}, door ? t("sign_in_needed") : detail), hint && !door && h("p", {}, hint), pointer && h("p.sub", {}, pointer),
    door && h("p", {}, h("a", { href: signIn() }, t("sign_in"))));
}
