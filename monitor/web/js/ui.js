// The pieces that views are put together from.

import { address } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { has, t } from "./i18n.js";
import { href } from "./router.js";

/** Every purpose, in the order in which they are told. */
export const PURPOSES = [
  "diagnostics", "update-check", "firmware-download", "p2p-rendezvous", "media-relay", "cloud-api", "cloud-storage", "push", "ddns", "dns",
  "ntp", "connectivity-check", "discovery", "user-service", "tunnel", "remote-access", "scan", "unknown",
];
const known = (id) => (PURPOSES.includes(id) ? id : "unknown");

export const head = (title, text, ...actions) =>
  h("div", { class: "head" }, h("div", { class: "grow" }, h("h1", {}, title), text && h("p", {}, text)), h("div", { class: "row" }, actions));

export const card = (title, aside, ...children) => sized("", title, aside, ...children);

export const sized = (size, title, aside, ...children) =>
  h("section", { class: `card ${size}` }, title && h("header", {}, h("h2", {}, title), aside && (aside instanceof Node ? aside : h("p", {}, aside))), children);

export const badge = (kind, text, title) => h("span", { class: `badge ${kind}`, title }, text);

/** Return a purpose in words, with its colour and what it means. */
export const purpose = (id) =>
  h("span", { class: `purpose p-${known(id)}`, title: has(`purpose.${id}.text`) ? t(`purpose.${id}.text`) : id }, t(`purpose.${id}`));

const SEVERITY = { critical: "bad", high: "bad", medium: "warn", low: "info", info: "" };
export const severity = (id) => badge(SEVERITY[id] ?? "", t(`severity.${id}`));

/** Return whether a flow was answered; silence matters only where somebody was asked. */
export const outcome = (id, scope = "outside") =>
  badge(id === "answered" || ["multicast", "broadcast"].includes(scope) ? "" : "warn", t(`outcome.${id}`), t(`outcome.${id}.text`));

/** Return a country: its code, and its name for whoever points at it. */
export const country = (code) =>
  code ? h("span", { class: "nowrap", title: format.country(code) }, h("span", { class: "code" }, code), h("span", { class: "sr" }, format.country(code))) : unknown();

export const countryName = (code) => (code ? [country(code), " ", format.country(code)] : unknown());

export const unknown = (text) => h("span", { class: "unknown" }, text ?? t("unknown"));

/** Return a company and its home, which is another thing than where its server stands. */
export const operator = (name, code) =>
  name ? h("span", {}, h("a", { href: href("/destinations", { filter: `operator = "${name.replaceAll('"', "")}"` }) }, name), code && [" ", country(code)]) : unknown();

/** Return a camera: the name that people gave it, its address, who made it. */
export function cameraName(one, to = href(`/cameras/${one.ip}`)) {
  const label = typeof one.label === "object" ? one.label?.label : (one.label ?? one.name);
  const made = [one.brand, one.maker].filter((name, at, all) => name && all.indexOf(name) === at);
  return [
    h("a", { href: to }, label || one.ip), " ",
    h("span", { class: "sub" }, [label && one.ip, made.length === 2 ? t("made.by", { brand: made[0], maker: made[1] }) : made[0]].filter(Boolean).join(" · ")),
  ];
}

export const confidence = (id) => badge(id === "high" ? "ok" : id === "medium" ? "info" : "", t(`confidence.${id}`));

export function empty(title, text, ...actions) {
  return h("div", { class: "empty" }, h("h3", {}, title), text && h("p", {}, text), actions.length > 0 && h("p", { class: "row", style: { "justify-content": "center" } }, actions));
}

/** Return what went wrong and what to do about it. */
export function failure(error, again) {
  const told = error.told ?? {};
  return h(
    "div", { class: "card" },
    empty(told.title ?? t("error.title"), told.detail ?? error.message ?? t("error.text"), again && h("button", { class: "button", onclick: again }, t("error.again"))),
  );
}

export const loading = () => h("div", { class: "loading", "aria-busy": "true" }, t("loading"));

/**
 * Return a table that turns into cards on a phone.
 *
 * Columns are `{ title, cell(row), right, main }`; `main` names the row.
 */
export function table(columns, rows, label) {
  return h(
    "div", { class: "scroll" },
    h(
      "table", { class: "cardly" },
      label && h("caption", { class: "sr" }, label),
      h("thead", {}, h("tr", {}, columns.map((c) => h("th", { scope: "col", class: c.right ? "r" : "" }, c.title)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((c) => cell(c, row))))),
    ),
  );
}

function cell(column, row) {
  const held = column.cell(row);
  const isEmpty = held === undefined || held === null || held === false || held === "" || held.length === 0;
  // One box in each: on a phone the label stands beside it.
  return h("td", { "data-label": column.title, class: `${column.right ? "r num" : ""} ${column.main ? "title" : ""}` }, !isEmpty && h("div", {}, held));
}

/** Return a bar of a share of the most. */
export const bar = (value, most, id) =>
  h("span", { class: `bar ${id ? `p-${known(id)}` : ""}`, "aria-hidden": "true" }, h("span", { style: { width: `${most ? Math.max(1, (100 * value) / most) : 0}%` } }));

/** Return a menu of the formats that a list can be taken along in. */
export const exports = (path, question) =>
  h(
    "details", { class: "menu" },
    h("summary", { class: "button" }, t("export")),
    h("div", {}, [["csv", "CSV"], ["jsonl", "JSON lines"]].map(([kind, name]) => h("a", { href: address(path, { ...question, format: kind }), download: "" }, name))),
  );

/** Say something for a moment, at the corner. */
export function notice(text) {
  const box = h("div", { class: "notice" }, text);
  document.getElementById("notices").append(box);
  setTimeout(() => box.remove(), 6000);
}

/** Ask a question in a dialog; the promise gives the form's values, or null. */
export function dialog(title, fields, action) {
  return new Promise((resolve) => {
    const form = h(
      "form", { method: "dialog", class: "stack" },
      h("h2", {}, title), fields,
      h("div", { class: "row", style: { "justify-content": "flex-end" } },
        h("button", { class: "button", type: "button", onclick: () => box.close() }, t("cancel")),
        h("button", { class: "button primary", type: "submit", value: "yes" }, action)),
    );
    const box = h("dialog", { "aria-label": title }, form);
    let values = null;
    form.addEventListener("submit", () => { values = Object.fromEntries(new FormData(form)); });
    box.addEventListener("close", () => { box.remove(); resolve(values); });
    document.body.append(box);
    box.showModal();
  });
}

export const field = (label, control, note) => h("label", { class: "field" }, h("span", {}, label), control, note && h("span", { class: "small soft" }, note));
