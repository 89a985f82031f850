// From a data set to a potential that runs, in the page: what is seen, cancelled, refused, labelled and graded.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { FRAMES, acceptQuestions, beginFit, file, giveData, openFit, saved, untilFit } from "./fit-steps.js";
import { checkView, isDrawn, launch, openPage, repositoryFile } from "./harness.js";

/** @import { Browser, Page } from "playwright-core" */

/** @type {typeof import("fflate")} */
const { strFromU8, strToU8, unzipSync, zipSync } = createRequire(new URL("../../www/package.json", import.meta.url))("fflate");

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("a small data set becomes a potential with its errors, and runs", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await page.fill("input[name=fit-species]", "K Ca Cl");
  await giveData(page, [file("some.extxyz", FRAMES.slice(0, 24).join("")), file("more.extxyz", FRAMES.slice(24, 48).join(""))]);
  await page.waitForFunction(() => /^48 configurations of/.test(document.querySelector(".data-status")?.textContent ?? ""));
  const facts = (await page.textContent(".data-facts")) ?? "";
  assert.match(facts, /Temperature.*K/);
  assert.match(facts, /Ca–Cl/);
  await beginFit(page, { steps: 8 });
  await untilFit(page, "graded");
  const errors = (await page.locator("[aria-label=Errors] tbody").innerText()).split("\n");
  assert.equal(errors.length, 3);
  for (const row of errors) assert.match(row, /(\s[\d.]+){4}/, `errors on both parts in: ${row}`);
  const charts = page.locator(".fit-charts canvas");
  await page.waitForFunction(() => document.querySelectorAll(".fit-charts canvas").length === 5);
  const labels = await charts.evaluateAll((canvases) => canvases.map((canvas) => canvas.getAttribute("aria-label") ?? ""));
  ["Loss", "Learning curve", "Energy", "Force", "Stress"].forEach((title, k) => assert.ok(labels[k]?.startsWith(title), `${title} as number ${k + 1} of ${labels}`));
  await page.locator(".fit-charts").scrollIntoViewIfNeeded();
  await page.waitForTimeout(500);
  assert.ok(await isDrawn(page, ".fit-charts figure:last-child canvas"), "the last parity chart is empty");
  assert.match((await page.locator("[aria-labelledby=fit-result-title]").innerText()) ?? "", /parameters; the data fix \d+/);
  for (const [button, name, content] of /** @type {const} */ ([
    ["Potential, .mtp", "k-ca-cl.mtp", /^MTP/],
    ["Potential with active set, .almtp", "k-ca-cl.almtp", /^MTP/],
    ["Report, JSON", "k-ca-cl.report.json", /"active_set"/],
    ["Charts, SVG in a .zip", "k-ca-cl.charts.zip", /^PK/],
  ])) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`button:text-is("${button}")`)]);
    assert.equal(download.suggestedFilename(), name);
    assert.match(readFileSync(await download.path(), "latin1"), content);
  }
  // What the curves say is of the potential that was kept, and not of the last step.
  const { history } = JSON.parse(await saved(page, "Report, JSON"));
  const kept = history.reduce((/** @type {any} */ best, /** @type {any} */ point) => (point.held_out_loss < best.held_out_loss ? point : best));
  const captions = await page.locator(".fit-charts figcaption").allTextContents();
  const [, training, heldOut] = /^Kept: training ([\d.]+), held out ([\d.]+) meV\/Å\.$/.exec(captions[1] ?? "") ?? [];
  for (const [shown, { force_component: { rms } }] of /** @type {const} */ ([[training, kept.training], [heldOut, kept.held_out]])) {
    assert.ok(Math.abs(Number(shown) / (1e3 * rms) - 1) < 0.01, `${captions[1]} for ${1e3 * rms}`);
  }
  assert.match(captions[0] ?? "", /^Kept: training .*, held out .* eV²\.$/);
  await page.click("button:text-is('Run it')");
  await page.waitForFunction(() => /step [1-9]/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
  await close();
});

