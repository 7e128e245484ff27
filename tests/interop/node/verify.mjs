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

import { load, run } from "./program.mjs";

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

function demand(request) {
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

run(async (request) => {
  const { publicKeyPem, licenseKey, audience, tokens } = demand(request);
  const [jsonwebtoken, jose] = [await load("jsonwebtoken"), await load("jose")];
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
  return results;
});
