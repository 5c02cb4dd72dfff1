// Cameras: who they are, who made them, and what they say outside.

import { h } from "../dom.js";
import * as format from "../format.js";
import { t } from "../i18n.js";
import { filterBox, filtered, list } from "../pages.js";
import * as ui from "../ui.js";

export async function cameras({ scope, signal, question }) {
  const filter = question.get("filter") ?? undefined;
  const asked = { ...scope, filter };
  const body = await filtered(filter, () => list({
    path: "/cameras", asked, signal, label: t("nav.cameras"), columns: columns(),
    nothing: ui.empty(t("cameras.nothing"), t(filter ? "filter.nothing" : "cameras.nothing.text")),
  }));
  return [
    ui.head(t("nav.cameras"), t("cameras.text"), ui.exports("/cameras", asked)),
    ui.card("", null, filterBox(question, ["maker = Hikvision", "kind = camera and brand = unknown", "confidence < medium"])),
    ui.card("", null, body),
  ];
}

const columns = () => [
  { title: t("camera"), main: true, cell: (one) => ui.cameraName(one) },
  { title: t("kind"), cell: (one) => [t(`kind.${one.kind}`), one.model && h("span", { class: "sub" }, one.model), one.firmware && h("span", { class: "sub" }, `${t("firmware")} ${one.firmware}`)] },
  { title: t("maker"), cell: (one) => [one.maker ?? ui.unknown(), h("span", { class: "sub" }, t(`confidence.${one.confidence}`))] },
  { title: "MAC", cell: (one) => one.mac && [h("span", { class: "mono nowrap" }, one.mac), one.oui && h("span", { class: "sub" }, one.oui)] },
  { title: "VLAN", cell: (one) => one.vlan ?? ui.unknown(t("vlan.none")) },
  { title: t("purposes.outside"), cell: (one) => (one.purposes.length ? h("span", { class: "row", style: { gap: ".1rem .8rem" } }, one.purposes.slice(0, 5).map(ui.purpose), one.purposes.length > 5 && `+${one.purposes.length - 5}`) : h("span", { class: "soft" }, t("nothing"))) },
  { title: t("operator.countries"), cell: (one) => one.operator_countries.flatMap((code) => [ui.country(code), " "]) },
  { title: t("sent"), right: true, cell: (one) => [format.bytes(one.bytes_out), h("span", { class: "sub" }, t("answered.of", { n: one.answered_outside, all: one.flows_outside }))] },
  { title: t("last"), cell: (one) => (one.last ? format.ago(one.last) : ui.unknown(t("never"))) },
];
