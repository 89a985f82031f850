// Each view, in both themes and both sizes: axe finds nothing grave, nothing is wider than the screen, and the keyboard
// alone gets from the gallery to a run.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { checkView, choose, fill, launch, openPage, untilState } from "./harness.js";

/** @import { Browser, Page } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

for (const [size, theme] of /** @type {const} */ ([["wide", "light"], ["wide", "dark"], ["phone", "light"], ["phone", "dark"]])) {
  test(`axe and layout: ${size}, ${theme}`, async () => {
    const { page, close } = await openPage(browser, { size, theme });
    await checkView(page);
    await choose(page, "own");
    await checkView(page);
    await page.click("form button[type=submit]");
    await page.waitForSelector("form .error-panel:visible");
    await checkView(page);
    await page.goBack();
    await choose(page, "argon-liquid");
    await checkView(page);
    await fill(page, { atoms: 64, equilibration: 0.2, production: 2 });
    await page.click("form button[type=submit]");
    await untilState(page, "finished");
    await page.waitForSelector("[aria-labelledby=structure-title] canvas", { state: "visible" });
    for (const summary of await page.$$("#run summary:visible")) await summary.click();
    await checkView(page);
    await close();
  });
}

test("a theme that is chosen has the colours of the system's", async () => {
  const { page, close } = await openPage(browser);
  const colours = () =>
    page.evaluate(() => {
      const names = ["--page", "--text", "--accent", "--shadow", "--viewer-background"];
      const style = getComputedStyle(document.documentElement);
      return [getComputedStyle(document.body).backgroundColor, ...names.map((name) => style.getPropertyValue(name).trim())].join(" | ");
    });
  const light = await colours();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await colours();
  assert.match(light, /^rgb\(244, 246, 248\)/);
  assert.match(dark, /^rgb\(14, 19, 24\)/);
  await page.click("#theme-button");
  assert.equal(await colours(), light);
  await page.emulateMedia({ colorScheme: "light" });
  await page.click("#theme-button");
  assert.equal(await colours(), dark);
  await close();
});

test("from the gallery to a paused run by keyboard alone", async () => {
  const { page, close } = await openPage(browser);
  await tabTo(page, "[data-preset='argon-liquid']");
  await page.keyboard.press("Enter");
  await page.waitForSelector("form.setup-form");
  await tabTo(page, "form button[type=submit]");
  await page.keyboard.press("Enter");
  await untilState(page, "running");
  await tabTo(page, ".atoms-canvas");
  await page.keyboard.press("Space");
  await untilState(page, "paused");
  await close();
});

/** @param {Page} page @param {string} selector */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  assert.fail(`sixty tabs did not reach ${selector}`);
}
