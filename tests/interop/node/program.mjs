// Shared by the programs: JSON on stdin, JSON on stdout, packages from the folder COBROWSE_TEST_NODE_MODULES.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/// Loads a package, a CommonJS or an ES module.
export async function load(name) {
  const folder = process.env.COBROWSE_TEST_NODE_MODULES;
  if (!folder) throw new Error("COBROWSE_TEST_NODE_MODULES is not set");
  const require = createRequire(join(resolve(folder), "resolve-from-here.js"));
  const module = await import(pathToFileURL(require.resolve(name)).href);
  return module.default ?? module;
}

/// Prints the result for the JSON on stdin. An exception is printed to stderr, with exit status 2.
export async function run(compute) {
  try {
    const text = JSON.stringify(await compute(JSON.parse(readFileSync(0, "utf8"))));
    // Exits when the pipe contains everything, because an open socket would keep the process alive.
    process.stdout.write(text, () => process.exit(0));
  } catch (error) {
    process.stderr.write(`${error.stack ?? error}\n`);
    process.exit(2);
  }
}
