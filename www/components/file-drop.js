// Takes a file by drop or by picker. The size is looked at before a byte is read.

import { el, freshId } from "./dom.js";
import { acceptDrops } from "./drop-zone.js";
import { reasonOf } from "./format.js";

/** Largest file that is read, bytes: a structure of a million atoms stays well below. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** @typedef {{ name: string, bytes: Uint8Array }} GivenFile */

export class FileDrop {
  /**
   * @param {{ label: string, hint: string, accept: string, expected?: string, changed: (file: GivenFile | null) => void, unread?: boolean }} options
   *   `expected`: what a file should be, where the label does not say; `unread`: only the file itself is kept, of any size, for
   *   someone who reads it in pieces
   */
  constructor({ label, hint, accept, expected = label.toLowerCase(), changed, unread = false }) {
    this.expected = expected;
    this.changed = changed;
    this.unread = unread;
    /** @type {GivenFile | null} */
    this.file = null;
    /** @type {File | null} */
    this.source = null;
    /** What is said of a file while it is read. */
    this.reading = "";
    /** Files and removals so far: what is read late must not replace what came later. */
    this.taken = 0;
    const id = freshId("file");
    this.status = el("p", { class: "file-status", role: "status" });
    this.error = el("p", { class: "field-error", id: `${id}-error`, hidden: true, role: "alert" });
    this.input = el("input", {
      id,
      type: "file",
      accept,
      class: "file-input",
      "aria-describedby": `${id}-hint ${id}-error`,
      // The same file may be chosen again after a change.
      onclick: () => {
        this.input.value = "";
      },
      oncancel: () => this.#restore(),
      onchange: () => (this.input.files?.length ? this.#take(this.input.files[0]) : this.clear()),
    });
    this.removeButton = el("button", { type: "button", class: "small", hidden: true, "aria-label": `Remove ${label}`, onclick: () => this.clear() }, "Remove");
    this.element = el(
      "div",
      { class: "file-drop" },
      el("label", { for: id, class: "file-label" }, label),
      el("p", { id: `${id}-hint`, class: "field-hint" }, hint),
      this.input,
      this.status,
      this.removeButton,
      this.error,
    );
    acceptDrops(this.element, (transfer) => void this.#take(transfer.files[0]));
  }

  /** Why there is no file although one was given; empty where none was, or it was taken. */
  get fault() {
    if (this.file || this.source) return "";
    return this.reading || (this.error.textContent ?? "");
  }

  /** @param {string} message empty: nothing is wrong */
  showError(message) {
    this.error.textContent = message;
    this.error.hidden = message === "";
  }

  /** Takes the file back. */
  clear() {
    this.taken++;
    this.reading = "";
    this.file = null;
    this.source = null;
    this.input.value = "";
    this.status.textContent = "";
    if (document.activeElement === this.removeButton) this.input.focus();
    this.removeButton.hidden = true;
    this.showError("");
    this.changed(null);
  }

  /** A choice that was cancelled leaves the file that was taken: the browser's own words shall say so. */
  #restore() {
    if (!this.source) return;
    const held = new DataTransfer();
    held.items.add(this.source);
    this.input.files = held.files;
  }

  /** @param {File | undefined} file */
  async #take(file) {
    if (!file) return;
    const mine = ++this.taken;
    this.reading = `${file.name}: is still being read; try again in a moment.`;
    this.file = null;
    this.source = null;
    this.showError("");
    try {
      if (file.size === 0) throw new Error(emptyWords(file, this.expected));
      const given = this.unread ? null : { name: file.name, bytes: await readFile(file, this.expected) };
      // Another file may have come while this one was read.
      if (mine !== this.taken) return;
      this.file = given;
      this.source = file;
      // Someone may have asked for it while it was read.
      this.showError("");
      this.status.textContent = `${file.name}, ${kilobytes(file.size)} kB`;
    } catch (error) {
      if (mine !== this.taken) return;
      this.status.textContent = "No file taken.";
      this.showError(reasonOf(error));
    }
    this.reading = "";
    // What could not be taken is not there to be removed, but its refusal is.
    this.removeButton.hidden = this.source === null && this.error.hidden;
    this.changed(this.file);
  }
}

/** What is said of a file that is too large. */
const TOO_LARGE = "Potential and structure files are far smaller: is it a trajectory?";

/**
 * The content of a file. Throws a message for the user where it is too large, empty or unreadable.
 * @param {File} file @param {string} expected what it should be @param {string} [tooLarge] what to do about one that is
 */
export async function readFile(file, expected, tooLarge = TOO_LARGE) {
  if (file.size > MAX_FILE_BYTES) {
    throw new Error(
      `${file.name}: found ${megabytes(file.size)} MB; expected at most ${megabytes(MAX_FILE_BYTES)} MB. ${tooLarge}`,
    );
  }
  if (file.size === 0) throw new Error(emptyWords(file, expected));
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name}: the browser could not read it; expected a plain file.`);
  }
}

/** @param {File} file @param {string} expected */
function emptyWords(file, expected) {
  return `${file.name}: found an empty file; expected ${expected}.`;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return Math.round(bytes / 1024 / 1024);
}

/** At least 1. @param {number} bytes */
export function kilobytes(bytes) {
  return Math.max(1, Math.round(bytes / 1024));
}
