// Numbers, times and names as people of the chosen language write them.

import { h } from "./dom.js";
import { language, t } from "./i18n.js";

/** Locale of the language: English as in Europe, with a clock of 24 hours. */
export const locale = () => ({ en: "en-GB" })[language()] ?? language();

const number = (options) => new Intl.NumberFormat(locale(), options);

/** Return a whole number with separators. */
export const count = (n) => number({ maximumFractionDigits: 0 }).format(n ?? 0);

/** Return a share of 1 as a percentage. */
export const percent = (x) => number({ style: "percent", maximumFractionDigits: x > 0 && x < 0.1 ? 1 : 0 }).format(x);

/** Return bytes with a decimal unit: 1 kB is 1000 bytes, as on a switch. */
export function bytes(n) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"];
  let value = n ?? 0;
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  const digits = at && value < 100 ? (value < 10 ? 2 : 1) : 0;
  return number({ style: "unit", unit: units[at], unitDisplay: at ? "short" : "narrow", maximumFractionDigits: digits }).format(value);
}

/** Return a duration in seconds in at most two units. */
export function duration(seconds) {
  if (seconds < 1) return `${number({ maximumFractionDigits: 0 }).format(seconds * 1000)} ms`;
  const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const told = [];
  let rest = Math.round(seconds);
  for (const [unit, size] of parts) {
    const many = Math.floor(rest / size);
    if (many || (told.length && told.length < 2)) told.push(`${many} ${unit}`);
    rest -= many * size;
    if (told.length === 2) break;
  }
  return told.filter((part) => !part.startsWith("0 ")).join(" ") || "0 s";
}

const WHEN = { dateStyle: "medium", timeStyle: "medium" };

/** Return a time in the local zone; UTC stands in its tooltip. */
export function time(text, options = WHEN) {
  if (!text) return h("span", { class: "unknown" }, t("never"));
  const date = new Date(text);
  return h("time", { datetime: text, title: utc(date) }, new Intl.DateTimeFormat(locale(), options).format(date));
}

/** Return how long ago a time was; the time itself stands in its tooltip. */
export function ago(text) {
  if (!text) return h("span", { class: "unknown" }, t("never"));
  const date = new Date(text);
  return h("time", { datetime: text, title: `${date.toLocaleString(locale())}\n${utc(date)}` }, agoText(date));
}

function agoText(date) {
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const seconds = (date - Date.now()) / 1000;
  for (const [unit, size] of [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds), "second");
}

const utc = (date) => `${date.toISOString().replace("T", " ").replace(/\.\d+Z$/, "")} UTC`;

/** Return the name of a country by its ISO code. */
export function country(code) {
  if (!code) return t("unknown");
  try {
    return new Intl.DisplayNames(locale(), { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}
