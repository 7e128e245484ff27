// Verifies tokens with `jsonwebtoken` and `jose`, two implementations that share no code with
// this workspace.
//
// stdin:  {"publicKeyPem": "...", "licenseKey": "...", "audience": "...", "tokens": ["..."]}
//         (publicKeyPem is an SPKI "PUBLIC KEY" block)
// stdout: [{"jsonwebtoken": {"header", "payload"} | {"error"}, "jose": {the same}}, ...]
//
// A token that does not verify is an `error` in the output and exit status 0. Anything that keeps
// the libraries from being asked at all (no modules, a malformed document, an unusable public key)
// is a message on stderr and exit status 2, so that it cannot pass for a rejected token.
//
// The libraries are not looked up next to this file: COBROWSE_TEST_NODE_MODULES names the
// `node_modules` folder to use, or the folder that holds it.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

function describe(error) {
  if (!(error instanceof Error)) return String(error);
  // The constructor's name ("JWTExpired", "TokenExpiredError"), then what it says.
  return `${error.name}: ${error.message}`;
}

async function outcome(verify) {
  try {
    return await verify();
  } catch (error) {
    return { error: describe(error) };
  }
}

function readRequest() {
  const request = JSON.parse(readFileSync(0, "utf8"));
  for (const name of ["publicKeyPem", "licenseKey", "audience"]) {
    // An absent issuer or audience would switch the library's check off without a word.
    if (typeof request?.[name] !== "string" || request[name] === "") {
      throw new Error(`"${name}" must be a non-empty string`);
    }
  }
  if (!Array.isArray(request.tokens) || request.tokens.some((t) => typeof t !== "string")) {
    throw new Error('"tokens" must be an array of strings');
  }
  return request;
}

async function loadLibraries() {
  const folder = process.env.COBROWSE_TEST_NODE_MODULES;
  if (!folder) throw new Error("COBROWSE_TEST_NODE_MODULES is not set");
  const require = createRequire(join(resolve(folder), "resolve-from-here.js"));
  const jsonwebtoken = require("jsonwebtoken");
  const jose = await import(pathToFileURL(require.resolve("jose")).href);
  return { jsonwebtoken, jose };
}

async function main() {
  const { publicKeyPem, licenseKey, audience, tokens } = readRequest();
  const { jsonwebtoken, jose } = await loadLibraries();
  const joseKey = await jose.importSPKI(publicKeyPem, "RS256");
  const checks = { algorithms: ["RS256"], audience, issuer: licenseKey };

  const results = [];
  for (const token of tokens) {
    results.push({
      jsonwebtoken: await outcome(() => {
        const { header, payload } = jsonwebtoken.verify(token, publicKeyPem, {
          ...checks,
          complete: true,
        });
        return { header, payload };
      }),
      jose: await outcome(async () => {
        const { protectedHeader, payload } = await jose.jwtVerify(token, joseKey, checks);
        return { header: protectedHeader, payload };
      }),
    });
  }
  process.stdout.write(`${JSON.stringify(results)}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`verify.mjs: ${describe(error)}\n`);
  process.exitCode = 2;
}
