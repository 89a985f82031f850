// Takes a file by drop or by picker. The size is looked at before a byte is read.

import { el, freshId } from "./dom.js";

/** Largest file that is read, bytes: a structure of a million atoms stays well below. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** @typedef {{ name: string, bytes: Uint8Array }} GivenFile */

export class FileDrop {
  /**
   * @param {{ label: string, hint: string, accept: string, changed: (file: GivenFile | null) => void }} options
   */
  constructor({ label, hint, accept, changed }) {
    this.label = label;
    this.changed = changed;
    /** @type {GivenFile | null} */
    this.file = null;
    const id = freshId("file");
    this.status = el("p", { class: "file-status", role: "status" });
    this.error = el("p", { class: "field-error", id: `${id}-error`, hidden: true, role: "alert" });
    this.input = el("input", {
      id,
      type: "file",
      accept,
      class: "file-input",
      "aria-describedby": `${id}-hint ${id}-error`,
      onchange: () => this.#take(this.input.files?.[0]),
    });
    this.element = el(
      "div",
      { class: "file-drop" },
      el("label", { for: id, class: "file-label" }, label),
      el("p", { id: `${id}-hint`, class: "field-hint" }, hint),
      this.input,
      this.status,
      this.error,
    );
    this.element.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.element.classList.add("is-over");
    });
    this.element.addEventListener("dragleave", () => this.element.classList.remove("is-over"));
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.element.classList.remove("is-over");
      this.#take(event.dataTransfer?.files[0]);
    });
  }

  /** @param {string} message empty: nothing is wrong */
  showError(message) {
    this.error.textContent = message;
    this.error.hidden = message === "";
  }

  /** @param {File | undefined} file */
  async #take(file) {
    if (!file) return;
    this.file = null;
    this.showError("");
    if (file.size > MAX_FILE_BYTES) {
      this.status.textContent = "No file taken.";
      this.showError(
        `${file.name}: found ${megabytes(file.size)} MB; expected at most ${megabytes(MAX_FILE_BYTES)} MB. Potential and structure files are far smaller: is it a trajectory?`,
      );
    } else if (file.size === 0) {
      this.status.textContent = "No file taken.";
      this.showError(`${file.name}: found an empty file; expected ${this.label.toLowerCase()}.`);
    } else {
      try {
        const bytes = new Uint8Array(await file.arrayBuffer());
        this.file = { name: file.name, bytes };
        this.status.textContent = `${file.name}, ${Math.max(1, Math.round(file.size / 1024))} kB`;
      } catch {
        this.status.textContent = "No file taken.";
        this.showError(`${file.name}: the browser could not read it; expected a plain file.`);
      }
    }
    this.changed(this.file);
  }
}

/** @param {number} bytes */
function megabytes(bytes) {
  return Math.round(bytes / 1024 / 1024);
}