test("a hot run of a graded potential keeps what it does not know, to be labelled", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await giveData(page, [file("salt.extxyz", FRAMES.slice(0, 16).join(""))]);
  await beginFit(page, { steps: 4 });
  await untilFit(page, "graded");
  await page.fill("input[name=fit-temperature]", "5000");
  await page.click("button:text-is('Run it')");
  const panel = page.locator(".grade-panel");
  await panel.waitFor({ timeout: 120_000 });
  await page.waitForFunction(() => /[1-9]\d* kept configurations/.test(document.querySelector(".grade-panel")?.textContent ?? ""), undefined, { timeout: 120_000 });
  assert.match((await panel.textContent()) ?? "", /extrapolated: grades up to/);
  await page.waitForTimeout(500);
  assert.ok(await isDrawn(page, ".grade-panel canvas"), "the grade's chart is empty");
  await page.click("button:text-is('Label them')");
  await page.waitForFunction(() => /[1-9]\d* structures? added as fitted-potential-kept\.extxyz/.test(document.querySelector(".label-panel")?.textContent ?? ""));
  await page.waitForFunction(() => location.hash === "#/fit" && document.activeElement?.id === "label-title");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Download the inputs (.zip)')")]);
  assert.ok(Object.keys(unzipSync(readFileSync(await download.path()))).some((name) => name.endsWith("/cp2k.inp")));
  await close();
});

test("cancel keeps the best potential so far", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await giveData(page, [file("salt.extxyz", FRAMES.slice(0, 24).join(""))]);
  await beginFit(page, { steps: 2000, starts: 20 });
  await page.waitForSelector("[aria-label='Errors at this step'] td");
  const pressed = Date.now();
  await page.click("[aria-labelledby=fit-progress-title] button:text-is('Cancel')");
  await untilFit(page, "finished", "graded");
  // A second, and a slow machine's patience.
  assert.ok(Date.now() - pressed < 10_000, `it took ${Date.now() - pressed} ms`);
  assert.match((await page.textContent("[aria-labelledby=fit-progress-title] .stage-name")) ?? "", /best potential so far/);
  assert.doesNotMatch((await page.textContent("[aria-labelledby=fit-progress-title] .numbers")) ?? "", /left/, "it ended");
  await page.waitForSelector("[aria-labelledby=fit-result-title]:visible");
  await close();
});

