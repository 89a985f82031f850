// Takes several files, or folders of them, by drop or by picker; each can be taken away again.

import { el, freshId } from "./dom.js";
import { acceptDrops } from "./drop-zone.js";
import { MAX_FILE_BYTES, kilobytes, readFile } from "./file-drop.js";
import { count, reasonOf } from "./format.js";

/** @typedef {{ name: string, bytes: Uint8Array }} GivenFile `name` with its folders, where it came in one */
/** Files to read: `unwanted` were left alone; `more` says that there are too many. @typedef {{ files: { path: string, file: File }[], unwanted: number, more: boolean }} Choice */

/** Files that are listed one by one. */
const MOST_SHOWN = 12;
/** Files that are taken at once. */
const MOST_FILES = 5000;
/** Most that all files may hold together, bytes: they are copied on the way to the engine. */
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;

export class FilesDrop {
  /**
   * @param {{ label: string, hint: string, accept: string, folders?: boolean, wanted?: (path: string) => boolean, tooLarge?: string, changed: (files: GivenFile[]) => void }} options
   *   `folders`: whether a folder with all that is in it can be chosen; `wanted`: which files are read; `tooLarge`: what to do
   *   about one that is
   */
  constructor({ label, hint, accept, folders = false, wanted = () => true, tooLarge, changed }) {
    this.label = label;
    this.wanted = wanted;
    this.tooLarge = tooLarge;
    this.changed = changed;
    /** @type {GivenFile[]} */
    this.files = [];
    /** What could not be taken, and what is wrong with what was. */
    this.faults = "";
    this.problem = "";
    const id = freshId("files");
    this.error = el("p", { class: "field-error", id: `${id}-error`, hidden: true, role: "alert" });
    this.status = el("p", { class: "field-hint", role: "status" });
    this.list = el("ul", { class: "file-list", "aria-label": `${label}: files taken` });
    this.removeAllButton = el("button", { type: "button", class: "small", hidden: true, "aria-label": `Remove all: ${label}`, onclick: () => this.#removeAll() }, "Remove all");
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
      this.removeAllButton,
      this.status,
      this.error,
    );
    acceptDrops(this.element, (transfer) => void this.#drop(transfer));
  }

  /** Says what is wrong with the files, beside what could not be taken. @param {string} message empty: nothing is wrong */
  showError(message) {
    this.problem = message;
    this.#showErrors();
  }

  /**
   * Takes files that are in memory already, under free names.
   * @param {GivenFile[]} files
   * @returns {string[]} the names
   */
  add(files) {
    const names = files.map(({ name, bytes }) => {
      const free = freeName(name, new Set(this.files.map((known) => known.name)));
      this.files = [...this.files, { name: free, bytes }];
      return free;
    });
    this.#show();
    this.changed(this.files);
    return names;
  }

  /** @param {DataTransfer} transfer */
  async #drop(transfer) {
    try {
      await this.#take(await dropped(transfer, this.wanted));
    } catch (error) {
      this.#say([`${this.label}: what was dropped could not be read (${reasonOf(error)}); expected files or folders.`]);
    }
  }

  /** @param {HTMLInputElement} input */
  #pick(input) {
    const files = [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    // The same files may be chosen again after a change.
    input.value = "";
    void this.#take(choiceOf(files, this.wanted));
  }

  /** @param {Choice} choice */
  async #take({ files, unwanted, more }) {
    this.#say([]);
    const faults = more ? [`Found more than ${count(MOST_FILES)} files: the others were not taken.`] : [];
    let total = this.files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    let left = 0;
    /** @type {GivenFile[]} */
    const taken = [];
    for (const { path, file } of files) {
      if (file.size <= MAX_FILE_BYTES && total + file.size > MAX_TOTAL_BYTES) {
        left += 1;
        continue;
      }
      try {
        const bytes = await readFile(file, this.label.toLowerCase(), this.tooLarge);
        total += bytes.length;
        taken.push({ name: path, bytes });
      } catch (error) {
        faults.push(reasonOf(error));
      }
    }
    if (left > 0) faults.unshift(`Found more than ${MAX_TOTAL_BYTES / 1024 / 1024} MB in all: ${filesWords(left)} not taken.`);
    this.#say(faults, [...replacedWords(this.#insert(taken)), ...(unwanted > 0 ? [`${filesWords(unwanted)} left alone: not what is read here.`] : [])]);
    if (taken.length > 0) this.changed(this.files);
  }

