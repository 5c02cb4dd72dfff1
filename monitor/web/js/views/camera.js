// One camera: what it said and when, to whom, who made it, and how we know.

import { get, send } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { t } from "../i18n.js";
import { href } from "../router.js";
import * as ui from "../ui.js";
import { purposeList, purposes } from "./overview.js";

export async function camera({ params, scope, signal, question, who, again }) {
  const told = await get(`/cameras/${encodeURIComponent(params.ip)}`, scope, signal);
  const one = told.camera;
  const label = one.label?.label;
  const series = { from: told.from, to: told.to, step_s: told.step_s, points: told.timeline };
  return [
    h("div", {}, h("div", { class: "crumb" }, h("a", { href: href("/cameras") }, t("nav.cameras"))),
      ui.head(label || one.ip, h("span", {}, [label && one.ip, one.brand && t("camera.label", { brand: one.brand }), one.maker && t("camera.maker", { maker: one.maker })].filter(Boolean).join(" · ") || t("camera.unknown")),
        who.role !== "reader" && h("button", { class: "button", type: "button", onclick: () => rename(one, again) }, t("camera.rename")),
        h("a", { class: "button", href: href("/flows", { filter: `camera = ${one.ip}` }) }, t("camera.flows")))),
    h("div", { class: "cards" },
      ui.sized("w4", t("camera.who"), null, identity(one)),
      ui.sized("w8", t("overview.over-time"), null, purposes(series, question)),
      ui.sized("w4", t("overview.purposes"), t("overview.purposes.text"), purposeList(told.purposes)),
      ui.sized("w8", t("camera.destinations"), null, destinations(told.destinations)),
      told.alerts.length > 0 && ui.sized("w6", t("nav.alerts"), null, alerts(told.alerts)),
      told.firmware.length > 0 && ui.sized("w6", t("camera.firmware"), t("camera.firmware.text"), firmware(told.firmware, one)),
      ui.sized("", t("camera.how"), t("camera.how.text"), signals(told.signals))),
  ];
}

function identity(one) {
  const row = (name, value) => [h("dt", {}, name), h("dd", {}, value ?? ui.unknown())];
  const isResold = one.maker && one.brand && one.maker !== one.brand;
  return [
    isResold && h("p", {}, ui.badge("warn", t("camera.resold", { brand: one.brand, maker: one.maker }))),
    h("dl", { class: "facts" },
      row(t("kind"), t(`kind.${one.kind}`)), row(t("maker"), one.maker), row(t("brand"), one.brand), row(t("model"), one.model), row(t("firmware"), one.firmware),
      row(t("confidence"), ui.confidence(one.confidence)), row(t("address"), h("span", { class: "mono" }, one.ip)), row("MAC", one.mac && h("span", { class: "mono" }, one.mac)),
      row(t("oui"), one.oui), row("VLAN", one.vlan === null ? t("vlan.none") : String(one.vlan)), row(t("last"), one.last && format.ago(one.last))),
    one.label?.note && h("p", { style: { "margin-top": ".8rem" } }, one.label.note, h("span", { class: "small soft" }, ` — ${one.label.author}`)),
  ];
}

const destinations = (list) =>
  list.length ? ui.table([
    { title: t("destination"), main: true, cell: (d) => [h("a", { href: href("/flows", { filter: `destination = ${d.ip} and port = ${d.port}` }) }, d.name ?? d.ip), h("span", { class: "sub mono" }, `${d.name ? d.ip : ""} ${t("port")} ${d.port}`)] },
    { title: t("purposes"), cell: (d) => d.purposes.map((id) => h("div", {}, ui.purpose(id))) },
    { title: t("operator"), cell: (d) => ui.operator(d.operator, d.operator_country) },
    { title: t("server"), cell: (d) => [ui.country(d.country), h("span", { class: "sub" }, d.as_org)] },
    { title: t("sent"), right: true, cell: (d) => format.bytes(d.bytes_out) },
    { title: t("received"), right: true, cell: (d) => format.bytes(d.bytes_in) },
    { title: t("answered"), right: true, cell: (d) => t("of", { n: d.answered, all: d.flows }) },
  ], list, t("camera.destinations")) : ui.empty(t("destinations.nothing"), t("camera.quiet"));

const alerts = (list) => h("ul", { class: "events" }, list.map((a) => h("li", {}, h("span", {}, ui.severity(a.severity), " ", a.state === "open" ? ui.badge("bad", t("state.open")) : ui.badge("", t("state.resolved"))), h("span", {}, h("a", { href: href(`/alerts/${a.id}`) }, a.title), h("span", { class: "small soft" }, " ", format.ago(a.opened))))));

const firmware = (list) => ui.table([
  { title: t("when"), main: true, cell: (f) => h("a", { href: href(`/flows/${f.flow_id}`) }, format.time(f.at)) },
  { title: t("from"), cell: (f) => [f.name ?? ui.unknown(), h("span", { class: "sub mono" }, f.url ?? t("encrypted"))] },
  { title: t("size"), right: true, cell: (f) => format.bytes(f.bytes) },
  { title: "SHA-256", cell: (f) => (f.sha256 ? h("span", { class: "mono" }, f.sha256) : ui.unknown(t("not-visible"))) },
], list, t("camera.firmware"));

const SIGNS = 10;

/** Return the strongest signs, and the others behind a click. */
function signals(list) {
  if (!list.length) return ui.empty(t("signals.nothing"), t("signals.nothing.text"));
  const strongest = list.toSorted((a, b) => b.weight - a.weight);
  const rest = strongest.slice(SIGNS);
  return [signTable(strongest.slice(0, SIGNS)), rest.length > 0 && h("details", {}, h("summary", {}, t("and-more", { n: rest.length })), signTable(rest))];
}

const signTable = (list) =>
  ui.table([
    { title: t("signal.kind"), main: true, cell: (one) => one.kind },
    { title: t("signal.value"), cell: (one) => h("span", { class: "mono" }, one.value) },
    { title: t("signal.says"), cell: (one) => one.says },
    { title: t("signal.weight"), right: true, cell: (one) => new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 }).format(one.weight) },
    { title: t("signal.source"), cell: (one) => h("span", { class: "small soft" }, one.source) },
  ], list, t("camera.how"));

async function rename(one, again) {
  const values = await ui.dialog(t("camera.rename"), [
    ui.field(t("camera.rename.label"), h("input", { type: "text", name: "label", maxlength: 100, value: one.label?.label ?? "" })),
    ui.field(t("camera.rename.note"), h("textarea", { name: "note", rows: 3, maxlength: 2000, value: one.label?.note ?? "" })),
  ], t("save"));
  if (!values) return;
  try {
    await send("PUT", `/cameras/${encodeURIComponent(one.ip)}/label`, values);
    again();
  } catch (error) {
    ui.notice(error.message);
  }
}
