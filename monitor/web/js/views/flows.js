// Flows: each conversation of a camera, found by the filter language.

import { h } from "../dom.js";
import * as format from "../format.js";
import { t } from "../i18n.js";
import { filterBox, filtered, list } from "../pages.js";
import { href } from "../router.js";
import * as ui from "../ui.js";

export async function flows({ scope, signal, question }) {
  const filter = question.get("filter") ?? undefined;
  const asked = { ...scope, filter, sort: question.get("sort") ?? undefined };
  const body = await filtered(filter, () => list({
    path: "/flows", asked, signal, label: t("nav.flows"), columns: columns(),
    nothing: ui.empty(t("flows.nothing"), t(filter ? "filter.nothing" : "flows.nothing.text")),
  }));
  return [
    ui.head(t("nav.flows"), t("flows.text"), ui.exports("/flows", asked)),
    ui.card("", null, filterBox(question, ["scope = outside", "purpose = diagnostics and outcome = answered", "operator_country in (CN, RU) and out_bytes > 20kB", "initiated_by = destination"])),
    ui.card("", null, body),
  ];
}

const columns = () => [
  { title: t("when"), main: true, cell: (one) => h("a", { href: href(`/flows/${one.flow_id}`, { of: one.run }) }, format.time(one.start, { dateStyle: "short", timeStyle: "medium" })) },
  { title: t("camera"), cell: (one) => ui.cameraName(one.camera) },
  { title: t("destination"), cell: (one) => [one.initiated_by === "destination" && ui.badge("warn", t("inbound"), t("inbound.text")), " ", one.destination.name ?? h("span", { class: "mono" }, one.destination.ip), h("span", { class: "sub" }, `${one.destination.name ? `${one.destination.ip} ` : ""}${t("port")} ${one.destination.port} · ${one.service ?? one.protocol}`)] },
  { title: t("purpose"), cell: (one) => [ui.purpose(one.purpose), h("span", { class: "sub" }, t(`confidence.${one.confidence}`))] },
  { title: t("operator"), cell: (one) => (one.scope === "outside" ? [ui.operator(one.destination.operator, one.destination.operator_country), h("span", { class: "sub" }, t("server"), " ", one.destination.country ?? t("unknown"))] : h("span", { class: "soft" }, t(`scope.${one.scope}`))) },
  { title: t("outcome"), cell: (one) => ui.outcome(one.outcome, one.scope) },
  { title: t("sent"), right: true, cell: (one) => format.bytes(one.bytes_out) },
  { title: t("received"), right: true, cell: (one) => format.bytes(one.bytes_in) },
];
