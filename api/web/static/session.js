// Who is signed in at this browser, and the way in or out; nothing where no keys are asked for.
import { h } from "./format.js";
import { signIn } from "./refusal.js";
import { get } from "./service.js";
import { t } from "./words.js";

export async function createSession(place) {
  const seen = await get("/v1/session").catch(() => null);

  async function leave() {
    await fetch("/keluar", { method: "POST", redirect: "manual" }).catch(() => null);
    location.reload();
  }

  return function draw() {
    place.hidden = !seen?.sign_in;
    if (place.hidden) return;
    place.replaceChildren(...(seen.known
      ? [h("span", {}, `${t("signed_in")} `, h("b", {}, seen.name), ` · ${seen.roles.map((role) => t("roles")[role] ?? role).join(", ")}`), h("button.quiet", { type: "button", onclick: leave }, t("sign_out"))]
      : [h("span", {}, t("signed_out")), h("a.quiet", { href: signIn() }, t("sign_in"))]));
  };
}
