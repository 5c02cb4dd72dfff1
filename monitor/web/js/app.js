// Begins the page: its frame, the views behind its addresses, and who is signed in.

import { get, Problem, send } from "./api.js";
import { fill, h, s } from "./dom.js";
import { chooseLanguage, language, LANGUAGES, read, t, write } from "./i18n.js";
import { listen } from "./live.js";
import { href, match, route, start } from "./router.js";
import { rangeBar, scope } from "./scope.js";
import { signIn } from "./signin.js";
import * as ui from "./ui.js";
import { about } from "./views/about.js";
import { alert } from "./views/alert.js";
import { alerts } from "./views/alerts.js";
import { camera } from "./views/camera.js";
import { cameras } from "./views/cameras.js";
import { destinations } from "./views/destinations.js";
import { flow } from "./views/flow.js";
import { flows } from "./views/flows.js";
import { overview } from "./views/overview.js";
import { replays } from "./views/replays.js";
import { sensor } from "./views/sensor.js";

const VIEWS = [
  ["/", "overview", overview], ["/cameras", "cameras", cameras], ["/destinations", "destinations", destinations],
  ["/flows", "flows", flows], ["/alerts", "alerts", alerts], ["/replays", "replays", replays],
  ["/sensor", "sensor", sensor], ["/about", "about", about],
];
for (const [path, , view] of VIEWS) route(path, view);
route("/cameras/:ip", camera);
route("/flows/:id", flow);
route("/alerts/:id", alert);

let who = null;
let under = null;
let drawn = 0;

chooseLanguage();
await takeToken();
start(render);
listen(() => who !== null);

/** Sign in with a token that stands behind the # of the address, where no server sees it; then it goes. */
async function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState({}, "", location.pathname + location.search);
  try {
    who = await send("POST", "/session", { token });
  } catch {
    // The form asks for another one.
  }
}

async function render() {
  const mine = ++drawn;
  under?.abort();
  under = new AbortController();
  const main = document.getElementById("main");
  if (who === null) {
    try {
      who = await get("/session");
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return signedOut(main);
      return fill(main, ui.failure(error, render));
    }
  }
  frame();
  const found = match(location.pathname);
  if (!found) {
    document.title = "camwatch";
    return fill(main, ui.empty(t("lost.title"), t("lost.text"), h("a", { class: "button", href: "/" }, t("nav.overview"))));
  }
  const question = new URLSearchParams(location.search);
  const context = { params: found.params, question, scope: scope(question), signal: under.signal, who, again: render };
  const waiting = setTimeout(() => mine === drawn && !main.querySelector("h1") && fill(main, ui.loading()), 150);
  try {
    const nodes = await found.view(context);
    if (mine !== drawn) return;
    const moved = main.dataset.path !== location.pathname;
    fill(main, nodes);
    main.dataset.path = location.pathname;
    document.title = `${main.querySelector("h1")?.textContent ?? ""} · camwatch`;
    if (moved) {
      scrollTo(0, 0);
      main.focus({ preventScroll: true });
    }
  } catch (error) {
    if (error.name === "AbortError" || mine !== drawn) return;
    if (error instanceof Problem && error.status === 401) {
      who = null;
      return signedOut(main);
    }
    fill(main, ui.failure(error, render));
  } finally {
    clearTimeout(waiting);
  }
}

function signedOut(main) {
  fill(document.getElementById("nav"));
  fill(document.getElementById("footer"));
  header(false);
  fill(main, signIn((session) => {
    who = session;
    render();
  }));
}

function frame() {
  header(true);
  const here = location.pathname;
  fill(
    document.getElementById("nav"),
    h("ul", {}, VIEWS.map(([path, name]) =>
      h("li", {}, h("a", { href: href(path), "aria-current": (path === "/" ? here === "/" : here.startsWith(path)) && "page", id: `nav-${name}` }, t(`nav.${name}`))))),
  );
  // On a phone the list is wider than the screen.
  document.querySelector("#nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  attribution();
}

function header(isIn) {
  fill(
    document.getElementById("header"),
    h("a", { class: "brand", href: href("/") }, h("img", { src: "/assets/icon.svg", alt: "" }), "camwatch"),
    h("div", { class: "grow row" }, isIn && rangeBar()),
    h("div", { class: "row" },
      h("select", { "aria-label": t("language"), onchange: (event) => { chooseLanguage(event.target.value); render(); } },
        Object.entries(LANGUAGES).map(([id, name]) => h("option", { value: id, selected: id === language(), lang: id, title: name, "aria-label": name }, id.toUpperCase()))),
      h("button", { class: "button icon", type: "button", title: t("theme.text"), "aria-label": t("theme.text"), onclick: turnTheme }, "◐"),
      isIn && who?.is_session && h("button", { class: "button icon", type: "button", title: `${t("signout")} (${t("signout.text", { name: who.name })})`, "aria-label": t("signout"), onclick: signOut }, door())),
  );
}

function door() {
  return s("svg", { width: 17, height: 17, viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" },
    s("path", { d: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9" }));
}

function turnTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = read("camwatch.theme") ?? (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  write("camwatch.theme", next);
  document.documentElement.dataset.theme = next;
  document.dispatchEvent(new Event("camwatch:theme"));
}

async function signOut() {
  await send("DELETE", "/session");
  who = null;
  render();
}

let owed = null;
async function attribution() {
  const footer = document.getElementById("footer");
  try {
    owed ??= (await get("/about")).data_sets.map((one) => one.attribution).filter(Boolean);
  } catch {
    return; // The view itself says that the program does not answer.
  }
  fill(footer, h("p", {}, t("footer.note")), h("p", {}, [...new Set(owed)].join(" · "), " · ", h("a", { href: href("/about") }, t("nav.about"))));
}

