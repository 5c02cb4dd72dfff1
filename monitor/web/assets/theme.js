// Before the first paint, so that a chosen dark page does not flash white.
(() => {
  try {
    const theme = localStorage.getItem("camwatch.theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch {
    // No storage: the system's choice stands.
  }
})();
