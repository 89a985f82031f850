// Pictures of each step of the road, both themes and both sizes, in target/screenshots/: for people to look at.
//
//   node pkg-tests/browser/screenshots.js [preset] [seconds of running]

import { mkdirSync } from "node:fs";
import { choose, launch, openPage, repositoryFile, SIZES, untilState } from "./harness.js";

const [preset = "argon-liquid", seconds = "10"] = process.argv.slice(2);
const folder = repositoryFile("target/screenshots/");
mkdirSync(folder, { recursive: true });

const browser = await launch();
for (const size of /** @type {(keyof typeof SIZES)[]} */ (Object.keys(SIZES))) {
  for (const theme of /** @type {const} */ (["light", "dark"])) {
    const { page, close } = await openPage(browser, { size, theme });
    const picture = (/** @type {string} */ name, fullPage = false) =>
      page.screenshot({ path: `${folder}${size}-${theme}-${name}.png`, fullPage, timeout: 120_000 });
    await picture("1-gallery");
    await choose(page, preset);
    await picture("2-setup", true);
    await page.click("form button[type=submit]");
    await untilState(page, "running");
    await page.waitForTimeout(Number(seconds) * 1000);
    // Software graphics has no time for pictures while it runs.
    await page.click("button:text-is('Pause')").catch(() => undefined);
    await page.waitForTimeout(1500);
    await picture("3-run");
    await picture("4-run-whole", true);
    await page.click("button:text-is('Reset')");
    await untilState(page, "running");
    await page.goto(`${page.url().split("#")[0]}#/setup/own`);
    await page.waitForSelector("form.setup-form input[type=file]");
    await page.click("form button[type=submit]");
    await page.waitForSelector("form .error-panel:visible");
    await picture("5-refused");
    await page.click(".site-nav a[data-view=analyze]");
    await picture("6-analyze", true);
    await page.click(".site-nav a[data-view=fit]");
    await page.setInputFiles("[aria-labelledby=fit-data-title] input[type=file]", repositoryFile("potentials/cacl2-kcl/data/train.extxyz"));
    await page.selectOption("select[name=level]", "4");
    await page.click(".fit-actions button:enabled");
    await page.waitForFunction(() => document.documentElement.dataset["fit"] === "graded", undefined, { timeout: 300_000 });
    await page.waitForTimeout(1500);
    await picture("7-fit-whole", true);
    await close();
  }
}
await browser.close();
