// Live events: one stream for the page; views ask to be told.

import { address } from "./api.js";

const KINDS = ["alert", "sensor", "job", "delivery"];
const told = new Set();
let source = null;

/** Call `what(kind, data)` at each event until `signal` ends. */
export function on(signal, what) {
  told.add(what);
  signal.addEventListener("abort", () => told.delete(what));
}

/** Keep a stream open while the page is looked at and somebody is signed in. */
export function listen(isIn) {
  const tend = () => {
    const wanted = isIn() && document.visibilityState === "visible";
    if (wanted && !source) open();
    if (!wanted && source) {
      source.close();
      source = null;
    }
  };
  document.addEventListener("visibilitychange", tend);
  setInterval(tend, 2000);
}

function open() {
  source = new EventSource(address("/events"));
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => {
      const data = JSON.parse(event.data);
      for (const what of told) what(kind, data);
    });
  }
  source.addEventListener("error", () => {
    // A stream that was refused stays closed; the next look opens another.
    if (source?.readyState === EventSource.CLOSED) source = null;
  });
}
