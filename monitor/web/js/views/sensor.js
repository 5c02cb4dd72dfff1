// Sensor health: can this sensor be trusted with the word "nothing"? And did every message arrive?

import { get } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { t } from "../i18n.js";
import { on } from "../live.js";
import { list } from "../pages.js";
import { ask } from "../router.js";
import * as ui from "../ui.js";

const DELIVERY = { delivered: "ok", pending: "info", dead: "bad" };

export async function sensor({ signal, question, again }) {
  const state = question.get("delivery") ?? undefined;
  const [sensors, targets, deliveries] = await Promise.all([
    get("/sensors", {}, signal), get("/targets", {}, signal),
    list({ path: "/deliveries", asked: { state }, signal, label: t("deliveries"), columns: deliveryColumns(), nothing: ui.empty(t("deliveries.nothing"), t("deliveries.nothing.text")) }),
  ]);
  on(signal, (kind) => kind === "sensor" && again());
  return [
    ui.head(t("nav.sensor"), t("sensor.text")),
    sensors.items.length ? sensors.items.map(one) : ui.card("", null, ui.empty(t("sensor.none"), t("sensor.none.text"), h("code", {}, "camwatch run --interface eth1"))),
    targets.items.length > 0 && ui.card(t("targets"), null, targetTable(targets.items)),
    ui.card(t("deliveries"), h("div", { class: "segments", role: "group", "aria-label": t("state") }, [null, "pending", "delivered", "dead"].map((name) => h("button", { type: "button", "aria-pressed": String((name ?? undefined) === state), onclick: () => ask({ delivery: name }) }, t(`delivery.${name ?? "all"}`)))), deliveries),
  ];
}

function one(told) {
  const status = told.status ?? {};
  const coverage = status.coverage ?? {};
  const vlans = Object.entries(coverage.vlans ?? {}).map(([vlan, seen]) => ({ vlan, ...seen, isolation: status.isolation?.[vlan] }));
  return h("div", { class: "stack" },
    h("section", { class: `card verdict v-${told.is_fresh ? "ok" : "bad"}` },
      h("div", { class: "row between" }, h("h2", {}, t("sensor.named", { name: told.name })), ui.badge(told.is_fresh ? "ok" : "bad", t(told.is_fresh ? "sensor.alive" : "sensor.silent"))),
      h("dl", { class: "facts", style: { "margin-top": ".6rem" } }, [[t("sensor.seen"), format.ago(told.seen)], [t("sensor.started"), format.time(told.started)], [t("version"), told.version]].map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))),
    vlans.length > 0 && ui.card(t("coverage"), null, reasons(coverage.reasons), ui.table(coverageColumns(), vlans, t("coverage"))),
    status.interfaces?.length > 0 && ui.card(t("sensor.interfaces"), t("sensor.counters.text"), ui.table(interfaceColumns(), status.interfaces, t("sensor.interfaces"))),
    ui.card(t("sensor.counters"), null, counters(status)));
}

const COVERAGE = { ok: "ok", degraded: "warn", blind: "bad" };
const ISOLATION = { closed: "ok", open: "bad", "cannot-tell": "warn" };

const reasons = (list) => (list ?? []).map((one) => h("p", { class: "small" }, one.text));

const coverageColumns = () => [
  { title: "VLAN", main: true, cell: (v) => h("span", { class: "nowrap" }, v.vlan === "untagged" ? t("vlan.none") : v.vlan) },
  { title: t("coverage"), cell: (v) => ui.badge(COVERAGE[v.state] ?? "", t(`coverage.${v.state}`)) },
  { title: t("coverage.why"), cell: (v) => (v.reasons?.length ? v.reasons.map((one) => h("div", {}, one.text)) : h("span", { class: "soft" }, t(v.two_sided ? "coverage.both" : "coverage.quiet"))) },
  { title: t("isolation"), cell: (v) => v.isolation && [ui.badge(ISOLATION[v.isolation.verdict] ?? "", t(`isolation.${v.isolation.verdict}`)), h("span", { class: "sub" }, v.isolation.sentence)] },
  { title: t("last"), cell: (v) => v.last_frame && format.ago(v.last_frame) },
];

const interfaceColumns = () => [
  { title: t("interface"), main: true, cell: (i) => [h("span", { class: "mono" }, i.interface), " ", i.is_up ? ui.badge("ok", t("interface.up")) : ui.badge("bad", t("interface.down"))] },
  { title: t("interface.received"), right: true, cell: (i) => format.count(i.received) },
  { title: t("interface.frames"), right: true, cell: (i) => format.count(i.frames) },
  ...["dropped", "lost_with_worker", "faults", "freezes", "downs"].map((name) => ({ title: t(`interface.${name}`), right: true, cell: (i) => lost(i[name] ?? 0) })),
];

const lost = (n) => (n ? ui.badge("warn", format.count(n)) : format.count(0));

const LOSS = /drop|lost|loss|evict|overflow|freeze|skipped|died|broken|refused|no resources/;

/** Return every number of a status, however it is nested: those that are zero behind a click. */
function counters(status) {
  const rows = [];
  const walk = (value, path) => {
    if (typeof value === "number") rows.push([path.join(" · ").replaceAll("_", " "), value]);
    else if (value && typeof value === "object" && !Array.isArray(value)) for (const [name, inner] of Object.entries(value)) if (!name.endsWith("_ns") && (path.length || !["coverage", "isolation"].includes(name))) walk(inner, [...path, name]);
  };
  walk(status, []);
  const some = rows.filter(([, n]) => n);
  const none = rows.filter(([, n]) => !n);
  const shown = (list) => ui.table([
    { title: t("counter"), main: true, cell: ([name]) => name },
    { title: t("value"), right: true, cell: ([name, n]) => (LOSS.test(name) ? lost(n) : format.count(n)) },
  ], list, t("sensor.counters"));
  if (!rows.length) return ui.empty(t("nothing"));
  return [some.length > 0 && shown(some), none.length > 0 && h("details", {}, h("summary", {}, t("sensor.zero", { n: none.length })), shown(none))];
}

const targetTable = (items) => ui.table([
  { title: t("target"), main: true, cell: (one) => one.name },
  { title: t("state"), cell: (one) => (one.is_gone ? ui.badge("bad", t("target.gone")) : one.paused_until ? ui.badge("warn", t("target.paused")) : one.failures ? ui.badge("warn", t("target.failing", { n: one.failures })) : ui.badge("ok", t("target.ok"))) },
  { title: t("target.success"), cell: (one) => format.ago(one.last_success) },
  { title: t("target.error"), cell: (one) => one.last_error },
], items, t("targets"));

const deliveryColumns = () => [
  { title: t("delivery.type"), main: true, cell: (one) => one.type },
  { title: t("target"), cell: (one) => one.target },
  { title: t("state"), cell: (one) => ui.badge(DELIVERY[one.state] ?? "", t(`delivery.${one.state}`)) },
  { title: t("delivery.attempts"), right: true, cell: (one) => format.count(one.attempts) },
  { title: t("delivery.answer"), cell: (one) => one.error ?? one.status },
  { title: t("delivery.created"), cell: (one) => format.ago(one.created) },
  { title: t("delivery.due"), cell: (one) => (one.state === "pending" ? format.ago(one.due) : one.delivered && format.ago(one.delivered)) },
];
