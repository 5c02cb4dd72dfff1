// The world: where servers stand, and the homes of the companies behind them, which often lie elsewhere.

import { fill, h, s } from "./dom.js";
import * as format from "./format.js";
import { t } from "./i18n.js";

let world = null;

/**
 * Return a map.
 *
 * `places` are `{ country, operator_country, out_bytes, flows }`; those without a country have no place on it, and
 * the caller says how many there are.
 */
export function map(places) {
  const box = h("div", { class: "scroll" });
  draw(box, places);
  return box;
}

async function draw(box, places) {
  world ??= await (await fetch("/assets/world.json")).json();
  const total = (list, key) => {
    const sums = new Map();
    for (const place of list) if (place[key]) sums.set(place[key], (sums.get(place[key]) ?? 0) + place.flows);
    return sums;
  };
  const servers = total(places, "country");
  const homes = total(places, "operator_country");
  const most = Math.max(1, ...servers.values());
  const size = (n) => 3.5 + 9 * Math.sqrt(n / most);
  const links = new Map();
  for (const { country, operator_country: home } of places) {
    if (country && home && country !== home && world.points[country] && world.points[home]) links.set(`${country} ${home}`, [country, home]);
  }
  const label = [...servers].map(([code, n]) => `${format.country(code)} ${n}`).join(", ");
  fill(
    box,
    s(
      "svg", { class: "map", viewBox: `0 0 ${world.width} ${world.height}`, role: "img", "aria-label": `${t("map.label")}: ${label}` },
      world.shapes.map(([code, d]) => s("path", { class: `land ${servers.has(code) ? "here" : ""}`, d })),
      [...links.values()].map(([from, to]) => s("path", { class: "link", d: arc(world.points[from], world.points[to]) })),
      [...homes].filter(([code]) => world.points[code]).map(([code, n]) => marker("home", code, 7 + size(n) / 2, t("map.home", { country: format.country(code), n }))),
      [...servers].filter(([code]) => world.points[code]).map(([code, n]) => marker("server", code, size(n), t("map.server", { country: format.country(code), n }))),
    ),
  );
}

function marker(kind, code, radius, title) {
  const [cx, cy] = world.points[code];
  return s("circle", { class: kind, cx, cy, r: radius.toFixed(1) }, s("title", {}, title));
}

function arc([x1, y1], [x2, y2]) {
  const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2 - Math.hypot(x2 - x1, y2 - y1) / 5];
  return `M${x1} ${y1}Q${mx} ${my} ${x2} ${y2}`;
}

/** Return what the marks of the map mean. */
export const mapLegend = () =>
  h(
    "ul", { class: "legend" },
    h("li", {}, s("svg", { width: 14, height: 14, class: "map", style: { display: "inline", width: "14px", "vertical-align": "-2px" } }, s("circle", { class: "server", cx: 7, cy: 7, r: 5 })), " ", t("map.servers")),
    h("li", {}, s("svg", { width: 14, height: 14, class: "map", style: { display: "inline", width: "14px", "vertical-align": "-2px" } }, s("circle", { class: "home", cx: 7, cy: 7, r: 5.5 })), " ", t("map.homes")),
  );