  /** A file takes the place of an earlier one of its name. @param {GivenFile[]} taken @returns {string[]} names of those replaced */
  #insert(taken) {
    if (taken.length === 0) return [];
    const byName = new Map(this.files.map((file) => [file.name, file]));
    const replaced = [];
    for (const file of taken) {
      if (byName.delete(file.name)) replaced.push(file.name);
      byName.set(file.name, file);
    }
    this.files = [...byName.values()];
    this.#show();
    return replaced;
  }

  /** @param {string[]} faults what could not be taken @param {string[]} [notes] what else there is to know */
  #say(faults, notes = []) {
    this.faults = [...faults.slice(0, 3), ...(faults.length > 3 ? [`And ${count(faults.length - 3)} more.`] : [])].join(" ");
    this.status.textContent = notes.join(" ");
    this.#showErrors();
  }

  #showErrors() {
    const message = [this.faults, this.problem].filter((part) => part !== "").join(" ");
    if (this.error.textContent !== message) this.error.textContent = message;
    this.error.hidden = message === "";
  }

  /** @param {string} name */
  #remove(name) {
    const place = this.files.findIndex((file) => file.name === name);
    this.#keep(this.files.filter((file) => file.name !== name));
    // The button that was pressed is gone: the next one takes the focus.
    const buttons = this.list.querySelectorAll("button");
    (buttons[Math.min(place, buttons.length - 1)] ?? this.input).focus();
    this.changed(this.files);
  }

  #removeAll() {
    this.#keep([]);
    this.input.focus();
    this.changed(this.files);
  }

  /** @param {GivenFile[]} files */
  #keep(files) {
    this.files = files;
    this.#say([]);
    this.#show();
  }

  #show() {
    const rows = this.files.map((file) => this.#row(file));
    const more = rows.splice(MOST_SHOWN);
    const wasOpen = this.list.querySelector("details")?.open ?? false;
    this.list.replaceChildren(...rows, ...(more.length > 0 ? [el("li", {}, furtherRows(more, wasOpen))] : []));
    this.removeAllButton.hidden = this.files.length < 2;
  }

  /** @param {GivenFile} file */
  #row({ name, bytes }) {
    const button = el("button", { type: "button", class: "small", "aria-label": `Remove ${name}`, onclick: () => this.#remove(name) }, "×");
    return el("li", {}, el("span", {}, `${name}, ${kilobytes(bytes.length)} kB`), button);
  }
}

/** @param {HTMLElement[]} rows @param {boolean} open */
function furtherRows(rows, open) {
  return el("details", { open }, el("summary", {}, `and ${count(rows.length)} more`), el("ul", { class: "file-list" }, ...rows));
}

/** What comes alone, whatever its name, and what has such a name in a folder, where much else may lie. @param {RegExp} names @returns {(path: string) => boolean} */
export function aloneOrNamed(names) {
  return (path) => !path.includes("/") || names.test(path.slice(path.lastIndexOf("/") + 1));
}

/** Whether a path is one that systems make for themselves: dot files, and what macOS adds to archives. @param {string} path */
export function isHidden(path) {
  return path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");
}

/** The name, or the same with the first number that makes it new: "labelled-2.extxyz". @param {string} name @param {Set<string>} taken */
function freeName(name, taken) {
  if (!taken.has(name)) return name;
  const ending = /[^/.](\.[^/.]+)$/.exec(name)?.[1] ?? "";
  const stem = name.slice(0, name.length - ending.length);
  let number = 2;
  while (taken.has(`${stem}-${number}${ending}`)) number += 1;
  return `${stem}-${number}${ending}`;
}

/** @param {number} n */
function filesWords(n) {
  return n === 1 ? "1 file was" : `${count(n)} files were`;
}

/** @param {string[]} names */
function replacedWords(names) {
  if (names.length === 0) return [];
  if (names.length > 3) return [`${count(names.length)} files took the place of earlier ones of their names.`];
  return [`${names.join(", ")} took the place of ${names.length === 1 ? "an earlier file of that name" : "earlier files of those names"}.`];
}

/** @param {{ path: string, file: File }[]} all @param {(path: string) => boolean} wanted @returns {Choice} */
function choiceOf(all, wanted) {
  const files = all.filter(({ path }) => !isHidden(path) && wanted(path));
  return { files: files.slice(0, MOST_FILES), unwanted: all.length - files.length, more: files.length > MOST_FILES };
}

/** What is wanted in a drop, folders opened. @param {DataTransfer} transfer @param {(path: string) => boolean} wanted @returns {Promise<Choice>} */
async function dropped(transfer, wanted) {
  // The list is empty once the event is over, so entries are taken at once.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null).filter((entry) => entry !== null);
  if (!entries.some((entry) => entry.isDirectory)) return choiceOf([...transfer.files].map((file) => ({ path: file.name, file })), wanted);
  /** @type {Choice} */
  const choice = { files: [], unwanted: 0, more: false };
  for (const entry of entries) await walk(entry, wanted, choice);
  return choice;
}

/** @param {FileSystemEntry} entry @param {(path: string) => boolean} wanted @param {Choice} choice */
async function walk(entry, wanted, choice) {
  if (choice.more) return;
  if (entry.isFile || isHidden(entry.name)) {
    const path = entry.fullPath.replace(/^\//, "");
    if (isHidden(entry.name) || !wanted(path)) {
      choice.unwanted += 1;
    } else if (choice.files.length >= MOST_FILES) {
      choice.more = true;
    } else {
      const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
      choice.files.push({ path, file });
    }
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  // A reader gives a hundred entries at a time, and none at the end.
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, wanted, choice);
  }
}
