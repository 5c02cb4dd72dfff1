// Purposes over time: stacked bars by uPlot, which reads its colours from the sheet.

import { fill, h } from "./dom.js";
import * as format from "./format.js";
import { t } from "./i18n.js";
import * as ui from "./ui.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * Return a chart.
 *
 * `series` is `{ step_s, times: [s], purposes: { id: [n] } }`: one number for each time. `write` spells a number.
 * `onRange(from, to)` is called with seconds when a span is marked.
 */
export function chart(series, write, onRange) {
  const box = h("div", {});
  const ids = Object.keys(series.purposes).sort((a, b) => sum(series.purposes[b]) - sum(series.purposes[a]));
  const hidden = new Set();
  let plot = null;
  const area = h("div", { class: "chart", role: "img", "aria-label": `${t("chart.label")}: ${ids.map((id) => `${t(`purpose.${id}`)} ${write(sum(series.purposes[id]))}`).join(", ")}` });
  const tip = h("div", { class: "tip", hidden: true });
  const legend = h("ul", { class: "legend" });

  function draw() {
    plot?.destroy();
    const shown = ids.filter((id) => !hidden.has(id));
    const stacked = stack(series.times.length, shown.map((id) => series.purposes[id]));
    const line = colour("--line-soft");
    const axis = { stroke: colour("--soft"), grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui, sans-serif" };
    const options = {
      width: Math.max(240, area.clientWidth), height: 240, padding: [10, 6, 0, 0],
      scales: { x: { time: true, range: (_, low, high) => [low - series.step_s / 2, high + series.step_s / 2] }, y: { range: (_, __, high) => [0, high || 1] } },
      axes: [{ ...axis, values: timeTicks, space: 80 }, { ...axis, size: 72, values: (_, ticks) => ticks.map(write) }],
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      legend: { show: false },
      // The tallest stack is painted first: each later one covers its lower part.
      series: [{}, ...shown.toReversed().map((id) => ({ fill: colour(`--p-${ui.PURPOSES.includes(id) ? id : "unknown"}`), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.86, 48, 3], gap: 0 }) }))],
      hooks: {
        setCursor: [(u) => point(u, shown)],
        setSelect: [(u) => {
          if (u.select.width < 4) return;
          onRange?.(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        }],
      },
    };
    area.replaceChildren();
    plot = new uPlot(options, [series.times, ...stacked.toReversed()], area);
    area.append(tip);
  }

  function point(u, shown) {
    const at = u.cursor.idx;
    const rows = at === null || at === undefined ? [] : shown.map((id) => [id, series.purposes[id][at]]).filter(([, n]) => n > 0);
    tip.hidden = rows.length === 0;
    if (tip.hidden) return;
    const when = new Intl.DateTimeFormat(format.locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(series.times[at] * 1000));
    fill(tip, h("strong", {}, when), rows.map(([id, n]) => h("div", {}, ui.purpose(id), h("span", { class: "num" }, write(n)))));
    const left = u.cursor.left + u.bbox.left / devicePixelRatio;
    tip.style.setProperty("left", `${Math.min(left + 12, area.clientWidth - 190)}px`);
    tip.style.setProperty("top", "8px");
  }

  fill(legend, ids.map((id) => h("li", {}, h("button", {
    "aria-pressed": "true", type: "button",
    onclick: (event) => {
      if (!hidden.delete(id)) hidden.add(id);
      event.currentTarget.setAttribute("aria-pressed", String(!hidden.has(id)));
      draw();
    },
  }, ui.purpose(id)))));
  fill(box, area, legend);
  new ResizeObserver(() => { if (area.clientWidth && area.clientWidth !== plot?.width) draw(); }).observe(area);
  document.addEventListener("camwatch:theme", () => box.isConnected && draw());
  return box;
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

function stack(length, all) {
  const running = new Array(length).fill(0);
  return all.map((numbers) => numbers.map((n, at) => (running[at] += n)));
}

function timeTicks(_, ticks) {
  const span = ticks.length > 1 ? ticks[ticks.length - 1] - ticks[0] : 0;
  const options = span > 2 * 86400 ? { month: "short", day: "numeric" } : span > 600 ? { hour: "2-digit", minute: "2-digit" } : { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const write = new Intl.DateTimeFormat(format.locale(), options);
  return ticks.map((tick) => write.format(new Date(tick * 1000)));
}

export const writeBytes = (n) => format.bytes(n);
export const writeCount = (n) => format.count(n);
