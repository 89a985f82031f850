// Light, dark, or as the system has it.

/** @typedef {"system" | "light" | "dark"} ThemeChoice */

const KEY = "crucible-theme";
/** @type {ThemeChoice[]} */
const CHOICES = ["system", "light", "dark"];
const systemDark = matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<() => void>} */
const listeners = new Set();

/** The theme that is shown. @returns {"light" | "dark"} */
export function currentTheme() {
  const choice = document.documentElement.dataset["theme"];
  if (choice === "light" || choice === "dark") return choice;
  return systemDark.matches ? "dark" : "light";
}

/** @param {() => void} listener called after each change @returns {() => void} ends that */
export function onThemeChange(listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Makes `button` step through the choices, and takes up the one kept from before. @param {HTMLButtonElement} button */
export function connectThemeButton(button) {
  apply(button, stored());
  button.addEventListener("click", () => {
    const next = CHOICES[(CHOICES.indexOf(stored()) + 1) % CHOICES.length] ?? "system";
    store(next);
    apply(button, next);
  });
  systemDark.addEventListener("change", announce);
}

/** @param {HTMLButtonElement} button @param {ThemeChoice} choice */
function apply(button, choice) {
  if (choice === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
  button.textContent = `Theme: ${choice}`;
  announce();
}

function announce() {
  for (const listener of listeners) listener();
}

/** Without storage the choice lasts as long as the page. @type {ThemeChoice} */
let remembered = "system";

/** @returns {ThemeChoice} */
function stored() {
  try {
    remembered = CHOICES.find((choice) => choice === localStorage.getItem(KEY)) ?? remembered;
  } catch {
    // Storage is closed to this page.
  }
  return remembered;
}

/** @param {ThemeChoice} choice */
function store(choice) {
  remembered = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Storage is closed to this page.
  }
}
