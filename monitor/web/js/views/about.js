// About: versions, data with dates and licences, whom this program contacts, and what it knows of names.

import { get, Problem } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { list } from "../pages.js";
import { ask } from "../router.js";
import * as ui from "../ui.js";

export async function about({ signal, question }) {
  const text = question.get("text") ?? "";
  const [told, entries] = await Promise.all([
    get("/about", {}, signal),
    list({ path: "/catalog", asked: { text, limit: 20 }, signal, label: t("catalog"), columns: entryColumns(), nothing: ui.empty(t("catalog.nothing"), t("catalog.nothing.text")) }),
  ]);
  return [
    ui.head(`camwatch ${told.version}`, t("about.text")),
    h("div", { class: "cards" },
      ui.sized("w6", t("about.contacts"), null, told.contacts.length ? ui.table([{ title: t("about.what"), main: true, cell: (one) => one.what }, { title: t("about.where"), cell: (one) => h("span", { class: "mono" }, one.where) }, { title: t("when"), cell: (one) => one.when }], told.contacts, t("about.contacts")) : h("p", {}, h("strong", {}, t("about.nobody"))), h("p", { class: "small soft" }, told.contacts_note)),
      ui.sized("w6", t("about.ask"), t("about.ask.text"), explainer(signal)),
      ui.sized("", t("about.data"), t("about.data.text"), ui.table(dataColumns(), told.data_sets, t("about.data"))),
      ui.sized("", t("catalog"), t("catalog.text"),
        h("form", { class: "filter", style: { "margin-bottom": ".8rem" }, onsubmit: (event) => { event.preventDefault(); ask({ text: new FormData(event.target).get("text") }); } },
          h("input", { type: "search", name: "text", value: text, placeholder: t("catalog.placeholder"), "aria-label": t("catalog") }), h("button", { class: "button primary", type: "submit" }, t("search"))),
        entries)),
  ];
}

const dataColumns = () => [
  { title: t("about.set"), main: true, cell: (one) => one.name },
  { title: t("about.of"), cell: (one) => one.about },
  { title: t("date"), cell: (one) => (one.date ? h("span", { class: "nowrap" }, one.date) : ui.unknown(t("undated"))) },
  { title: t("licence"), cell: (one) => one.licence },
  { title: t("attribution"), cell: (one) => [one.attribution, one.url && h("span", { class: "sub mono" }, one.url)] },
];

const entryColumns = () => [
  { title: t("catalog.entry"), main: true, cell: (one) => [h("span", { class: "mono" }, one.id), h("span", { class: "sub" }, one.maker)] },
  { title: t("purpose"), cell: (one) => [ui.purpose(one.purpose), one.also.map((id) => h("div", { class: "small" }, ui.purpose(id))), h("span", { class: "sub" }, t(`confidence.${one.confidence}`))] },
  { title: t("catalog.match"), cell: (one) => h("span", { class: "mono" }, one.match) },
  { title: t("catalog.about"), cell: (one) => one.about },
  { title: t("signal.source"), cell: (one) => [one.source.map((text) => h("div", { class: "small" }, text)), h("span", { class: "sub" }, one.seen)] },
];

function explainer(signal) {
  const answer = h("div", { role: "status" });
  return [
    h("form", { class: "filter", onsubmit: tell }, h("input", { type: "search", name: "name", placeholder: "log.ys7.com", required: true, "aria-label": t("about.ask") }), h("button", { class: "button primary", type: "submit" }, t("about.ask.action"))),
    answer,
  ];
  async function tell(event) {
    event.preventDefault();
    const name = new FormData(event.target).get("name").trim();
    try {
      const told = await get("/catalog/explain", { name }, signal);
      fill(answer, h("p", { style: { "margin-top": ".8rem" } }, h("strong", {}, told.host || told.asked)), Object.entries(told.answers).map(([transport, found]) => h("p", {}, h("span", { class: "soft" }, `${transport}: `), ui.purpose(found.purpose ?? "unknown"), " ", ui.confidence(found.confidence ?? "none"))));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(answer, h("p", { class: "problem" }, error.message));
    }
  }
}
