// A real browser on the built site, watched: no console error, no page error, no request that leaves the origin.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { serve } from "./server.js";

const fromPage = createRequire(new URL("../../www/package.json", import.meta.url));
/** @type {typeof import("playwright-core")} */
const { chromium } = fromPage("playwright-core");
/** @type {typeof import("@axe-core/playwright")} */
const { AxeBuilder } = fromPage("@axe-core/playwright");

/** @import { Browser, Page } from "playwright-core" */

const ROOT = new URL("../../", import.meta.url);
export const SITE = fileURLToPath(new URL("target/site/", ROOT));
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
// WebGL without a graphics card, and nothing that calls out.
const FLAGS = [
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const SIZES = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
/** Software graphics and a shared machine: a run that takes a second here may take half a minute there. */
export const PATIENCE_MS = 60_000;

/** @param {string} path below the repository's root */
export function repositoryFile(path) {
  return fileURLToPath(new URL(path, ROOT));
}

/** @returns {Promise<Browser>} */
export async function launch() {
  assert.ok(existsSync(`${SITE}index.html`), "target/site is missing: cargo dev build");
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/**
 * A watched page on a server of its own (with `embedded` not yet opened: a page of another site will frame it); `close` fails on whatever went wrong in it.
 * @param {Browser} browser
 * @param {{ site?: string, maxAge?: number, knowsWasm?: boolean, isolated?: boolean, embedded?: boolean, base?: string, query?: string, size?: keyof typeof SIZES, theme?: "light" | "dark", expectErrors?: RegExp }} [options]
 */
export async function openPage(browser, { site = SITE, maxAge, knowsWasm, isolated = true, embedded = false, base = "/", query = "", size = "wide", theme = "light", expectErrors } = {}) {
  const server = await serve(site, { isolated, base, ...(maxAge !== undefined && { maxAge }), ...(knowsWasm !== undefined && { knowsWasm }) });
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme: theme, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  /** @type {string[]} */
  const faults = [];
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !expectErrors?.test(text)) faults.push(`console: ${text}`);
  });
  page.on("pageerror", (error) => faults.push(`page: ${error.message}`));
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (!embedded && origin !== new URL(server.url).origin && protocol !== "blob:" && protocol !== "data:") faults.push(`left the origin: ${request.url()}`);
  });
  if (!embedded) {
    await page.goto(server.url + query);
    await page.waitForSelector("[data-preset]");
  }
  return {
    page,
    url: server.url,
    sent: server.sent,
    stopServer: server.close,
    close: async () => {
      await context.close();
      await server.close();
      assert.deepEqual(faults, []);
    },
  };
}

/**
 * From the gallery to the set-up of a preset.
 * @param {Page} page @param {string} preset
 */
export async function choose(page, preset) {
  await page.click(`[data-preset="${preset}"]`);
  await page.waitForSelector("form.setup-form");
}

/**
 * Fills number fields by name.
 * @param {Page} page @param {Record<string, string | number>} values
 */
export async function fill(page, values) {
  for (const [name, value] of Object.entries(values)) await page.fill(`form input[name="${name}"]`, String(value));
}

/** @param {Page} page @param {string} state */
export async function untilState(page, state) {
  await page.waitForFunction((wanted) => document.documentElement.dataset["run"] === wanted, state, { timeout: PATIENCE_MS });
}

/** Steps done, as the page shows them. @param {Page} page */
export async function shownStep(page) {
  const text = (await page.textContent(".run-bar .numbers")) ?? "";
  return Number(/step ([\d\u202f]+)/.exec(text)?.[1]?.replaceAll("\u202f", "") ?? -1);
}

/**
 * Whether a canvas has more than one colour: something was drawn.
 * @param {Page} page @param {string} selector
 */
export async function isDrawn(page, selector) {
  return page.$eval(selector, (element) => {
    const canvas = /** @type {HTMLCanvasElement} */ (element);
    const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    const colors = new Set();
    for (let i = 0; i < data.length; i += 4) colors.add(`${data[i]},${data[i + 1]},${data[i + 2]},${data[i + 3]}`);
    return colors.size > 3;
  });
}

/** Fails on what axe finds serious or critical. @param {Page} page */
export async function checkAccessibility(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(
    grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join("; ")}`),
    [],
  );
}

/** The narrowest phone, px. */
const NARROWEST = 320;

/** Nothing grave, and nothing wider than the screen; on a phone, not than the narrowest either. @param {Page} page */
export async function checkView(page) {
  await checkAccessibility(page);
  await checkWidth(page);
  const size = page.viewportSize();
  if (!size || size.width > SIZES.phone.width) return;
  await page.setViewportSize({ ...size, width: NARROWEST });
  await checkWidth(page);
  await page.setViewportSize(size);
}

/** @param {Page} page */
async function checkWidth(page) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than a screen of ${page.viewportSize()?.width} px`);
}
