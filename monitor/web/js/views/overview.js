// Overview: the verdict of each camera VLAN, what leaves by purpose, where to, who, and what needs a look.

import { get } from "../api.js";
import { chart, writeBytes, writeCount } from "../chart.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { has, t } from "../i18n.js";
import { on } from "../live.js";
import { map, mapLegend } from "../map.js";
import { ask, href } from "../router.js";
import * as ui from "../ui.js";

const VERDICT = { exposed: "bad", "talks-outside": "bad", "infrastructure-only": "warn", stopped: "ok", closed: "ok" };
const COVERAGE = { ok: "ok", degraded: "warn", blind: "bad" };

export async function overview({ scope, signal, question, again }) {
  const [told, series] = await Promise.all([get("/overview", scope, signal), get("/purposes", scope, signal)]);
  on(signal, (kind) => kind === "alert" && again());
  const title = ui.head(t("overview.title"), h("span", {}, t("overview.span"), " ", format.time(told.from), " – ", format.time(told.to)));
  if (!told.totals.flows && !told.sensors.length) {
    return [title, ui.card("", null, ui.empty(t("overview.nothing"), t("overview.nothing.text"), h("a", { class: "button primary", href: href("/replays") }, t("replays.upload"))))];
  }
  return [
    title,
    h("div", { class: "cards" }, told.vlans.map(vlan), told.sensors.filter((one) => !one.is_fresh).map(silent)),
    h("div", { class: "cards" }, figures(told)),
    h("div", { class: "two" },
      h("div", { class: "stack" },
        ui.card(t("overview.over-time"), measure(question), purposes(series, question)),
        ui.card(t("overview.where"), whereText(told.map), map(told.map), mapLegend()),
        ui.card(t("overview.talkers"), null, talkers(told.talkers))),
      h("div", { class: "stack" },
        ui.card(t("overview.alerts"), null, alerts(told.alerts)),
        ui.card(t("overview.purposes"), t("overview.purposes.text"), purposeList(told.purposes)),
        ui.card(t("overview.operators"), t("overview.operators.text"), operators(told.operators)))),
  ];
}

function vlan(one) {
  const kind = VERDICT[one.verdict] ?? "";
  const cannotTell = ["blind"].includes(one.coverage.verdict);
  const shown = cannotTell && kind === "ok" ? "warn" : kind;
  return h(
    "section", { class: `card verdict v-${shown} w6` },
    h("div", { class: "row between" },
      h("h2", {}, one.vlan === null ? t("vlan.untagged") : t("vlan", { vlan: String(one.vlan) })),
      ui.badge(shown, cannotTell && kind === "ok" ? t("verdict.cannot-tell") : t(`verdict.${one.verdict}`))),
    h("p", {}, has(`verdict.${one.verdict}.text`) ? t(`verdict.${one.verdict}.text`) : one.text),
    one.purposes.length > 0 && h("p", { class: "row small", style: { gap: ".1rem .9rem" } }, one.purposes.slice(0, 6).map(ui.purpose)),
    h("p", { class: "row small soft" },
      h("span", {}, t("vlan.cameras", { n: one.cameras_outside, all: one.cameras })),
      h("span", {}, t("vlan.answered", { n: one.answered_outside, all: one.flows_outside })),
      h("span", {}, `${format.bytes(one.bytes_out)} ${t("out")}`)),
    h("p", { class: "row small" },
      ui.badge(COVERAGE[one.coverage.verdict] ?? "", t(`coverage.${one.coverage.verdict ?? "none"}`)),
      h("span", { class: "soft grow" }, one.coverage.text ?? t("coverage.none.text"))),
  );
}

const silent = (one) =>
  h("section", { class: "card verdict v-bad w6" },
    h("div", { class: "row between" }, h("h2", {}, t("sensor.named", { name: one.name })), ui.badge("bad", t("sensor.silent"))),
    h("p", {}, t("sensor.silent.text"), " ", format.ago(one.seen)),
    h("a", { href: href("/sensor") }, t("nav.sensor")));

function figures(told) {
  const one = (label, value, note, to) =>
    h("section", { class: "card w3 half" }, h("div", { class: "small soft" }, to ? h("a", { href: to }, label) : label), h("div", { class: "figure" }, value), h("div", { class: "small soft" }, note));
  const { totals } = told;
  return [
    one(t("figures.cameras"), format.count(totals.cameras_outside), t("figures.cameras.text", { n: totals.cameras }), href("/cameras")),
    one(t("figures.flows"), format.count(totals.flows_outside), t("figures.flows.text", { n: totals.answered_outside }), href("/flows", { filter: "scope = outside" })),
    one(t("figures.out"), format.bytes(totals.bytes_out), t("figures.out.text", { text: format.bytes(totals.bytes_in) }), href("/destinations")),
    one(t("figures.alerts"), format.count(Object.values(told.alerts).reduce((a, b) => a + b, 0)), t("figures.alerts.text", { n: told.alerts.critical + told.alerts.high }), href("/alerts")),
  ];
}

