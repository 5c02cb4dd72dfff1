// Of which run and which time the page speaks: chosen once, kept in the address, used by every view.

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import * as format from "./format.js";
import { t } from "./i18n.js";
import { ask, href } from "./router.js";

const RANGES = { "1h": 3600, "24h": 86400, "7d": 7 * 86400, "30d": 30 * 86400 };
let runs = null;

/** Return what the API is asked for: run, from, to. Nothing asked for is its own choice. */
export function scope(question) {
  const range = RANGES[question.get("range")];
  const run = question.get("run") || undefined;
  if (question.get("from")) return { run, from: question.get("from"), to: question.get("to") || undefined };
  // Whole minutes: so that an answer that did not change is recognised by its tag.
  if (range) return { run, from: new Date(Math.floor(Date.now() / 60000) * 60000 - range * 1000).toISOString() };
  return { run };
}

/** Return the controls for run and time. */
export function rangeBar() {
  const box = h("div", { class: "row" });
  fill(box, controls(runs ?? []));
  if (!runs) tell(box);
  return box;
}

async function tell(box) {
  try {
    runs = (await get("/runs", { limit: 100 })).items;
  } catch {
    return; // The view says what is wrong.
  }
  fill(box, controls(runs));
}

function controls(known) {
  const question = new URLSearchParams(location.search);
  const run = question.get("run") ?? "";
  const sensors = known.filter((one) => one.kind === "sensor");
  const replays = known.filter((one) => one.kind !== "sensor");
  // A capture has a time of its own: hours before now say nothing of it.
  const isReplay = run ? !run.startsWith("sensor:") : !sensors.length;
  const chosen = question.get("from") ? "" : (question.get("range") ?? (isReplay ? "auto" : "24h"));
  const when = (text) => format.time(text, { dateStyle: "short", timeStyle: "short" });
  const option = (one) => h("option", { value: one.id, selected: one.id === run }, nameOf(one));
  return [
    h("select", { "aria-label": t("scope.run"), onchange: (event) => ask({ run: event.target.value, range: null, from: null, to: null }) },
      h("option", { value: "", selected: run === "" }, sensors.length ? t("scope.live") : t("scope.all")),
      sensors.map(option),
      run && !known.some((one) => one.id === run) && h("option", { value: run, selected: true }, run.slice(0, 24)),
      replays.length > 0 && h("optgroup", { label: t("scope.replays") }, replays.map(option))),
    h("div", { class: "segments", role: "group", "aria-label": t("scope.time") },
      (isReplay ? ["auto"] : ["1h", "24h", "7d", "30d"]).map((name) =>
        h("a", { href: href(location.pathname, { range: name === "auto" ? null : name, from: null, to: null }, [...question.keys()]), "aria-current": name === chosen && "true" }, t(`scope.${name}`)))),
    question.get("from") && h("span", { class: "badge info" }, when(question.get("from")), " – ", question.get("to") ? when(question.get("to")) : t("scope.now"),
      h("button", { class: "clear", type: "button", "aria-label": t("scope.clear"), onclick: () => ask({ from: null, to: null }) }, "×")),
  ];
}

function nameOf(one) {
  if (one.kind === "sensor") return `${t("scope.sensor")} ${one.id.slice("sensor:".length)}`;
  return one.inputs.map((input) => input.name).join(", ") || one.id.slice(0, 12);
}

/** Forget the list of runs: there may be a new one. */
export function forgetRuns() {
  runs = null;
}
