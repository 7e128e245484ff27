// What every program here is: JSON on stdin, JSON on stdout, packages from the folder that COBROWSE_TEST_NODE_MODULES names.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/// A package, of whichever kind of module it is.
export async function load(name) {
  const folder = process.env.COBROWSE_TEST_NODE_MODULES;
  if (!folder) throw new Error("COBROWSE_TEST_NODE_MODULES is not set");
  const require = createRequire(join(resolve(folder), "resolve-from-here.js"));
  const module = await import(pathToFileURL(require.resolve(name)).href);
  return module.default ?? module;
}

/// Answers the question on stdin. An answer that could not be found is a message and exit status 2.
export async function run(answer) {
  try {
    const text = JSON.stringify(await answer(JSON.parse(readFileSync(0, "utf8"))));
    // Not before all of it is in the pipe, and then at once: a client's socket would keep the program running.
    process.stdout.write(text, () => process.exit(0));
  } catch (error) {
    process.stderr.write(`${error.stack ?? error}\n`);
    process.exit(2);
  }
}
