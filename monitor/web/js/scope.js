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
  const question = new URLSearchParams(location.search);
  const run = question.get("run") ?? "";
  const isReplay = run !== "" && !run.startsWith("sensor:");
  const chosen = question.get("from") ? "" : (question.get("range") ?? "auto");
  const select = h("select", { "aria-label": t("scope.run"), onchange: (event) => ask({ run: event.target.value, range: null, from: null, to: null }) });
  options(select, run);
  const ranges = isReplay ? ["auto"] : ["1h", "24h", "7d", "30d"];
  return [
    select,
    h("div", { class: "segments", role: "group", "aria-label": t("scope.time") },
      ranges.map((name) => {
        const isHere = name === chosen || (chosen === "auto" && !isReplay && name === "24h");
        return h("a", { href: href(location.pathname, { range: name === "auto" ? null : name, from: null, to: null }, [...question.keys()]), "aria-current": isHere && "true" }, t(`scope.${name}`));
      })),
    question.get("from") && h("span", { class: "badge info" }, format.time(question.get("from"), { dateStyle: "short", timeStyle: "short" }), " – ", question.get("to") ? format.time(question.get("to"), { dateStyle: "short", timeStyle: "short" }) : t("scope.now"),
      h("button", { class: "button plain", type: "button", style: { "min-height": "0", padding: "0 .2rem" }, "aria-label": t("scope.clear"), onclick: () => ask({ from: null, to: null }) }, "×")),
  ];
}

async function options(select, run) {
  fill(select, h("option", { value: run }, run ? run.slice(0, 24) : t("scope.live")));
  try {
    runs ??= (await get("/runs", { limit: 100 })).items;
  } catch {
    return;
  }
  const name = (one) => (one.kind === "sensor" ? `${t("scope.sensor")} ${one.id.slice(7)}` : one.inputs.map((input) => input.name).join(", ") || one.id.slice(0, 12));
  const replays = runs.filter((one) => one.kind !== "sensor");
  const sensors = runs.filter((one) => one.kind === "sensor");
  fill(
    select,
    h("option", { value: "", selected: run === "" }, sensors.length ? t("scope.live") : t("scope.all")),
    sensors.map((one) => h("option", { value: one.id, selected: one.id === run }, name(one))),
    replays.length > 0 && h("optgroup", { label: t("scope.replays") }, replays.map((one) => h("option", { value: one.id, selected: one.id === run }, name(one)))),
  );
}

/** Forget the list of runs: there may be a new one. */
export function forgetRuns() {
  runs = null;
}
