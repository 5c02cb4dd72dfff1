// Texts of the chosen language; English where one is missing, so that nothing is ever blank.

import en from "../i18n/en.js";
import fr from "../i18n/fr.js";
import nl from "../i18n/nl.js";

const TEXTS = { en, nl, fr };
export const LANGUAGES = { en: "English", nl: "Nederlands", fr: "Français" };

let chosen = "en";

/** Return the language in use. */
export const language = () => chosen;

/** Choose a language: the one that was chosen before, or the browser's first that we have. */
export function chooseLanguage(wanted) {
  const stored = wanted ?? read("camwatch.language");
  const candidates = [stored, ...navigator.languages.map((name) => name.slice(0, 2))];
  chosen = candidates.find((name) => name in TEXTS) ?? "en";
  if (wanted) write("camwatch.language", wanted);
  document.documentElement.lang = chosen;
}

/** Return a text; `{name}` in it is filled in, and `n` chooses between singular and plural. */
export function t(key, values = {}) {
  let text = TEXTS[chosen][key] ?? en[key] ?? key;
  if (Array.isArray(text)) text = text[new Intl.PluralRules(chosen).select(values.n ?? 0) === "one" ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? "";
    return typeof value === "number" ? new Intl.NumberFormat(chosen).format(value) : value;
  });
}

/** Return whether there is a text of that key. */
export const has = (key) => key in en;

export function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // No storage: the choice holds until the page is left.
  }
}
