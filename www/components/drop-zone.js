// Files that are dropped on an element; what hovers over it shows.

/** @param {HTMLElement} element @param {(transfer: DataTransfer) => void} take */
export function acceptDrops(element, take) {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("is-over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("is-over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("is-over");
    if (event.dataTransfer) take(event.dataTransfer);
  });
}
