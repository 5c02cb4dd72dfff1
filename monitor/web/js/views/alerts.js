// Alerts: what is going on, worst first by choice, and what is kept quiet.

import { get, send } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { t } from "../i18n.js";
import { on } from "../live.js";
import { filterBox, filtered, list } from "../pages.js";
import { ask, href } from "../router.js";
import * as ui from "../ui.js";

export async function alerts({ scope, signal, question, who, again }) {
  const state = question.get("state") ?? "open";
  const filter = question.get("filter") ?? undefined;
  // Open alerts matter whatever the time that is looked at.
  const asked = { run: scope.run, ...(state === "open" ? {} : scope), filter, severity: question.get("severity") ?? undefined, state: state === "all" ? undefined : state };
  on(signal, (kind) => kind === "alert" && again());
  // A replay raises no alerts: what it found are findings, with the flows that show them.
  const isReplay = scope.run && !scope.run.startsWith("sensor:");
  const [body, silences, run] = await Promise.all([
    filtered(filter, () => list({
      path: "/alerts", asked, signal, label: t("nav.alerts"), columns: columns(),
      nothing: ui.empty(t("alerts.none"), t(filter ? "filter.nothing" : "alerts.none.text")),
    })),
    get("/silences", { limit: 50 }, signal),
    isReplay ? get(`/runs/${encodeURIComponent(scope.run)}`, {}, signal) : null,
  ]);
  if (run) return [ui.head(t("nav.alerts"), t("findings.text")), ui.card(t("findings"), null, found(run))];
  return [
    ui.head(t("nav.alerts"), t("alerts.text"),
      h("div", { class: "segments", role: "group", "aria-label": t("state") }, ["open", "resolved", "all"].map((name) => h("button", { type: "button", "aria-pressed": String(name === state), onclick: () => ask({ state: name === "open" ? null : name }) }, t(`state.${name}`)))),
      h("select", { "aria-label": t("severity"), onchange: (event) => ask({ severity: event.target.value }) },
        ["", "critical", "high", "medium", "low"].map((id) => h("option", { value: id, selected: id === (question.get("severity") ?? "") }, id ? t("severity.and-worse", { severity: t(`severity.${id}`) }) : t("severity.any")))),
      ui.exports("/alerts", asked)),
    ui.card("", null, filterBox(question, ["rule = media-leaving", "severity >= high", "acknowledged = no", "camera = 10.20.3.0/24"])),
    ui.card("", null, body),
    silences.items.length > 0 && ui.card(t("silences"), t("silences.text"), quiet(silences.items, who, again)),
  ];
}

const RANK = ["critical", "high", "medium", "low", "info"];

function found(run) {
  if (!run.findings.length) return ui.empty(t("findings.none"));
  const rank = (one) => (RANK.indexOf(one.severity) + RANK.length + 1) % (RANK.length + 1);
  const flow = (id) => h("div", {}, h("a", { class: "mono", href: href(`/flows/${id}`, { of: run.run.id }) }, id));
  return ui.table([
    { title: t("finding"), main: true, cell: (one) => [one.title, h("span", { class: "sub" }, one.rule)] },
    { title: t("severity"), cell: (one) => ui.severity(one.severity) },
    { title: t("camera"), cell: (one) => (one.camera ? h("a", { href: href(`/cameras/${one.camera}`) }, one.camera) : ui.unknown(t("alert.whole"))) },
    { title: t("times"), right: true, cell: (one) => format.count(one.flows) },
    { title: t("flow.flows"), cell: (one) => (one.flow_ids.length ? one.flow_ids.slice(0, 3).map(flow) : ui.unknown(t("nothing"))) },
  ], run.findings.toSorted((a, b) => rank(a) - rank(b)), t("findings"));
}

const columns = () => [
  { title: t("alert"), main: true, cell: (one) => [h("a", { href: href(`/alerts/${one.id}`) }, one.title), h("span", { class: "sub" }, one.rule)] },
  { title: t("severity"), cell: (one) => ui.severity(one.severity) },
  { title: t("state"), cell: (one) => [one.state === "open" ? ui.badge("bad", t("state.open")) : ui.badge("", t("state.resolved")), one.acknowledged_by && h("span", { class: "sub" }, t("seen.by", { name: one.acknowledged_by }))] },
  { title: t("nav.cameras"), cell: (one) => cameras(one.cameras.filter((c) => c.ip)) },
  { title: t("operator"), cell: (one) => (one.operator ? ui.operator(one.operator, one.operator_country) : one.destinations.slice(0, 2).join(", ")) },
  { title: t("times"), right: true, cell: (one) => format.count(one.times) },
  { title: t("opened"), cell: (one) => h("span", { class: "nowrap" }, format.ago(one.opened)) },
  { title: t("last"), cell: (one) => h("span", { class: "nowrap" }, format.ago(one.last)) },
];

function cameras(list) {
  if (!list.length) return ui.unknown(t("alert.whole"));
  const shown = list.slice(0, 2).map((one) => h("div", {}, ui.cameraName(one)));
  return list.length > 2 ? [shown, h("span", { class: "soft small" }, t("and-more", { n: list.length - 2 }))] : shown;
}

const quiet = (items, who, again) => ui.table([
  { title: t("silence.what"), main: true, cell: (one) => h("span", { class: "mono" }, Object.entries(one.matches).map(([key, value]) => `${key} = ${value}`).join(", ")) },
  { title: t("silence.why"), cell: (one) => one.reason },
  { title: t("silence.who"), cell: (one) => one.author },
  { title: t("silence.until"), cell: (one) => format.time(one.until) },
  { title: "", cell: (one) => who.role !== "reader" && h("button", { class: "button", type: "button", onclick: () => end(one, again) }, t("silence.end")) },
], items, t("silences"));

async function end(one, again) {
  try {
    await send("POST", `/silences/${one.id}/end`, {});
    again();
  } catch (error) {
    ui.notice(error.message);
  }
}
