// Takes several files, or folders of them, by drop or by picker; each can be taken away again.

import { el, freshId } from "./dom.js";
import { kilobytes, readFile } from "./file-drop.js";

/** @typedef {{ name: string, bytes: Uint8Array }} GivenFile `name` with its folders, where it came in one */

export class FilesDrop {
  /**
   * @param {{ label: string, hint: string, accept: string, folders?: boolean, changed: (files: GivenFile[]) => void }} options
   *   `folders`: whether a folder with all that is in it can be chosen
   */
  constructor({ label, hint, accept, folders = false, changed }) {
    this.label = label;
    this.changed = changed;
    /** @type {GivenFile[]} */
    this.files = [];
    const id = freshId("files");
    this.error = el("p", { class: "field-error", id: `${id}-error`, hidden: true, role: "alert" });
    this.list = el("ul", { class: "file-list", "aria-label": `${label}: files taken` });
    const describedBy = `${id}-hint ${id}-error`;
    this.input = el("input", { id, type: "file", accept, multiple: true, class: "file-input", "aria-describedby": describedBy, onchange: () => this.#pick(this.input) });
    const folderId = `${id}-folder`;
    const folder = el("input", { id: folderId, type: "file", webkitdirectory: true, class: "file-input", "aria-describedby": describedBy, onchange: () => this.#pick(folder) });
    this.element = el(
      "div",
      { class: "file-drop" },
      el("label", { for: id, class: "file-label" }, label),
      el("p", { id: `${id}-hint`, class: "field-hint" }, hint),
      this.input,
      ...(folders ? [el("label", { for: folderId, class: "field-hint" }, "Or a folder:"), folder] : []),
      this.list,
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
      if (event.dataTransfer) void dropped(event.dataTransfer).then((files) => this.#take(files));
    });
  }

  /** @param {string} message empty: nothing is wrong */
  showError(message) {
    this.error.textContent = message;
    this.error.hidden = message === "";
  }

  /** Takes files that are in memory already. @param {GivenFile[]} files */
  add(files) {
    for (const file of files) {
      this.files = [...this.files.filter(({ name }) => name !== file.name), file];
    }
    this.#show();
    this.changed(this.files);
  }

  clear() {
    this.files = [];
    this.showError("");
    this.#show();
    this.changed(this.files);
  }

  /** @param {HTMLInputElement} input */
  #pick(input) {
    const files = [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    // The same files may be chosen again after a change.
    input.value = "";
    void this.#take(files);
  }

  /** @param {{ path: string, file: File }[]} given */
  async #take(given) {
    this.showError("");
    /** @type {GivenFile[]} */
    const taken = [];
    const faults = [];
    for (const { path, file } of given) {
      try {
        taken.push({ name: path, bytes: await readFile(file, this.label.toLowerCase()) });
      } catch (error) {
        faults.push(error instanceof Error ? error.message : String(error));
      }
    }
    if (taken.length > 0) this.add(taken);
    if (faults.length > 0) this.showError(faults.slice(0, 3).join(" "));
  }

  #show() {
    const rows = this.files.slice(0, MOST_SHOWN).map(({ name, bytes }) => {
      const remove = () => {
        this.files = this.files.filter((file) => file.name !== name);
        this.#show();
        this.changed(this.files);
      };
      return el("li", {}, el("span", {}, `${name}, ${kilobytes(bytes.length)} kB`), el("button", { type: "button", class: "small", "aria-label": `Remove ${name}`, onclick: remove }, "×"));
    });
    const more = this.files.length - rows.length;
    this.list.replaceChildren(...rows, ...(more > 0 ? [el("li", {}, `and ${more} more`)] : []));
  }
}

/** Files that are listed one by one. */
const MOST_SHOWN = 12;
/** Files that are taken of a dropped folder. */
const MOST_FILES = 5000;

/** Everything in a drop, folders opened. @param {DataTransfer} transfer @returns {Promise<{ path: string, file: File }[]>} */
async function dropped(transfer) {
  // The list is empty once the event is over, so entries are taken at once.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null).filter((entry) => entry !== null);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files].map((file) => ({ path: file.name, file }));
  /** @type {{ path: string, file: File }[]} */
  const files = [];
  for (const entry of entries) await walk(entry, files);
  return files;
}

/** @param {FileSystemEntry} entry @param {{ path: string, file: File }[]} files */
async function walk(entry, files) {
  if (files.length >= MOST_FILES) return;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    files.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  // A reader gives a hundred entries at a time, and none at the end.
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, files);
  }
}
