// The page inside a page of course materials on another site, and the page without a network.

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { choose, fill, launch, openPage, PATIENCE_MS, SITE, untilState } from "./harness.js";
import { serve } from "./server.js";

/** @import { Browser, Frame, Page } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** @param {Page | Frame} page */
async function runArgon(page) {
  await page.click('[data-preset="argon-liquid"]');
  await page.waitForSelector("form.setup-form");
  for (const [name, value] of Object.entries({ atoms: 108, equilibration: 0.2, production: 1 })) await page.fill(`form input[name="${name}"]`, String(value));
  await page.click("form button[type=submit]");
  await page.waitForFunction(() => document.documentElement.dataset["run"] === "finished", undefined, { timeout: PATIENCE_MS });
}

/**
 * Opens a course page of another site (127.0.0.1 is not localhost) that shows the simulator in a frame.
 * @param {Page} page @param {string} url of the simulator @param {boolean} isolated the course page
 */
async function openCourse(page, url, isolated) {
  const folder = await mkdtemp(join(tmpdir(), "course-"));
  await writeFile(
    join(folder, "index.html"),
    `<!doctype html><html lang="en"><title>Course</title><link rel="icon" href="data:," /><iframe title="Crucible" src="${url}" allow="cross-origin-isolated" width="1200" height="760"></iframe></html>`,
  );
  const course = await serve(folder, { isolated });
  await page.goto(course.url.replace("localhost", "127.0.0.1"));
  const frame = page.frames().find((other) => other.url().startsWith(url));
  assert.ok(frame, `the frame did not open: ${page.frames().map((other) => other.url()).join(", ")}`);
  await frame.waitForSelector("[data-preset]");
  return frame;
}

test("in a frame of an isolated course page it has its threads", async () => {
  const { page, url, close } = await openPage(browser, { isolated: true, base: "/site/", embedded: true });
  const frame = await openCourse(page, url, true);
  assert.equal(await frame.evaluate(() => crossOriginIsolated), true);
  await runArgon(frame);
  assert.match((await frame.textContent("#engine-badge")) ?? "", /Running on \d+ threads/);
  await close();
});

test("in a frame of a plain course page it runs, and says on how many threads", async () => {
  const { page, url, close } = await openPage(browser, { isolated: false, base: "/site/", embedded: true });
  const frame = await openCourse(page, url, false);
  // A browser that isolates single frames may reload it once.
  await frame.waitForFunction(() => crossOriginIsolated || !document.querySelector("#isolation-notice")?.hasAttribute("hidden"));
  await frame.waitForSelector("[data-preset]");
  const isolated = await frame.evaluate(() => crossOriginIsolated);
  await runArgon(frame);
  assert.match((await frame.textContent("#engine-badge")) ?? "", isolated ? /Running on \d+ threads/ : /Running on one thread/);
  await close();
});

/** Until the page has a service worker and is kept for use offline. @param {Page} page */
async function untilKept(page) {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.waitForFunction(() => document.documentElement.dataset["offline"] === "ready");
}

test("a host that does not know what wasm is serves the engine as well", async () => {
  const { page, close } = await openPage(browser, { knowsWasm: false });
  await runArgon(page);
  await close();
});

test("a page that was opened before opens and runs without a network", async () => {
  const { page, url, close, stopServer } = await openPage(browser, { expectErrors: /Failed to load resource|ERR_CONNECTION_REFUSED/ });
  await untilKept(page);
  const engines = await page.evaluate(async () => {
    const kept = ["threads", "single"].map(async (build) => ((await caches.match(new URL(`pkg/${build}/crucible_bg.wasm`, location.href))) ? build : ""));
    return (await Promise.all(kept)).filter((build) => build !== "");
  });
  assert.deepEqual(engines, [(await page.textContent("#engine-badge"))?.startsWith("Threads") ? "threads" : "single"]);
  await stopServer();
  await page.goto(url);
  await page.waitForSelector("[data-preset]");
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 108, equilibration: 0.2, production: 1 });
  await page.click("form button[type=submit]");
  await untilState(page, "finished");
  await close();
});

test("where the host lets files be kept for minutes, a new version shows at once, and only what changed is fetched", async () => {
  const site = await mkdtemp(join(tmpdir(), "site-"));
  await cp(SITE, site, { recursive: true });
  const { page, url, sent, close } = await openPage(browser, { site, maxAge: 600 });
  await untilKept(page);
  await page.evaluate(() => caches.open("crucible-1"));
  const change = async (/** @type {string} */ name, /** @type {string | RegExp} */ from, /** @type {string} */ to) => {
    const text = await readFile(join(site, name), "utf8");
    assert.notEqual(text.replace(from, to), text);
    await writeFile(join(site, name), text.replace(from, to));
  };
  await change("index.html", "Melt something", "Melt it anew");
  await change("files.json", /"version":"\w+"/, '"version":"next"');
  sent.length = 0;
  // Not a reload, which would ask the host by itself.
  const later = await page.context().newPage();
  await later.goto(url);
  assert.equal(await later.textContent("#gallery-title"), "Melt it anew");
  await untilKept(later);
  assert.deepEqual(await later.evaluate(() => caches.keys()), ["crucible-/-next"]);
  assert.deepEqual([...new Set(sent)].sort(), ["files.json", "index.html"]);
  await close();
  await rm(site, { recursive: true });
});