const MEASURES = { bytes_out: writeBytes, flows: writeCount };

function measure(question) {
  const chosen = question.get("by") === "flows" ? "flows" : "bytes_out";
  return h("div", { class: "segments", role: "group", "aria-label": t("measure") },
    Object.keys(MEASURES).map((name) => h("button", { type: "button", "aria-pressed": String(name === chosen), onclick: () => ask({ by: name === "flows" ? name : null }, { replace: true }) }, t(`measure.${name}`))));
}

/** Return the chart of purposes over time, or what to say where there is nothing. */
export function purposes(series, question) {
  if (!series.points.length) return ui.empty(t("series.nothing"), t("series.nothing.text"));
  const by = question.get("by") === "flows" ? "flows" : "bytes_out";
  return chart(columns(series, by), MEASURES[by], (from, to) => ask({ from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString(), range: null }));
}

function columns(series, by) {
  const seconds = (text) => Math.floor(new Date(text).getTime() / 1000);
  const first = Math.floor(seconds(series.from) / series.step_s) * series.step_s;
  const length = Math.max(1, Math.ceil((seconds(series.to) - first) / series.step_s));
  const times = Array.from({ length }, (_, at) => first + at * series.step_s);
  const found = {};
  for (const point of series.points) {
    const at = Math.round((seconds(point.at) - first) / series.step_s);
    found[point.purpose] ??= new Array(length).fill(0);
    if (at >= 0 && at < length) found[point.purpose][at] += point[by];
  }
  return { step_s: series.step_s, times, purposes: found };
}

export function purposeList(list) {
  if (!list.length) return ui.empty(t("series.nothing"));
  const most = Math.max(...list.map((one) => one.bytes_out + one.bytes_in));
  return list.map((one) =>
    h("p", {}, h("span", { class: "row between" },
      h("a", { href: href("/flows", { filter: `purpose = ${one.purpose} and scope = outside` }), style: { color: "inherit" } }, ui.purpose(one.purpose)),
      h("span", { class: "num small soft", title: t("inandout") }, `↑ ${format.bytes(one.bytes_out)}  ↓ ${format.bytes(one.bytes_in)}`)),
    ui.bar(one.bytes_out + one.bytes_in, most, one.purpose),
    h("span", { class: "small soft" }, t("purpose.count", { n: one.flows, answered: one.answered }), " · ", t("cameras.count", { n: one.cameras }))));
}

const whereText = (places) => {
  const lost = places.filter((one) => !one.country).reduce((a, b) => a + b.flows, 0);
  return lost ? t("map.lost", { n: lost }) : t("map.text");
};

function operators(list) {
  if (!list.length) return ui.empty(t("series.nothing"));
  const most = Math.max(...list.map((one) => one.bytes_out));
  return list.map((one) =>
    h("p", {}, h("span", { class: "row between" },
      h("span", {}, one.operator ? h("a", { href: href("/destinations", { filter: `operator = "${one.operator.replaceAll('"', "")}"` }) }, one.operator) : ui.unknown(t("operator.unknown")), " ", one.operator && ui.country(one.operator_country)),
      h("span", { class: "num small soft" }, `↑ ${format.bytes(one.bytes_out)}`)),
    ui.bar(one.bytes_out, most),
    h("span", { class: "small soft" }, t("operator.servers"), " ", one.countries.length ? one.countries.slice(0, 6).flatMap((code) => [ui.country(code), " "]) : t("unknown"), " · ", t("cameras.count", { n: one.cameras }))));
}

function talkers(list) {
  if (!list.length) return ui.empty(t("talkers.nothing"));
  const most = Math.max(...list.map((one) => one.bytes_out));
  return ui.table([
    { title: t("camera"), main: true, cell: (one) => ui.cameraName(one.camera) },
    { title: t("purposes"), cell: (one) => h("span", { class: "row", style: { gap: ".1rem .8rem" } }, one.purposes.slice(0, 4).map(ui.purpose)) },
    { title: t("operator.countries"), cell: (one) => one.operator_countries.flatMap((code) => [ui.country(code), " "]) },
    { title: t("sent"), right: true, cell: (one) => [format.bytes(one.bytes_out), ui.bar(one.bytes_out, most)] },
    { title: t("received"), right: true, cell: (one) => format.bytes(one.bytes_in) },
  ], list, t("overview.talkers"));
}

function alerts(open) {
  const found = Object.entries(open).filter(([, n]) => n > 0);
  if (!found.length) return ui.empty(t("alerts.none"), t("alerts.none.text"));
  return [
    h("dl", { class: "facts" }, found.map(([id, n]) => [h("dt", {}, ui.severity(id)), h("dd", { class: "num" }, h("a", { href: href("/alerts", { severity: id }) }, t("alerts.count", { n })))])),
    h("p", { style: { "margin-top": ".8rem" } }, h("a", { class: "button", href: href("/alerts") }, t("alerts.look"))),
  ];
}