test("a fit that was cancelled goes on, and another one starts from its file", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await page.fill("input[name=fit-species]", "K Ca Cl");
  await giveData(page, [file("salt.extxyz", FRAMES.slice(0, 24).join(""))]);
  await beginFit(page, { "held-out": 0, starts: 20, steps: 2000 });
  await page.waitForSelector("[aria-label='Errors at this step'] td");
  await page.click("[aria-labelledby=fit-progress-title] button:text-is('Cancel')");
  await untilFit(page, "graded");
  const cancelled = Math.min(...(await losses(page)));

  // What leads to nothing takes nothing away.
  await page.fill("#fit-view input[name=energy-weight]", "0");
  await page.fill("#fit-view input[name=force-weight]", "0");
  await page.fill("#fit-view input[name=stress-weight]", "0");
  await page.click("button:text-is('Go on')");
  await page.waitForFunction(() => /weights/.test(document.querySelector("#fit > .error-panel")?.textContent ?? ""));
  await page.waitForSelector("[aria-labelledby=fit-result-title]:visible");
  await page.fill("#fit-view input[name=energy-weight]", "1");
  await page.fill("#fit-view input[name=force-weight]", "0.01");
  await page.fill("#fit-view input[name=stress-weight]", "0.001");

  await page.fill("#fit-view input[name=steps]", "4");
  await page.click("button:text-is('Go on')");
  await untilFit(page, "graded");
  const further = await losses(page);
  // The file holds all digits; the linear coefficients are solved for anew.
  assert.ok((further[0] ?? Infinity) <= cancelled * (1 + 1e-6), `from ${cancelled} to ${further[0]}`);
  assert.ok((further.at(-1) ?? Infinity) < cancelled, `${further} after ${cancelled}`);

  const drop = page.locator("#fit-view .fit-form input[type=file]");
  const own = await saved(page, "Potential, .mtp");
  await drop.setInputFiles(file("mine.mtp", own));
  await page.fill("input[name=fit-species]", "");
  await page.keyboard.press("Tab");
  // Its tag tells the elements; without it they have to be named.
  await page.waitForSelector(".fit-actions button:enabled");
  await drop.setInputFiles(file("nameless.mtp", own.replace("potential_tag = K-Ca-Cl", "potential_tag = ")));
  // The data can be read without it; where they can't, they are at fault.
  await page.locator("#fit-view .fit-form .field-error:visible", { hasText: /elements .* in salt\.extxyz; expected the elements of the potential's species/ }).waitFor();
  await page.fill("input[name=fit-species]", "K Cl");
  await page.keyboard.press("Tab");
  await page.locator("[aria-labelledby=fit-data-title] .error-panel", { hasText: /2 names; expected 3, one for each species/ }).waitFor();
  await page.fill("input[name=fit-species]", "K Ca Cl");
  await page.keyboard.press("Tab");
  await page.waitForSelector(".fit-actions button:enabled");
  assert.equal(await page.isVisible("select[name=level]"), false, "a level beside a potential");
  assert.equal(await page.inputValue("#fit-view input[name=starts]"), "1");
  await page.click(".fit-actions button");
  await untilFit(page, "graded");
  const [start = Infinity] = await losses(page);
  assert.ok(start <= (further.at(-1) ?? 0) * (1 + 1e-6), `from the file at ${start}, fitted to ${further.at(-1)}`);
  await close();
});

test("weighting, force scaling and penalty reach the fit", async () => {
  const { page, close } = await openPage(browser);
  acceptQuestions(page);
  await openFit(page);
  await giveData(page, [file("salt.extxyz", FRAMES.slice(0, 16).join(""))]);
  const first = { "held-out": 0, starts: 1, steps: 1 };
  const loss = async (/** @type {Record<string, string | number>} */ fields) => {
    await beginFit(page, { ...first, ...fields });
    await untilFit(page, "graded");
    return (await losses(page))[0];
  };
  const plain = await loss({});
  assert.notEqual(await loss({ "force-scaling": 1 }), plain);
  await page.selectOption("select[name=weighting]", "molecules");
  assert.notEqual(await loss({ "force-scaling": "", penalty: 0.1 }), plain);
  await page.selectOption("select[name=weighting]", "vibrations");
  assert.equal(await loss({ penalty: 0 }), plain);
  await page.fill("#fit-view input[name=force-scaling]", "-1");
  await page.click(".fit-actions button");
  await page.waitForSelector("#fit-view .field-error:visible");
  assert.match((await page.textContent("#fit-view .field-error:visible")) ?? "", /Force scaling: found -1; expected a number from/);
  await close();
});

/** The loss at each step of the latest fit, as its report has it. @param {Page} page @returns {Promise<number[]>} */
async function losses(page) {
  const { history } = JSON.parse(await saved(page, "Report, JSON"));
  return history.map((/** @type {{ loss: number }} */ { loss }) => loss);
}

test("a label that the fit does not follow is doubted beside the errors", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await page.fill("input[name=fit-species]", "K Ca Cl");
  const off = (FRAMES[3] ?? "").replace(/ energy=(\S+)/, (_, energy) => ` energy=${Number(energy) + 100}`);
  await giveData(page, [file("off.extxyz", [...FRAMES.slice(0, 3), off, ...FRAMES.slice(4, 30)].join(""))]);
  await page.waitForFunction(() => /^30 configurations of/.test(document.querySelector(".data-status")?.textContent ?? ""));
  await beginFit(page, { steps: 4 });
  await untilFit(page, "graded");
  const doubts = await page.locator("#fit-view .caution", { hasText: /check these labels/ }).allTextContents();
  assert.ok(doubts.some((words) => /energy of \d+ of \d+ configurations, worst 4, off by up to/.test(words)), doubts.join("; "));
  await close();
});

