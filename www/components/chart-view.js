// A chart: canvas drawn by the engine's chart module, a summary in words, the numbers as a table, and as a CSV file.

import { el, setText } from "./dom.js";
import { download } from "./download.js";
import { reasonOf, significant } from "./format.js";
import { LiveTable } from "./live-table.js";
import { currentTheme, onThemeChange } from "./theme.js";

/**
 * What to draw; see `chart::ChartSpec` in the engine.
 * @typedef {object} ChartSpec
 * @property {string} title
 * @property {Axis} x
 * @property {Axis} y
 * @property {ChartSeries[]} series
 */

/** @typedef {{ label: string, unit: string, range?: [number, number] | null, log?: boolean }} Axis */
/** @typedef {{ name: string, x: ArrayLike<number>, y: ArrayLike<number>, error?: ArrayLike<number | null> | null, style?: string, colour?: number }} ChartSeries `colour`: that of the series of this index */
/**
 * The chart module as the wasm build offers it.
 * @typedef {object} Drawing
 * @property {(canvas: HTMLCanvasElement, spec: ChartSpec & { theme: string }, pixelRatio: number) => void} drawChart
 * @property {(spec: ChartSpec & { theme: string }, width: number, height: number, notes: string[]) => string} chartToSvg
 */

/** Charts are text and paths through the document: dear enough that a few redraws a second must do. */
const REDRAW_EVERY_MS = 160;
const TABLE_ROWS = 200;

/** Size of a downloaded chart, CSS pixels. */
const SVG_SIZE = /** @type {const} */ ([720, 440]);

/** @type {Promise<Drawing> | undefined} */
let drawing;

/** The chart module, loaded once; tried anew after a failure. @returns {Promise<Drawing>} */
function loadDrawing() {
  drawing ??= importDrawing().catch((error) => {
    drawing = undefined;
    throw error;
  });
  return drawing;
}

/** @returns {Promise<Drawing>} */
async function importDrawing() {
  const module = await import(new URL("../pkg/charts/crucible.js", import.meta.url).href);
  await module.default({ module_or_path: new URL("../pkg/charts/crucible_bg.wasm", import.meta.url) });
  return module;
}

