// What the service refused, in its own words; where a key is needed, the way to the sign-in page.
// That opens beside: what was drawn and filled in here stays, and is sent again after signing in.
import { h } from "./format.js";
import { language, t } from "./words.js";

export const signIn = () => `/masuk?lang=${language()}&next=${encodeURIComponent(location.pathname + location.hash)}`;

export function refusal({ title, detail, hint, pointer, status }) {
  const door = status === 401;
  return h("div.problem", { role: "alert" }, h("b", {}, title ?? ""), h("p", {}, door ? t("sign_in_needed") : detail), hint && !door && h("p", {}, hint), pointer && h("p.sub", {}, pointer),
    door && h("p", {}, h("a", { href: signIn(), target: "_blank", rel: "noopener" }, t("sign_in_beside"))));
}
