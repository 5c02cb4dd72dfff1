// Lists that are read page by page, with a filter that says where it is wrong.

import { get, Problem } from "./api.js";
import { fill, h } from "./dom.js";
import * as format from "./format.js";
import { t } from "./i18n.js";
import { ask } from "./router.js";
import * as ui from "./ui.js";

/**
 * Return a list.
 *
 * `path` and `asked` say of what; `columns` as `ui.table` takes them; `nothing` is shown where there is none.
 */
export async function list({ path, asked, columns, signal, nothing, label }) {
  const first = await get(path, asked, signal);
  if (!first.items.length && !first.next) return nothing;
  const box = h("div", {});
  const rows = [...first.items];
  let next = first.next, looked = first.looked_to;
  const more = h("button", { class: "button", type: "button", onclick: fetchMore }, t("more"));
  const told = h("span", { class: "soft small", role: "status" });
  draw();
  async function fetchMore() {
    more.disabled = true;
    try {
      const part = await get(path, { ...asked, cursor: next }, signal);
      rows.push(...part.items);
      next = part.next;
      looked = part.looked_to;
      draw();
    } catch (error) {
      if (error.name !== "AbortError") ui.notice(error.message);
    } finally {
      more.disabled = false;
    }
  }
  function draw() {
    told.textContent = looked ? t("shown.looked", { n: rows.length, time: format.time(looked).textContent }) : t(next ? "shown.more" : "shown.all", { n: rows.length });
    fill(box, ui.table(columns, rows, label), h("p", { class: "row", style: { "margin-top": ".8rem" } }, next && more, told));
  }
  return box;
}

/** Return the box for a condition in the filter language; examples can be taken with one click. */
export function filterBox(question, examples) {
  const input = h("input", { type: "search", name: "filter", value: question.get("filter") ?? "", placeholder: t("filter.placeholder"), "aria-label": t("filter"), spellcheck: "false", autocapitalize: "off" });
  return h(
    "form", { class: "stack", style: { gap: ".4rem" }, onsubmit: (event) => { event.preventDefault(); ask({ filter: input.value.trim() }); } },
    h("div", { class: "filter" }, input, h("button", { class: "button primary", type: "submit" }, t("filter.action")),
      question.get("filter") && h("button", { class: "button", type: "button", onclick: () => ask({ filter: null }) }, t("filter.clear"))),
    h("p", { class: "small soft row", style: { gap: ".2rem .9rem" } }, t("filter.examples"), examples.map((text) => h("a", { href: "#", onclick: (event) => { event.preventDefault(); ask({ filter: text }); } }, h("code", {}, text)))),
  );
}

/** Return what a list gives, or where its filter is wrong: the text with a mark under the column. */
export async function filtered(filter, make) {
  try {
    return await make();
  } catch (error) {
    const column = error.told?.column ?? error.told?.errors?.[0]?.column;
    if (!(error instanceof Problem) || error.status >= 500 || !filter || !column) throw error;
    const hint = error.told.hint ?? error.told.errors?.[0]?.hint;
    return h("div", { role: "alert" }, h("pre", { class: "problem" }, `${filter}\n${" ".repeat(Math.max(0, column - 1))}^ ${error.message}${hint ? `\n${hint}` : ""}`));
  }
}
