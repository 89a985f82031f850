// From the gallery to the drawn radial distribution functions: with headers, with the service worker, on one thread.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { choose, fill, isDrawn, launch, openPage, PATIENCE_MS, untilState } from "./harness.js";

/** @import { Browser, Page } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A short argon run up to its drawn structure and motion. @param {Page} page */
async function runToTheRdf(page) {
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 108, equilibration: 0.5, production: 4 });
  await page.click("form button[type=submit]");
  await untilState(page, "finished");
  await page.waitForSelector("[aria-labelledby=structure-title] canvas", { state: "visible" });
  for (const part of ["thermodynamics", "structure", "transport"]) {
    const canvas = `[aria-labelledby=${part}-title] canvas`;
    await page.locator(canvas).first().scrollIntoViewIfNeeded();
    await assertSoon(() => isDrawn(page, canvas), `${part}: nothing drawn`);
  }
  assert.match((await page.textContent("[aria-labelledby=structure-title] tbody")) ?? "", /Ar around Ar\s*\d/);
  assert.match((await page.textContent(".run-bar .numbers")) ?? "", /steps\/s · .* ns\/day/);
  assert.equal((await page.textContent(".stage-name"))?.trim(), "Finished");
}

/** @typedef {{ name: string, mimeType: string, buffer: Buffer }} Saved */

/**
 * What can be taken home is what it says. Chromium drops a page's downloads after the tenth in a second: each is made once.
 * @param {Page} page @returns {Promise<Saved[]>} the trajectories
 */
async function downloadEverything(page) {
  const expected = {
    "Structure, extended XYZ": /^108\n/,
    "Structure, .cfg": /^BEGIN_CFG\n/,
    "Structure, LAMMPS data": /^\s*108 atoms$/m,
    "Structure, POSCAR": /^\s*Ar$/m,
    "Trajectory, extended XYZ": /^108$/gm,
    "Trajectory, LAMMPS dump": /^ITEM: TIMESTEP$/gm,
    "Series, CSV": /^time \(ps\),temperature \(K\),/,
    "Results, JSON": /"coordination_number"/,
    "Specification, JSON": /"schema": 1/,
  };
  const trajectories = [];
  for (const [label, content] of Object.entries(expected)) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`button:text-is("${label}")`)]);
    const buffer = readFileSync(await download.path());
    const found = buffer.toString("utf8").match(content) ?? [];
    const isTrajectory = label.startsWith("Trajectory");
    assert.ok(found.length >= (isTrajectory ? 20 : 1), `${label}: found ${found.length} of ${content}`);
    if (isTrajectory) trajectories.push({ name: download.suggestedFilename(), mimeType: "text/plain", buffer });
  }
  return trajectories;
}

/** Trajectories that were taken home come back: all of production, evenly spaced. @param {Page} page @param {Saved[]} trajectories */
async function analyzeThem(page, trajectories) {
  assert.equal(trajectories.length, 2);
  await page.click(".site-nav a[data-view=analyze]");
  for (const file of trajectories) {
    await page.locator("#analyze input[type=file]").first().setInputFiles(file);
    await page.click("#analyze form button[type=submit]");
    const summary = page.locator("[aria-labelledby=analyze-summary-title]", { hasText: /41 frames of 108 atoms, 100 fs apart/ });
    await summary.waitFor({ timeout: PATIENCE_MS });
  }
}

/** @param {() => Promise<boolean>} holds @param {string} message */
async function assertSoon(holds, message) {
  const until = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(Date.now() < until, message);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test("threads where the host sends the headers, below a sub-path", async () => {
  const { page, close } = await openPage(browser, { isolated: true, base: "/some/where/" });
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  await runToTheRdf(page);
  assert.match((await page.textContent("#engine-badge")) ?? "", /Running on \d+ threads/);
  await analyzeThem(page, await downloadEverything(page));
  await close();
});

test("threads through the service worker on a plain host, after one reload", async () => {
  const { page, url, close } = await openPage(browser, { isolated: false });
  await page.waitForFunction(() => crossOriginIsolated && document.querySelector("[data-preset]"));
  await runToTheRdf(page);
  assert.match((await page.textContent("#engine-badge")) ?? "", /Running on \d+ threads/);

  // A hard reload goes past the service worker; the page loads anew by itself, and stays where it was.
  await page.goto(`${url}#/fit`);
  const devtools = await page.context().newCDPSession(page);
  for (let time = 0; time < 3; time++) {
    await page.evaluate(() => Object.assign(window, { isBefore: true }));
    await devtools.send("Page.reload", { ignoreCache: true });
    await page.waitForFunction(() => !("isBefore" in window) && crossOriginIsolated && document.querySelector("[data-preset]"));
    assert.equal(await page.isVisible("#isolation-notice"), false);
    assert.equal(page.url(), `${url}#/fit`);
    await page.waitForSelector("#fit-view form");
  }

  await page.goto(`${url}?sw-reset`);
  await page.waitForSelector("[data-preset]");
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
  await close();
});

test("Fit opens while the gallery is still on its way, and storage that is blocked stops nothing", async () => {
  const { page, url, close } = await openPage(browser);
  await page.addInitScript(() => {
    const { fetch } = window;
    window.fetch = (...given) => (String(given[0]).endsWith("gallery.json") ? new Promise(() => {}) : fetch(...given));
    const blocked = () => Promise.reject(new DOMException("blocked", "SecurityError"));
    ServiceWorkerContainer.prototype.getRegistrations = blocked;
    CacheStorage.prototype.keys = blocked;
  });
  await page.goto(`${url}?sw-reset#/fit`);
  await page.waitForSelector("#fit-view form");
  await page.click(".site-nav a[data-view=analyze]");
  await page.waitForSelector("#analyze-view form");
  await close();
});

test("one thread where the page can't be isolated, and it says so", async () => {
  const { page, close } = await openPage(browser, { isolated: false, query: "?sw-reset" });
  const notice = page.locator("#isolation-notice");
  await notice.waitFor();
  assert.match((await notice.textContent()) ?? "", /one thread/);
  assert.equal(await notice.locator("a[target=_blank]").count(), 1);
  await runToTheRdf(page);
  assert.equal(await page.textContent("#engine-badge"), "Running on one thread");
  await close();
});