test("what can't be fitted is told, and the page stays usable", async (t) => {
  const { page, close } = await openPage(browser);
  acceptQuestions(page);
  await openFit(page);
  const problem = page.locator("#fit-view .error-panel:visible");
  const salt = FRAMES.slice(0, 12).join("");
  const cases = [
    { name: "garbage", text: "no structure at all\n", message: /bad\.extxyz.*expected/s },
    { name: "cut", text: salt.slice(0, 1500), message: /bad\.extxyz, line \d+.*expected/s },
    { name: "unlabelled", text: salt.replaceAll(/ energy=\S+/g, ""), message: /no configuration with energy.*expected/s },
    { name: "partly labelled", text: salt.replace(/ energy=\S+/, ""), message: /no energy in 1 of 12/ },
    { name: "not converged", text: salt.replace(" energy=", " converged=F energy="), message: /not converged/ },
    { name: "markup in a name", text: salt.replace(/ energy=\S+/, "").replace(/name=\S+/, 'name="<img src=x onerror=alert(1)>"'), message: /<img src=x/ },
  ];
  for (const { name, text, message } of cases) {
    await t.test(name, async () => {
      await giveData(page, [file("bad.extxyz", text)]);
      await problem.waitFor();
      await page.waitForFunction(
        (source) => [...document.querySelectorAll("#fit-view .error-panel")].some((panel) => panel instanceof HTMLElement && !panel.hidden && new RegExp(source, "s").test(panel.textContent ?? "")),
        message.source,
      ).catch(async () => assert.match((await problem.first().textContent()) ?? "", message));
      assert.ok(await page.isDisabled(".fit-actions button"));
      await page.click("button[aria-label='Remove bad.extxyz']");
    });
  }
  await t.test("too few equations", async () => {
    await giveData(page, [file("one.extxyz", FRAMES[0] + FRAMES[1])]);
    await page.waitForFunction(() => /^2 configurations/.test(document.querySelector(".data-status")?.textContent ?? ""));
    await beginFit(page, { "held-out": 0 });
    await page.selectOption("select[name=level]", "20");
    await untilFit(page, "graded", "failed");
    await page.click(".fit-actions button");
    await page.waitForFunction(() => /equations for \d+ parameters/.test(document.querySelector("#fit > .error-panel")?.textContent ?? ""));
  });
  await page.click("button[aria-label='Remove one.extxyz']");
  await giveData(page, [file("good.extxyz", FRAMES.slice(0, 12).join(""))]);
  await beginFit(page, { steps: 2 });
  await untilFit(page, "graded");
  await close();
});

