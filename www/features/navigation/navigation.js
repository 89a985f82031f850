// The tasks of the page as links in its header. A task is a view of its own; all views that have no link are of the first task.

/**
 * Marks the link of the view that is shown.
 * @param {HTMLElement} place holds the links, each with the name of its view
 * @param {string} view
 * @returns {string | undefined} the task's name, where the view is a task of its own
 */
export function markTask(place, view) {
  const links = [...place.querySelectorAll("a")];
  const own = links.find((link) => link.dataset["view"] === view);
  for (const link of links) {
    if (link === (own ?? links[0])) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  return own && own !== links[0] ? (own.textContent ?? "") : undefined;
}
