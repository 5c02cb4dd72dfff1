// The address is the state: a view, its subject, and the question. Every view can be linked to.

const routes = [];
let show = () => {};

/** Name the view of a path such as ``/cameras/:ip``. */
export function route(path, view) {
  const names = [];
  const source = path.replace(/:(\w+)/g, (_, name) => {
    names.push(name);
    return "([^/]+)";
  });
  routes.push({ pattern: new RegExp(`^${source}/?$`), names, view });
}

/** Return the view of an address and its parameters; null where there is none. */
export function match(path) {
  for (const { pattern, names, view } of routes) {
    const found = pattern.exec(path);
    if (found) {
      const params = Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(found[at + 1])]));
      return { view, params };
    }
  }
  return null;
}

/** Return an address with some parameters of its question set, or taken away where they are empty. */
export function href(path, changes = {}, keep = ["range", "from", "to", "run"]) {
  const now = new URLSearchParams(location.search);
  const next = new URLSearchParams();
  for (const name of keep) if (now.get(name)) next.set(name, now.get(name));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  }
  const question = next.toString();
  return question ? `${path}?${question}` : path;
}

/** Go to an address of this page. */
export function go(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"]({}, "", address);
  show();
}

/** Change the question of this view. */
export const ask = (changes, options) => go(href(location.pathname, changes, [...new URLSearchParams(location.search).keys()]), options);

/** Follow links and the browser's buttons from now on. */
export function start(render) {
  show = render;
  addEventListener("popstate", () => show());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute("download") || !match(link.pathname)) return;
    if (link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    go(link.href);
  });
  show();
}
