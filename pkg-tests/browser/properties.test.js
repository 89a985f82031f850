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
  assert.match(readFileSync(await svg.path(), "utf8"), /^<svg[\s\S]*<\/svg>\s*$/);
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
