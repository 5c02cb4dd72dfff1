// Destinations: services outside, the companies behind them, and where each of both is at home.

import { h } from "../dom.js";
import * as format from "../format.js";
import { t } from "../i18n.js";
import { filterBox, filtered, list } from "../pages.js";
import { ask, href } from "../router.js";
import * as ui from "../ui.js";

export async function destinations({ scope, signal, question }) {
  const byOperator = question.get("by") === "operators";
  const filter = question.get("filter") ?? undefined;
  const sort = question.get("sort") ?? undefined;
  const path = byOperator ? "/operators" : "/destinations";
  const asked = byOperator ? scope : { ...scope, filter, sort };
  const body = await filtered(filter, () => list({
    path, asked, signal, label: t("nav.destinations"), columns: byOperator ? operators() : services(),
    nothing: ui.empty(t("destinations.nothing"), t(filter ? "filter.nothing" : "destinations.nothing.text")),
  }));
  const tabs = h("div", { class: "segments", role: "group", "aria-label": t("nav.destinations") },
    [[null, "destinations.services"], ["operators", "destinations.operators"]].map(([by, key]) =>
      h("button", { type: "button", "aria-pressed": String((by === "operators") === byOperator), onclick: () => ask({ by, filter: null, sort: null }) }, t(key))));
  return [
    ui.head(t("nav.destinations"), t("destinations.text"), tabs, ui.exports(path, asked)),
    !byOperator && ui.card("", null, filterBox(question, ["operator_country = CN", "purpose = diagnostics", "name ~ *.hik-connect.com", "operator = unknown"])),
    ui.card("", null, body),
  ];
}

const services = () => [
  { title: t("destination"), main: true, cell: (d) => [h("a", { href: href("/flows", { filter: `destination = ${d.ip} and port = ${d.port}` }) }, d.name ?? d.ip), h("span", { class: "sub" }, h("span", { class: "mono" }, `${d.name ? `${d.ip} ` : ""}`), `${t("port")} ${d.port}`, d.name_source && ` · ${t(`source.${d.name_source}`)}`)] },
  { title: t("purposes"), cell: (d) => d.purposes.map((id) => h("div", {}, ui.purpose(id))) },
  { title: t("operator"), cell: (d) => ui.operator(d.operator, d.operator_country) },
  { title: t("server"), cell: (d) => [ui.countryName(d.country), h("span", { class: "sub" }, d.as_org && `${d.as_org} (AS${d.asn})`)] },
  { title: t("nav.cameras"), right: true, cell: (d) => format.count(d.cameras) },
  { title: t("sent"), right: true, cell: (d) => format.bytes(d.bytes_out) },
  { title: t("received"), right: true, cell: (d) => format.bytes(d.bytes_in) },
  { title: t("answered"), right: true, cell: (d) => t("of", { n: d.answered, all: d.flows }) },
  { title: t("last"), cell: (d) => format.ago(d.last) },
];

const operators = () => [
  { title: t("operator"), main: true, cell: (d) => (d.operator ? h("a", { href: href("/destinations", { filter: `operator = "${d.operator.replaceAll('"', "")}"` }) }, d.operator) : h("a", { href: href("/destinations", { filter: "operator = unknown" }) }, t("operator.unknown"))) },
  { title: t("operator.home"), cell: (d) => ui.countryName(d.operator_country) },
  { title: t("operator.servers"), cell: (d) => d.countries.flatMap((code) => [ui.country(code), " "]) },
  { title: t("purposes"), cell: (d) => h("span", { class: "row", style: { gap: ".1rem .8rem" } }, d.purposes.map(ui.purpose)) },
  { title: t("nav.cameras"), right: true, cell: (d) => format.count(d.cameras) },
  { title: t("sent"), right: true, cell: (d) => format.bytes(d.bytes_out) },
  { title: t("received"), right: true, cell: (d) => format.bytes(d.bytes_in) },
  { title: t("answered"), right: true, cell: (d) => t("of", { n: d.answered, all: d.flows }) },
  { title: t("last"), cell: (d) => format.ago(d.last) },
];
