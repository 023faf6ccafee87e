// Before the first paint, so that a chosen theme does not flash; without a choice, the system's.
(() => {
  const root = document.documentElement;
  const wantsDark = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is switched off: the choice holds until the page is left
    }
  };
  let chosen = stored();
  const isDark = () => (chosen ? chosen === "dark" : wantsDark.matches);

  function show() {
    root.dataset.theme = isDark() ? "dark" : "light";
    const button = document.getElementById("theme");
    if (button) button.textContent = isDark() ? "Light theme" : "Dark theme"; // what it does
  }

  function toggle() {
    chosen = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", chosen);
    } catch {
      // as above
    }
    show();
  }

  show();
  wantsDark.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme")?.addEventListener("click", toggle);
  });
})();
