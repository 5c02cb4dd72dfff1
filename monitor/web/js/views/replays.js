// Replays: drop a capture, watch it being read, and look at it in its own time.

import { get, send, upload } from "../api.js";
import { fill, h } from "../dom.js";
import * as format from "../format.js";
import { t } from "../i18n.js";
import { on } from "../live.js";
import { forgetRuns } from "../scope.js";
import * as ui from "../ui.js";

const STATE = { finished: "ok", running: "info", waiting: "", failed: "bad", cancelled: "warn" };

export async function replays({ signal, who, again }) {
  const [jobs, runs] = await Promise.all([get("/jobs", { limit: 50 }, signal), get("/runs", { limit: 100 }, signal)]);
  on(signal, (kind) => {
    if (kind !== "job") return;
    forgetRuns();
    again();
  });
  const found = runs.items.filter((one) => one.kind === "replay");
  return [
    ui.head(t("nav.replays"), t("replays.text")),
    who.role === "reader" ? ui.card("", null, h("p", { class: "soft" }, t("replays.reader"))) : dropBox(again),
    jobs.items.length > 0 && ui.card(t("replays.jobs"), null, jobTable(jobs.items, who, again)),
    ui.card(t("replays.runs"), null, found.length ? runTable(found) : ui.empty(t("replays.nothing"), t("replays.nothing.text"))),
  ];
}

function dropBox(again) {
  const input = h("input", { type: "file", class: "sr", id: "file", accept: ".pcap,.pcapng,.cap,.gz,.zst,.xz", onchange: () => take(input.files[0]) });
  const state = h("div", { role: "status" });
  const box = h(
    "div", { class: "drop" },
    h("p", {}, h("strong", {}, t("replays.drop"))), h("p", { class: "small" }, t("replays.kinds")),
    h("label", { class: "button primary", for: "file" }, t("replays.choose")), input, state,
  );
  for (const kind of ["dragenter", "dragover"]) box.addEventListener(kind, (event) => { event.preventDefault(); box.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) box.addEventListener(kind, () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files[0]); });
  async function take(file) {
    if (!file) return;
    const bar = h("progress", { max: 1, value: 0, "aria-label": file.name });
    fill(state, h("p", { style: { "margin-top": "1rem" } }, `${file.name}, ${format.bytes(file.size)}`), bar);
    try {
      await upload("/jobs", { name: file.name.slice(0, 200) }, file, (share) => { bar.value = share; });
      again();
    } catch (error) {
      fill(state, h("p", { class: "problem", role: "alert" }, error.message));
    }
  }
  return box;
}

const jobTable = (jobs, who, again) => ui.table([
  { title: t("file"), main: true, cell: (one) => one.file_name },
  { title: t("size"), right: true, cell: (one) => format.bytes(one.bytes) },
  { title: t("state"), cell: (one) => [ui.badge(STATE[one.state] ?? "", t(`job.${one.state}`)), one.state === "running" && h("progress", { max: 100, value: one.progress, "aria-label": t("progress") }), one.error && h("span", { class: "sub" }, one.error)] },
  { title: t("replays.by"), cell: (one) => one.author },
  { title: t("when"), cell: (one) => format.ago(one.created) },
  { title: "", cell: (one) => (one.run ? h("a", { class: "button", href: `/?run=${encodeURIComponent(one.run)}` }, t("replays.open")) : ["waiting", "running"].includes(one.state) && who.role !== "reader" && h("button", { class: "button", type: "button", onclick: () => cancel(one, again) }, t("cancel"))) },
], jobs, t("replays.jobs"));

const runTable = (runs) => ui.table([
  { title: t("file"), main: true, cell: (one) => h("a", { href: `/?run=${encodeURIComponent(one.id)}` }, one.inputs.map((input) => input.name).join(", ") || one.id.slice(0, 12)) },
  { title: t("frames"), right: true, cell: (one) => format.count(one.inputs.reduce((a, b) => a + (b.frames ?? 0), 0)) },
  { title: t("state"), cell: (one) => [ui.badge(one.state === "finished" ? "ok" : "info", t(`job.${one.state}`)), one.inputs.filter((input) => input.fault).map((input) => h("span", { class: "sub" }, input.fault))] },
  { title: t("replays.read"), cell: (one) => format.ago(one.started) },
  { title: "SHA-256", cell: (one) => h("span", { class: "mono small" }, (one.inputs[0]?.sha256 ?? "").slice(0, 16)) },
], runs, t("replays.runs"));

async function cancel(one, again) {
  try {
    await send("POST", `/jobs/${one.id}/cancel`, {});
  } catch (error) {
    ui.notice(error.message);
  }
  again();
}

