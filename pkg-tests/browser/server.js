// Serves a folder on a free port of this machine, with or without the headers that isolate a page, below a sub-path.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, relative } from "node:path";

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/**
 * @param {string} folder
 * @param {{ isolated?: boolean, base?: string, maxAge?: number, knowsWasm?: boolean }} [options] `base` begins and ends with a slash; `maxAge`: how long
 *   browsers may use a file without asking, seconds, as many hosts of static files say; `knowsWasm`: whether it sends modules with their own type
 */
export async function serve(folder, { isolated = false, base = "/", maxAge, knowsWasm = true } = {}) {
  /** Files that were sent, and not only found unchanged. @type {string[]} */
  const sent = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname);
    const inside = path.startsWith(base) ? normalize(`/${path.slice(base.length)}`) : undefined;
    const file = inside === undefined ? undefined : join(folder, inside.endsWith("/") ? `${inside}index.html` : inside);
    const found = file ? await stat(file).catch(() => undefined) : undefined;
    if (!file || !found?.isFile()) {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("Not found.");
      return;
    }
    const type = extname(file) === ".wasm" && !knowsWasm ? "application/octet-stream" : TYPES[extname(file)];
    response.setHeader("Content-Type", type ?? "text/plain; charset=utf-8");
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
      response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    }
    if (maxAge !== undefined) {
      const tag = `"${found.size}-${found.mtimeMs}"`;
      response.setHeader("Cache-Control", `max-age=${maxAge}`);
      response.setHeader("ETag", tag);
      if (request.headers["if-none-match"] === tag) {
        response.writeHead(304).end();
        return;
      }
    }
    sent.push(relative(folder, file));
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  // A test that failed half way must not keep the process alive.
  server.unref();
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://localhost:${port}${base}`,
    sent,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
