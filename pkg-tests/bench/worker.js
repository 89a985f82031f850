// Times one structure under one potential in the built module, in a worker as the page's engine is.

onmessage = async ({ data: { build, threads, structure, potential, seconds } }) => {
  const engine = await import(new URL(`../../www/pkg/${build}/crucible.js`, import.meta.url).href);
  await engine.default();
  if (threads > 1) await engine.initThreadPool(threads);
  const text = async (/** @type {string} */ name) => (await fetch(new URL(`data/${name}`, import.meta.url))).text();
  const evaluator = new engine.Evaluator(await text(potential), await text(structure));
  let fastest = Infinity;
  const begin = performance.now();
  while (performance.now() - begin < seconds * 1000) {
    const start = performance.now();
    evaluator.evaluate();
    fastest = Math.min(fastest, performance.now() - start);
  }
  postMessage((fastest * 1000) / evaluator.atoms);
};
