// Steps of the Fit view's tests.

import { readFileSync } from "node:fs";
import { repositoryFile } from "./harness.js";

/** @import { Page } from "playwright-core" */

/** Frames of our own salt data. @type {string[]} */
export const FRAMES = framesOf(readFileSync(repositoryFile("potentials/cacl2-kcl/data/train.extxyz"), "utf8"));

/** @param {string} text @returns {string[]} */
export function framesOf(text) {
  const lines = text.split("\n");
  const frames = [];
  for (let at = 0; at < lines.length && lines[at]; ) {
    const end = at + Number(lines[at]) + 2;
    frames.push(`${lines.slice(at, end).join("\n")}\n`);
    at = end;
  }
  return frames;
}

/** @param {string} name @param {string} text */
export function file(name, text) {
  return { name, mimeType: "text/plain", buffer: Buffer.from(text) };
}

/** @param {Page} page */
export async function openFit(page) {
  await page.click(".site-nav a[data-view=fit]");
  await page.waitForSelector("#fit-view form");
}

/** Gives files to the Fit view's data. @param {Page} page @param {any} files */
export async function giveData(page, files) {
  await page.locator("[aria-labelledby=fit-data-title] input[type=file]").setInputFiles(files);
}

/** A quick fit. @param {Page} page @param {Record<string, string | number>} [fields] */
export async function beginFit(page, fields = {}) {
  await page.selectOption("select[name=level]", "4");
  for (const [name, value] of Object.entries({ starts: 2, "held-out": 20, cutoff: 5, ...fields })) {
    const input = page.locator(`#fit-view input[name="${name}"]`);
    await input.evaluate((element) => {
      const details = element.closest("details");
      if (details) details.open = true;
    });
    await input.fill(String(value));
  }
  await page.waitForSelector(".fit-actions button:enabled");
  await page.click(".fit-actions button");
}

/** @param {Page} page @param {string[]} states */
export async function untilFit(page, ...states) {
  await page.waitForFunction((wanted) => wanted.includes(document.documentElement.dataset["fit"] ?? ""), states, { timeout: 180_000 });
}

/** What a button saves. @param {Page} page @param {string} button */
export async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`button:text-is("${button}")`)]);
  return readFileSync(await download.path(), "utf8");
}

/** Says yes to whatever the page asks, such as whether a new fit may take the place of a potential. @param {Page} page */
export function acceptQuestions(page) {
  page.on("dialog", (dialog) => void dialog.accept());
}
