// A run at several temperatures: one after the other, over a closed tab, to slopes and activation energies.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { checkAccessibility, choose, fill, launch, openPage, untilState } from "./harness.js";

/** @import { Browser, Page } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const PANEL = "[aria-labelledby=scan-title]";

/** @param {Page} page @param {string} name */
async function valueOf(page, name) {
  return (await page.locator(`${PANEL} .properties tr`, { hasText: name }).first().locator(".estimate").textContent()) ?? "";
}

test("a scan over temperatures gives slopes and activation energies, also over a closed tab", async () => {
  const { page, url, close } = await openPage(browser);
  await choose(page, "argon-liquid");
  await page.selectOption("select[name=plan]", "npt-nvt");
  await fill(page, { atoms: 108, temperature: 90, pressure: 0.05, "further-temperatures": "100, 110", equilibration: 4, "at-pressure": 20, production: 30 });
  await page.click("form button[type=submit]");
  await page.waitForFunction(() => /at 100 K \(2 of 3\)/.test(document.querySelector(".stage-name")?.textContent ?? ""));
  assert.match((await page.textContent(`${PANEL} p`)) ?? "", /^90 K ✓, 100 K, 110 K/);
  assert.equal(await page.textContent("#properties-title"), "Properties at 100 K");
  await page.click("button:text-is('Pause')");
  await untilState(page, "paused");
  await page.waitForTimeout(500);

  await page.goto("about:blank");
  await page.goto(url);
  assert.match((await page.textContent(".saved-run")) ?? "", /100 K \(2 of 3\)/);
  await page.click("button:text-is('Continue this run')");
  await untilState(page, "finished");
  assert.equal(await page.locator(".stage-name").textContent(), "Finished");
  const slope = await valueOf(page, "Change of density");
  const [, value, error] = /^\(−([\d.]+) ± ([\d.]+)\) × 10⁻⁴ g\/\(cm³ K\)$/.exec(slope) ?? assert.fail(slope);
  // Liquid argon loses a twentieth of its density in ten kelvin.
  assert.ok(Number(value) > 20 && Number(value) < 120 && Number(error) < Number(value), slope);
  assert.match(await valueOf(page, "Activation energy of self-diffusion"), /^\(?[\d.]+ ± [\d.]+\)? kJ\/mol$/);

  const row = page.locator(`${PANEL} button.disclosure`, { hasText: "Activation energy of self-diffusion" }).first();
  await row.click();
  const details = page.locator(`${PANEL} tr:not([hidden]) .property-details`).first();
  assert.match((await details.textContent()) ?? "", /correlation of ln A and E/);
  await details.locator("canvas").first().scrollIntoViewIfNeeded();
  await page.click(`${PANEL} summary:text-is('Every property at each temperature')`);
  const headings = await page.locator(`${PANEL} .table-scroll th[scope=col]`).filter({ hasText: / K$/ }).allTextContents();
  assert.deepEqual(headings.map((text) => Number.parseFloat(text)).slice(-3), [90, 100, 110]);
  await checkAccessibility(page);
  const [csv] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Scan, CSV')")]);
  const rows = readFileSync(await csv.path(), "utf8").split("\n");
  assert.ok(rows[0]?.startsWith("temperature (K),property,of,route"), rows[0]);
  assert.ok(rows.some((text) => text.startsWith("110,Density")) && rows.some((text) => text.startsWith(",Change of density")));
  const [json] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Scan, JSON')")]);
  const scan = JSON.parse(readFileSync(await json.path(), "utf8"));
  assert.deepEqual([scan.points.length, scan.spec.further_temperatures_k], [3, [100, 110]]);
  await close();
});

test("lists of temperatures that can't be meant are refused where they stand", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "argon-liquid");
  const cases = /** @type {const} */ ([
    ["1,100", "found “1,100”, which could be one number or two; expected semicolons"],
    ["94,4 110", "found “94,4”, which could be"],
    ["1 100, 1 200", "found “1 100”, which could be"],
    ["100; hot", "found “hot”; expected numbers from 1 to 6000 K"],
    ["1,100; 1,200", "found “1,100”; write 1100 or 1.1"],
    ["100, 94.4", "found 94.4 K twice"],
    ["9000", "found “9000”"],
  ]);
  for (const [text, message] of cases) {
    await fill(page, { "further-temperatures": text });
    await page.click("form button[type=submit]");
    assert.ok((await page.textContent("form .error-panel"))?.includes(message), `${text}: ${await page.textContent("form .error-panel")}`);
  }
  await fill(page, { "further-temperatures": "100 110,120", atoms: 32, equilibration: 0, production: 0.2 });
  await page.click("form button[type=submit]");
  await untilState(page, "finished");
  assert.match((await page.textContent(`${PANEL} p`)) ?? "", /^94\.4 K ✓, 100 K ✓, 110 K ✓, 120 K ✓\.$/);
  await close();
});
