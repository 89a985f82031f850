// Microseconds per atom of the built modules in Chromium: one line of JSON per measurement, as the native bench prints.

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { launch } from "../browser/harness.js";
import { serve } from "../browser/server.js";

const SECONDS = 0.6;
const root = fileURLToPath(new URL("../../", import.meta.url));
const server = await serve(root, { isolated: true });
const browser = await launch();
const page = await browser.newPage();
await page.goto(`${server.url}pkg-tests/bench/index.html`);

for (const [structure, species] of [["metal2048", "S1"], ["salt2048", "S2"]]) {
  for (const level of ["08", "12", "16", "20"]) {
    for (const [build, threads] of [["single", 1], ["threads", availableParallelism()]]) {
      const request = {
        build,
        threads,
        structure: `${structure}_${species}.cfg`,
        potential: `B_L${level}_${species}.mtp`,
        seconds: SECONDS,
      };
      const micros = await page.evaluate(
        (request) =>
          new Promise((resolve, reject) => {
            const worker = new Worker("worker.js", { type: "module" });
            worker.onmessage = ({ data }) => (worker.terminate(), resolve(data));
            worker.onerror = (event) => reject(new Error(event.message));
            worker.postMessage(request);
          }),
        request,
      );
      console.log(JSON.stringify({ structure, level: Number(level), target: "wasm", threads, micros_per_atom: micros }));
    }
  }
}
await browser.close();
await server.close();