export class ChartView {
  /** @param {{ title: string, large?: boolean }} options */
  constructor({ title, large = false }) {
    this.title = title;
    this.canvas = el("canvas", { role: "img", "aria-label": `${title}: no data yet.` });
    this.table = new LiveTable();
    this.numbers = el(
      "div",
      {},
      this.table.element,
      el("button", { type: "button", class: "small", onclick: () => this.#downloadCsv() }, "Download all as CSV"),
      el("button", { type: "button", class: "small", onclick: () => void this.#downloadSvg() }, "Download the chart as SVG"),
    );
    this.details = el("details", { ontoggle: () => this.#fillTable() }, el("summary", {}, "Numbers"));
    this.caption = el("figcaption", {}, "");
    this.element = el("figure", { class: `chart ${large ? "chart-large" : "chart-small"}` }, this.canvas, this.caption, this.details);
    /** @type {ChartSpec | undefined} */
    this.spec = undefined;
    /** What made the numbers, in lines of text: it goes into the files. @type {string[]} */
    this.notes = [];
    this.timer = 0;
    this.drawnAt = 0;
    this.resizeObserver = new ResizeObserver(() => this.#request());
    this.resizeObserver.observe(this.canvas);
    this.forgetTheme = onThemeChange(() => this.#request());
  }

  /** Draws no more: a chart that leaves the page for good must not be held by what it listens to. */
  dispose() {
    this.resizeObserver.disconnect();
    this.forgetTheme();
    clearTimeout(this.timer);
    this.spec = undefined;
  }

  /** @param {ChartSpec} spec @param {string} summary what the chart shows, in words @param {string[]} [notes] what made the numbers */
  show(spec, summary, notes = []) {
    this.spec = spec;
    this.notes = notes;
    setText(this.caption, summary);
    this.canvas.setAttribute("aria-label", `${this.title}. ${summary} The numbers follow as a table.`);
    this.#request();
  }

  /** Forgets what was shown. */
  clear() {
    this.spec = undefined;
    this.caption.textContent = "";
    this.canvas.setAttribute("aria-label", `${this.title}: no data yet.`);
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#fillTable();
  }

  /** Draws soon, and not more often than the eye needs. */
  #request() {
    if (this.timer || !this.spec) return;
    const wait = Math.max(0, this.drawnAt + REDRAW_EVERY_MS - performance.now());
    this.timer = window.setTimeout(() => {
      requestAnimationFrame(() => {
        this.timer = 0;
        this.drawnAt = performance.now();
        void this.#draw();
      });
    }, wait);
  }

  async #draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.spec || width === 0 || height === 0) return;
    try {
      const { drawChart } = await loadDrawing();
      // It may have been cleared meanwhile.
      if (!this.spec) return;
      const pixelRatio = Math.min(window.devicePixelRatio || 1, 3);
      const [pixelWidth, pixelHeight] = [Math.round(width * pixelRatio), Math.round(height * pixelRatio)];
      if (this.canvas.width !== pixelWidth || this.canvas.height !== pixelHeight) {
        this.canvas.width = pixelWidth;
        this.canvas.height = pixelHeight;
      }
      drawChart(this.canvas, { ...this.spec, theme: currentTheme() }, pixelRatio);
    } catch (error) {
      this.caption.textContent = `The chart could not be drawn (${reasonOf(error)}); its numbers are below.`;
    }
    this.#fillTable();
  }

  #fillTable() {
    if (!this.details.open || !this.spec) {
      this.numbers.remove();
      return;
    }
    const { title, x, y } = this.spec;
    const all = rowsOf(this.spec);
    const every = Math.max(1, Math.ceil(all.length / TABLE_ROWS));
    const rows = all.filter((_, index) => index % every === 0).map((row) => row.map((value) => (typeof value === "number" ? significant(value, 5) : value)));
    const thinned = every > 1 ? `, every ${every}th row` : "";
    this.table.show(`${title}${thinned}`, ["series", heading(x), heading(y), "standard error"], rows);
    if (!this.numbers.parentElement) this.details.append(this.numbers);
  }

  #downloadCsv() {
    if (!this.spec) return;
    const { x, y } = this.spec;
    const rows = [["series", heading(x), heading(y), "standard error"], ...rowsOf(this.spec)].map((row) => row.map(csvCell).join(","));
    const notes = this.notes.map((note) => `# ${note.replaceAll(/\s+/g, " ")}`);
    download(`${fileName(this.#titled(this.spec))}.csv`, `${[...notes, ...rows].join("\n")}\n`, "text/csv");
  }

  /** On the page the words around a chart say what it is; a file goes alone. @param {ChartSpec} spec */
  #titled({ title, y }) {
    return title || (y.label && y.label !== this.title ? `${this.title}: ${y.label}` : this.title);
  }

  async #downloadSvg() {
    if (!this.spec) return;
    try {
      const { name, text } = await chartSvg({ ...this.spec, title: this.#titled(this.spec) }, this.notes);
      download(name, text, "image/svg+xml");
    } catch (error) {
      this.caption.textContent = `The chart could not be saved (${reasonOf(error)}).`;
    }
  }
}

/** A chart as an SVG file, light, as on paper. @param {ChartSpec} spec @param {string[]} [notes] @returns {Promise<{ name: string, text: string }>} */
export async function chartSvg(spec, notes = []) {
  const { chartToSvg } = await loadDrawing();
  return { name: `${fileName(spec.title)}.svg`, text: chartToSvg({ ...spec, theme: "light" }, ...SVG_SIZE, notes) };
}

/** @param {string} title */
function fileName(title) {
  return title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "chart";
}

/** @param {Axis} axis */
function heading({ label, unit }) {
  return unit ? `${label} (${unit})` : label;
}

/** Series name, x, y, error of every point; gaps in a curve are no points. @param {ChartSpec} spec @returns {(string | number)[][]} */
function rowsOf({ series }) {
  const rows = series.flatMap(({ name, x, y, error }) => Array.from(x, (value, index) => [name, value, y[index] ?? NaN, error?.[index] ?? ""]));
  return rows.filter(([, , y]) => Number.isFinite(y));
}

/** Text with a comma goes in quotes. @param {string | number} value */
function csvCell(value) {
  return typeof value === "string" && /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
