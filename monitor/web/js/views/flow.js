// One flow: what was seen, what it is taken for, and why, step by step.

import { address, file, get } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { t } from "../i18n.js";
import { href } from "../router.js";
import * as ui from "../ui.js";

export async function flow({ params, scope, signal, question, who }) {
  const told = await get(`/flows/${encodeURIComponent(params.id)}`, { run: question.get("of") ?? scope.run }, signal);
  const one = told.flow;
  const to = one.destination;
  return [
    h("div", {}, h("div", { class: "crumb" }, h("a", { href: href("/flows") }, t("nav.flows"))),
      ui.head(h("span", {}, one.camera.ip, one.initiated_by === "camera" ? " → " : " ← ", to.name ?? to.ip), h("span", { class: "row" }, ui.purpose(one.purpose), ui.confidence(one.confidence), ui.outcome(one.outcome, one.scope)))),
    h("div", { class: "cards" },
      ui.sized("w6", t("flow.facts"), null, facts(one)),
      ui.sized("w6", t("flow.evidence"), t("flow.evidence.text"), evidence(one.evidence)),
      ui.sized("", t("flow.packets"), null, packets(told, who)),
      ui.sized("", t("flow.why"), null, h("pre", { class: "told" }, told.text.join("\n")))),
  ];
}

/** What to do to get the packets: fetch them where they are kept, and else what leads to them. */
function packets(told, who) {
  const one = told.flow;
  const say = (text) => h("p", {}, text);
  const run = (line) => h("pre", { class: "told" }, line);
  if (told.packets === "kept") {
    if (who.role === "reader") return say(t("flow.packets.reader"));
    const path = address(`/flows/${encodeURIComponent(one.flow_id)}/packets`, { run: one.run });
    return [
      say(t("flow.packets.kept")),
      h("button", { class: "button primary", type: "button", onclick: (event) => fetchPackets(event.currentTarget, path, one) }, t("flow.packets.get")),
    ];
  }
  if (told.packets === "sensor") return [say(t("flow.packets.sensor")), run(`tcpdump -i MIRROR -w camera.pcap '${one.vlan === null ? "" : "vlan and "}host ${one.camera.ip}'`)];
  if (told.packets === "removed") return [say(t("flow.packets.removed")), h("a", { class: "button", href: href("/replays") }, t("nav.replays"))];
  return [say(t("flow.packets.elsewhere")), run(`camwatch inspect RUN ${one.flow_id} --write flow.pcapng`)];
}

/** Not a plain link: a refusal is then words on this page, and no page of its own. */
async function fetchPackets(button, path, one) {
  button.disabled = true;
  try {
    const url = URL.createObjectURL(await file(path));
    const link = h("a", { href: url, download: `camwatch-${one.flow_id}.pcapng` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    ui.notice(error.message);
  }
  button.disabled = false;
}

function facts(one) {
  const row = (name, value) => [h("dt", {}, name), h("dd", {}, value ?? ui.unknown())];
  const to = one.destination;
  return h("dl", { class: "facts" },
    row(t("when"), h("span", {}, format.time(one.start), " – ", format.time(one.end, { timeStyle: "medium" }), ` (${format.duration((new Date(one.end) - new Date(one.start)) / 1000)})`)),
    row(t("camera"), ui.cameraName(one.camera)),
    row(t("destination"), h("span", {}, to.name, " ", h("span", { class: "mono" }, to.ip), ` ${t("port")} ${to.port}`)),
    row(t("flow.name-source"), to.name_source && t(`source.${to.name_source}`)),
    row(t("operator"), ui.operator(to.operator, to.operator_country)),
    row(t("server"), h("span", {}, ui.countryName(to.country), to.as_org && ` · ${to.as_org} (AS${to.asn})`)),
    row(t("flow.opened"), t(one.initiated_by === "camera" ? "flow.by-camera" : "flow.by-destination")),
    row(t("service"), `${one.service ?? t("unknown")} / ${one.protocol}`),
    row(t("sent"), `${format.bytes(one.bytes_out)}`), row(t("received"), `${format.bytes(one.bytes_in)}`),
    row(t("packets"), t("flow.packets.count", { out: one.initiated_by === "camera" ? one.orig.packets : one.resp.packets, in: one.initiated_by === "camera" ? one.resp.packets : one.orig.packets })),
    row("VLAN", one.vlan === null ? t("vlan.none") : String(one.vlan)),
    row("Community ID", h("span", { class: "mono" }, one.community_id)), row(t("flow.id"), h("span", { class: "mono" }, one.flow_id)));
}

const evidence = (items) =>
  items.length ? ui.table([
    { title: t("signal.kind"), main: true, cell: (e) => e.kind },
    { title: t("signal.value"), cell: (e) => h("span", { class: "mono" }, e.value) },
    { title: t("flow.entry"), cell: (e) => e.catalog && h("a", { href: href("/about", { text: e.catalog }) }, h("span", { class: "mono" }, e.catalog)) },
  ], items, t("flow.evidence")) : ui.empty(t("flow.no-evidence"), t("flow.no-evidence.text"));
