// Signing in: a token, exchanged for a cookie that scripts cannot read.

import { send } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { field } from "./ui.js";

/** Return the form; `done` gets the session. */
export function signIn(done) {
  const problem = h("p", { class: "problem", role: "alert" });
  const token = h("input", { type: "password", name: "token", autocomplete: "current-password", required: true, autofocus: true });
  const form = h(
    "form", { class: "card signin stack", onsubmit: submit },
    h("h1", {}, t("signin.title")), h("p", { class: "soft" }, t("signin.text")),
    field(t("signin.token"), token), problem,
    h("button", { class: "button primary", type: "submit" }, t("signin.action")),
    h("p", { class: "small soft" }, t("signin.help"), " ", h("code", {}, "camwatch token create NAME --role reader")),
  );
  async function submit(event) {
    event.preventDefault();
    problem.textContent = "";
    try {
      done(await send("POST", "/session", { token: token.value.trim() }));
    } catch (error) {
      problem.textContent = error.message;
      token.focus();
    }
  }
  return form;
}
