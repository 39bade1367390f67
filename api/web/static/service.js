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

export const judge = (document, on) => ask(`/v1/conformity?explain=${language()}${on ? `&on=${on}` : ""}`, { method: "POST", headers: { "content-type": "application/geo+json" }, body: JSON.stringify(document) });

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