test("structures go out as inputs and come back with labels", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  const output = readFileSync(repositoryFile("pkg-tests/reference/labels/cp2k-kcl8.out"));
  const a = 6.4;
  const places = [
    ["K", 0, 0, 0], ["K", 0, a / 2, a / 2], ["K", a / 2, 0, a / 2], ["K", a / 2, a / 2, 0],
    ["Cl", a / 2, 0, 0], ["Cl", 0, a / 2, 0], ["Cl", 0, 0, a / 2], ["Cl", a / 2, a / 2, a / 2],
  ];
  const header = `Lattice="${a} 0 0 0 ${a} 0 0 0 ${a}" Properties=species:S:1:pos:R:3 pbc="T T T" name=kcl8`;
  const structure = `8\n${header}\n${places.map((place) => place.join(" ")).join("\n")}\n`;
  const [structures, outputs] = [page.locator(".label-panel input[type=file]").nth(0), page.locator(".label-panel input[type=file]").nth(1)];
  await structures.setInputFiles([file("kcl.extxyz", structure)]);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Download the inputs (.zip)')")]);
  const inputs = unzipSync(readFileSync(await download.path()));
  assert.deepEqual(Object.keys(inputs).sort(), ["kcl8/cp2k.inp", "kcl8/structure.extxyz"]);
  assert.match(strFromU8(inputs["kcl8/cp2k.inp"] ?? new Uint8Array()), /RUN_TYPE ENERGY_FORCE/);

  // A later visit: nothing but the archive of the folder.
  await page.reload();
  await page.waitForSelector("#fit-view form");
  const cut = strToU8(output.toString("utf8").slice(0, 2000));
  const back = zipSync({ ...inputs, "kcl8/cp2k.out": output, "other/cp2k.out": cut });
  await outputs.setInputFiles([{ name: "labels.zip", mimeType: "application/zip", buffer: Buffer.from(back) }]);
  await page.waitForFunction(() => /1 labelled, 1 failed/.test(document.querySelector(".label-panel")?.textContent ?? ""));
  assert.match((await page.textContent(".label-panel .error-panel")) ?? "", /other\/cp2k\.out/);
  // The inputs say which method they are of: no other is put on the labels.
  await page.locator(".label-panel select").nth(1).selectOption("metal");
  await page.waitForFunction(() => /0 labelled, 2 failed/.test(document.querySelector(".label-panel")?.textContent ?? ""));
  assert.match((await page.textContent(".label-panel .error-panel")) ?? "", /kcl8\/structure\.extxyz: method of the inputs/);
  await page.locator(".label-panel select").nth(1).selectOption("salt");
  await page.waitForFunction(() => /1 labelled, 1 failed/.test(document.querySelector(".label-panel")?.textContent ?? ""));
  const [labels] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Labels, .cfg')")]);
  assert.match(readFileSync(await labels.path(), "utf8"), /^BEGIN_CFG[\s\S]*fx[\s\S]*PlusStress/);
  await page.click("button:text-is('Add them to the data')");
  await page.waitForFunction(() => /^1 configuration of 8 atoms: K \(4\), Cl \(4\)/.test(document.querySelector(".data-status")?.textContent ?? ""));
  await page.click("button:text-is('Add them to the data')");
  await page.waitForSelector("button[aria-label='Remove labelled-2.extxyz']");
  await page.click("button[aria-label='Remove labels.zip']");
  await outputs.setInputFiles([file("nonsense.zip", "PK?")]);
  await page.waitForFunction(() => /nonsense\.zip: found no zip file/.test(document.querySelector(".label-panel")?.textContent ?? ""));
  await close();
});

test("all files are taken away at once", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  const panel = page.locator("[aria-labelledby=fit-data-title]");
  const all = panel.locator("button:text-is('Remove all')");
  await giveData(page, [file("one.extxyz", FRAMES[0] ?? "")]);
  await panel.locator(".file-list li").waitFor();
  assert.equal(await all.isVisible(), false);
  await giveData(page, Array.from({ length: 14 }, (_, k) => file(`${k}.extxyz`, FRAMES[k] ?? "")));
  await panel.locator("text=and 3 more").waitFor();
  await all.click();
  assert.equal(await panel.locator(".file-list li").count(), 0);
  assert.equal(await all.isVisible(), false);
  assert.ok(await panel.locator("input[type=file]").evaluate((input) => input === document.activeElement), "the focus was lost");
  await page.waitForFunction(() => document.querySelector(".data-status")?.textContent === "");
  await close();
});

test("numbered species are named before a fit", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await giveData(page, [repositoryFile("pkg-tests/reference/training/db_S2.cfg")]);
  await page.waitForFunction(() => /Which elements/.test(document.querySelector("[aria-labelledby=fit-data-title] .error-panel")?.textContent ?? ""));
  await page.fill("input[name=fit-species]", "K Cl");
  await page.keyboard.press("Tab");
  await page.waitForFunction(() => /K \(\d+\), Cl \(\d+\)/.test(document.querySelector(".data-status")?.textContent ?? ""));
  await close();
});

for (const [size, theme] of /** @type {const} */ ([["wide", "light"], ["phone", "dark"]])) {
  test(`axe and layout of the Fit view: ${size}, ${theme}`, async () => {
    const { page, close } = await openPage(browser, { size, theme });
    await openFit(page);
    await checkView(page);
    await giveData(page, [file("salt.extxyz", FRAMES.slice(0, 24).join(""))]);
    await beginFit(page, { steps: 3 });
    await untilFit(page, "graded");
    await page.locator(".label-panel input[type=file]").first().setInputFiles([file("salt.extxyz", FRAMES[0] ?? "")]);
    for (const summary of await page.$$("#fit summary:visible")) await summary.click();
    await checkView(page);
    await close();
  });
}
