// The table of properties, its curves and files; and a run that outlives its tab.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { checkAccessibility, choose, fill, isDrawn, launch, openPage, shownStep, untilState } from "./harness.js";

/** @import { Browser } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("a liquid's properties open their curves and go home as files", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 108, equilibration: 1, production: 20 });
  await page.click("form button[type=submit]");
  await untilState(page, "finished");
  const row = page.locator(".properties tr", { hasText: "Self-diffusion" }).first();
  await row.waitFor();
  assert.match((await row.locator(".estimate").textContent()) ?? "", /\d/, "no value for the self-diffusion");
  await row.locator("button").click();
  const details = page.locator(".properties tr:not([hidden]) .property-details").first();
  await details.locator("canvas").first().waitFor();
  await details.locator("canvas").first().scrollIntoViewIfNeeded();
  await page.waitForFunction(() => {
    const canvas = document.querySelector(".properties tr:not([hidden]) .property-details canvas");
    return canvas instanceof HTMLCanvasElement && canvas.width > 300;
  });
  assert.ok(await isDrawn(page, ".properties tr:not([hidden]) .property-details canvas"), "nothing drawn");
  await checkAccessibility(page);

  const [csv] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Properties, CSV')")]);
  assert.match(readFileSync(await csv.path(), "utf8"), /^property,of,route,value,standard error,unit.*\nSelf-diffusion/s);
  await details.locator("summary").first().click();
  const [svg] = await Promise.all([page.waitForEvent("download"), details.locator("button:text-is('Download the chart as SVG')").first().click()]);
  const drawing = readFileSync(await svg.path(), "utf8");
  assert.match(drawing, /^<svg[\s\S]*<\/svg>\s*$/);
  // The files go alone: what made them is in them, and in their names what they are.
  assert.match(drawing, /<desc>Self-diffusion of Ar, Einstein: [\s\S]*fit window: [\s\S]*made by: \{"schema":1,[\s\S]*<\/desc>/);
  assert.match(svg.suggestedFilename(), /^self-diffusion-of-ar-mean-square-displacement\.svg$/);
  const [numbers] = await Promise.all([page.waitForEvent("download"), details.locator("button:text-is('Download all as CSV')").first().click()]);
  assert.match(readFileSync(await numbers.path(), "utf8"), /^# Self-diffusion of Ar, Einstein: .*\n(# .*\n)*# fit window: .*\n(# .*\n)*series,Time \(ps\),/);
  await close();
});

test("the numbers of a running chart change below the reader's focus", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 108, equilibration: 0.5, production: 100_000 });
  await page.click("form button[type=submit]");
  const structure = page.locator("[aria-labelledby=structure-title]");
  await structure.locator("canvas").waitFor();
  await structure.locator("summary", { hasText: "Numbers" }).click();
  const button = structure.locator("button:text-is('Download all as CSV')");
  await button.focus();
  const shells = structure.locator("[aria-label='First neighbour shells'] tbody");
  const cell = await shells.locator("td").first().elementHandle();
  const numbers = structure.locator("figure tbody");
  const before = [await numbers.textContent(), await shells.textContent()];
  await page.waitForFunction(([chart, table]) => {
    const now = [...document.querySelectorAll("[aria-labelledby=structure-title] tbody")].map((body) => body.textContent);
    return now[0] !== chart && now[1] !== table;
  }, before);
  assert.ok(await button.evaluate((element) => element === document.activeElement), "the focus was lost");
  assert.ok(await cell?.evaluate((element) => element.isConnected), "the table was built anew");
  await close();
});

test("a small liquid runs to a viscosity with an error bar", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 108, temperature: 150, equilibration: 2, production: 240 });
  await page.click("form button[type=submit]");
  await untilState(page, "finished");
  const row = page.locator(".properties tr", { hasText: "Shear viscosity" }).first();
  const text = (await row.locator(".estimate").textContent()) ?? "";
  const [, value, error] = /^([\d.]+) ± ([\d.]+) mPa s/.exec(text) ?? assert.fail(`no viscosity with an error: ${text}`);
  // Argon at 1.374 g/cm³ and 150 K has about 0.2 mPa s; the run is short.
  assert.ok(Number(value) > 0.1 && Number(value) < 0.4 && Number(error) < 0.5 * Number(value), text);

  // What is a curve as a whole has no value to wait for, and a second route has its own curve.
  const states = page.locator(".properties tr", { hasText: "Vibrational density of states" }).first();
  assert.match((await states.textContent()) ?? "", /Ready: see its curve/);
  // What was waited for under one name, and came under others, is not waited for any more.
  assert.equal(await page.locator(".properties tr", { hasText: "Waits until g(r)" }).count(), 0);
  const cepstral = page.locator(".properties tr", { hasText: "cepstral analysis" }).first();
  await cepstral.locator("button").click();
  await page.waitForFunction(() => document.querySelectorAll(".properties tr:not([hidden]) .property-details canvas").length >= 1);
  await close();
});

test("a salt's set-up plans density first and transport after it, and a run under pressure says what to do", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "nacl-melt");
  const stage = page.locator("input[name=at-pressure]");
  assert.equal(await page.inputValue("select[name=plan]"), "npt-nvt");
  assert.ok(await stage.isVisible());
  await fill(page, { atoms: 64, equilibration: 0.1, "at-pressure": 1, production: 0.5 });
  await page.click("form button[type=submit]");
  await page.waitForFunction(() => document.querySelector(".stage-name")?.textContent === "Sampling the density");
  await untilState(page, "finished");
  const density = page.locator(".properties tr", { hasText: "Density" }).first();
  assert.match((await density.locator(".estimate").textContent()) ?? "", /g\/cm³/);
  assert.ok((await page.locator(".properties tr", { hasText: "at constant volume" }).count()) > 0, "nothing of the second stage");

  await page.click("a.button:text-is('Set-up')");
  await page.selectOption("select[name=plan]", "npt");
  assert.equal(await stage.isVisible(), false);
  await fill(page, { production: 0.2 });
  await page.click("form button[type=submit]");
  await page.waitForFunction(() => {
    const rows = [...document.querySelectorAll(".properties tr")].map((row) => row.textContent ?? "");
    return rows.some((text) => text.startsWith("Shear viscosity") && text.includes("choose “NPT for the density, then NVT for transport”"));
  });
  await close();
});

test("what was measured of molten CaCl2 is drawn beside what the run finds", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "cacl2-melt");
  await fill(page, { atoms: 48, equilibration: 0.2, "at-pressure": 1, production: 1 });
  await page.click("form button[type=submit]");
  await untilState(page, "finished");
  const structure = (await page.textContent("[aria-labelledby=structure-title]")) ?? "";
  assert.match(structure, /Measured: Ca–Cl peaks at 2\.78 Å with g = 4\.11/);
  await page.locator("button.disclosure", { hasText: "Density" }).first().click();
  const beside = page.locator("figure:visible", { hasText: "in this run." });
  await beside.locator("summary").first().click();
  const numbers = (await beside.locator("table").first().textContent()) ?? "";
  // The line begins where the measurement does: 2.5261 - 4.225e-4 T at 1060 K.
  assert.match(numbers, /1060[^]*2\.078/);
  await page.waitForFunction(() => (document.querySelector(".property-details canvas")?.getBoundingClientRect().height ?? 0) > 100);
  assert.ok(await isDrawn(page, ".property-details canvas"));
  await close();
});

test("a run that was left goes on from where it was", async () => {
  const { page, url, close } = await openPage(browser);
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 108, equilibration: 0.5, production: 100_000 });
  await page.click("form button[type=submit]");
  await untilState(page, "running");
  await page.waitForFunction(() => /step [1-9]\d\d/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
  await page.click("button:text-is('Pause')");
  await untilState(page, "paused");
  const left = await shownStep(page);
  await page.waitForTimeout(500);

  await page.goto("about:blank");
  await page.goto(url);
  await page.click("button:text-is('Continue this run')");
  await untilState(page, "running");
  await page.waitForFunction(() => /step [1-9]/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
  assert.ok((await shownStep(page)) >= left, "it began anew");
  await page.click("button:text-is('Pause')");
  await untilState(page, "paused");

  await page.goto(url);
  await page.click("button:text-is('Forget it')");
  // It leaves the page once it has left the browser's storage.
  await page.locator(".saved-run").waitFor({ state: "detached" });
  await page.reload();
  await page.waitForSelector("[data-preset]");
  assert.equal(await page.locator(".saved-run").count(), 0);
  await close();
});

test("a run that the browser does not keep says so, and goes on", async () => {
  const { page, close } = await openPage(browser);
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("no room", "QuotaExceededError");
    };
  });
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 64, equilibration: 0.5, production: 100_000 });
  await page.click("form button[type=submit]");
  await untilState(page, "running");
  await page.waitForFunction(() => /step [1-9]/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
  await page.click("button:text-is('Pause')");
  await page.waitForSelector("#run .notice:visible");
  assert.match((await page.textContent("#run .notice")) ?? "", /storage does not take this run/);
  await page.click("button:text-is('Continue')");
  await untilState(page, "running");
  await close();
});
