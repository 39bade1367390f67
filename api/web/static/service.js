// Asking the service; what it refuses is shown in its own words.
import { language, t } from "./words.js";

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { ...options.headers, "accept-language": language() } });
  } catch {
    throw new Refused({ detail: t("offline") });
  }
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({ detail: t("busy") }));
  throw new Refused(problem);
}

export const get = (path) => ask(path);

const sent = (content, kind) => ({ method: "POST", headers: { "content-type": kind }, body: JSON.stringify(content) });

export const post = (path, content) => ask(path, sent(content, "application/json"));

export const judge = (document, on) => ask(`/v1/conformity?dry_run=true&explain=${language()}${on ? `&on=${on}` : ""}`, sent(document, "application/geo+json"));

// Puts a verdict on record and returns its register number; the same click twice records once.
export async function record(document, on, key) {
  const options = sent(document, "application/geo+json");
  const answer = await fetch(`/v1/conformity${on ? `?on=${on}` : ""}`, { ...options, headers: { ...options.headers, "accept-language": language(), "idempotency-key": `"${key}"` } }).catch(() => { throw new Refused({ detail: t("offline") }); });
  if (!answer.ok) throw new Refused(await answer.json().catch(() => ({ detail: t("busy") })));
  return answer.headers.get("tataruang-register");
}

export const readCorners = (text) => ask("/v1/parcels", { method: "POST", headers: { "content-type": "text/plain" }, body: text });

export const readFile = (file) => ask("/v1/parcels", { method: "POST", headers: { "content-type": "application/octet-stream" }, body: file });

export async function whenReady(path, waiting) {
  for (;;) {
    try {
      return await get(path);
    } catch (error) {
      if (error.problem?.code !== "starting") throw error;
      waiting();
      await new Promise((done) => setTimeout(done, 700));
    }
  }
}
