// One alert: what it means, what to do, how we know, and what happened since.

import { get, send } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { has, t } from "../i18n.js";
import { on } from "../live.js";
import { href } from "../router.js";
import * as ui from "../ui.js";

export async function alert({ params, signal, who, again }) {
  const told = await get(`/alerts/${encodeURIComponent(params.id)}`, {}, signal);
  const one = told.alert;
  on(signal, (kind) => kind === "alert" && again());
  const may = who.role !== "reader" && one.state === "open";
  return [
    h("div", {}, h("div", { class: "crumb" }, h("a", { href: href("/alerts") }, t("nav.alerts"))),
      ui.head(one.title, h("span", { class: "row" }, ui.severity(one.severity), one.state === "open" ? ui.badge("bad", t("state.open")) : ui.badge("", t("state.resolved")), one.acknowledged_by && ui.badge("info", t("seen.by", { name: one.acknowledged_by }))),
        may && !one.acknowledged_by && h("button", { class: "button primary", type: "button", onclick: () => act(`/alerts/${one.id}/acknowledge`, {}, again) }, t("alert.acknowledge")),
        may && h("button", { class: "button", type: "button", onclick: () => snooze(one, again) }, t("alert.snooze")),
        who.role !== "reader" && h("button", { class: "button", type: "button", onclick: () => note(one, again) }, t("alert.note")))),
    h("div", { class: "cards" },
      ui.sized("w8", t("alert.meaning"), null, one.explanation.split("\n").map((line) => h("p", {}, line)), h("p", { class: "small soft" }, t("alert.rule"), " ", h("code", {}, one.rule), " · ", t("times.count", { n: one.times }), one.runbook && [" · ", t("alert.runbook"), " ", h("span", { class: "mono" }, one.runbook)])),
      ui.sized("w4", t("alert.facts"), null, facts(one, told.run)),
      ui.sized("w6", t("nav.cameras"), null, one.cameras.some((c) => c.ip) ? h("ul", { class: "events" }, one.cameras.map((c) => h("li", {}, h("span", { class: "small soft" }, c.vlan === null ? t("vlan.none") : `VLAN ${c.vlan}`), h("span", {}, ui.cameraName(c))))) : ui.empty(t("alert.whole"))),
      ui.sized("w6", t("flow.evidence"), null, evidence(one)),
      ui.sized("", t("alert.history"), null, h("ul", { class: "events" }, told.events.toReversed().map((e) => h("li", {}, h("span", { class: "small soft" }, format.time(e.at)), h("span", {}, ui.badge("", has(`event.${e.kind}`) ? t(`event.${e.kind}`) : e.kind), " ", e.text, e.author && h("span", { class: "small soft" }, ` — ${e.author}`))))))),
  ];
}

function facts(one, run) {
  const row = (name, value) => [h("dt", {}, name), h("dd", {}, value ?? ui.unknown())];
  return h("dl", { class: "facts" },
    row(t("opened"), format.time(one.opened)), row(t("last"), format.time(one.last)), one.resolved && row(t("state.resolved"), format.time(one.resolved)),
    row(t("operator"), ui.operator(one.operator, one.operator_country)),
    row(t("destination"), one.destinations.length ? one.destinations.map((name) => h("div", { class: "mono" }, name)) : ui.unknown()),
    row(t("flow.flows"), one.flow_ids.length ? one.flow_ids.map((id) => h("div", {}, h("a", { class: "mono", href: href(`/flows/${id}`, { of: run }) }, id))) : ui.unknown(t("nothing"))),
    row(t("sensor"), one.sensor));
}

const evidence = (one) =>
  one.evidence.length ? ui.table([
    { title: t("signal.kind"), main: true, cell: (e) => e.kind },
    { title: t("signal.value"), cell: (e) => h("span", { class: "mono" }, e.value) },
  ], one.evidence, t("flow.evidence")) : ui.empty(t("flow.no-evidence"));

async function act(path, body, again) {
  try {
    await send("POST", path, body);
    again();
  } catch (error) {
    ui.notice(error.message);
  }
}

async function snooze(one, again) {
  const hours = { 1: "snooze.1", 24: "snooze.24", 168: "snooze.168", 720: "snooze.720" };
  const values = await ui.dialog(t("alert.snooze"), [
    h("p", { class: "soft" }, t("alert.snooze.text")),
    ui.field(t("silence.until"), h("select", { name: "hours" }, Object.entries(hours).map(([n, key]) => h("option", { value: n }, t(key))))),
    ui.field(t("silence.why"), h("input", { type: "text", name: "reason", required: true, maxlength: 500 })),
  ], t("alert.snooze"));
  if (values) act(`/alerts/${one.id}/snooze`, { reason: values.reason, until: new Date(Date.now() + values.hours * 3600e3).toISOString() }, again);
}

async function note(one, again) {
  const values = await ui.dialog(t("alert.note"), ui.field(t("alert.note.text"), h("textarea", { name: "text", rows: 4, required: true, maxlength: 2000 })), t("save"));
  if (values) act(`/alerts/${one.id}/notes`, { text: values.text }, again);
}
