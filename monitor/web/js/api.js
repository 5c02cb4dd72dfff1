// The one door to /api/v1: answers, problems in words, and live events.

const BASE = "/api/v1";

/** A refusal of the API, as RFC 9457 describes it. */
export class Problem extends Error {
  constructor(status, told) {
    super(told.detail || told.title || `HTTP ${status}`);
    this.status = status;
    this.told = told;
  }
}

async function answer(response) {
  const type = response.headers.get("content-type") ?? "";
  const body = type.includes("json") ? await response.json().catch(() => ({})) : {};
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

/** Return an address below the API; empty parameters are left out. */
export function address(path, question = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(question)) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, one);
  }
  const text = parameters.toString();
  return `${BASE}${path}${text ? `?${text}` : ""}`;
}

/** Ask. */
export const get = async (path, question, signal) =>
  answer(await fetch(address(path, question), { headers: { accept: "application/json" }, signal }));

/** Fetch a file, by its whole address. */
export async function file(address) {
  const response = await fetch(address);
  if (!response.ok) await answer(response);
  return response.blob();
}

/** Tell. The header shows that this page asks: another site's page cannot set it. */
export const send = async (method, path, body) =>
  answer(
    await fetch(address(path), {
      method,
      headers: { "content-type": "application/json", "x-camwatch-page": "1" },
      body: body === undefined ? undefined : JSON.stringify(body),
    }),
  );

/** Send a file as it is, and tell how far it is. */
export function upload(path, question, file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(path, question));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-camwatch-page", "1");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded / Math.max(1, event.total)));
    request.addEventListener("load", () => {
      const told = request.response ?? {};
      if (request.status < 300) resolve(told);
      else reject(new Problem(request.status, told));
    });
    request.addEventListener("error", () => reject(new Problem(0, { title: "The connection broke off" })));
    request.send(file);
  });
}
