// Verifies tokens with `jsonwebtoken` and `jose`, two implementations that share no code with
// this workspace.
//
// stdin:  {"publicKeyPem": "...", "licenseKey": "...", "audience": "...", "tokens": ["..."]}
//         (publicKeyPem is an SPKI "PUBLIC KEY" block)
// stdout: [{"jsonwebtoken": {"header", "payload"} | {"error"}, "jose": {the same}}, ...]
//
// For a token that does not verify, the output contains `error` and the exit status is 0. Other errors (missing modules, invalid
// input, an unusable public key) are printed to stderr, with exit status 2, so that they do not count as a rejected token.

import { load, run } from "./program.mjs";

function describe(error) {
  if (!(error instanceof Error)) return String(error);
  // The name of the class ("JWTExpired", "TokenExpiredError"), then the message.
  return `${error.name}: ${error.message}`;
}

async function outcome(verify) {
  try {
    return await verify();
  } catch (error) {
    return { error: describe(error) };
  }
}

function checked(request) {
  for (const name of ["publicKeyPem", "licenseKey", "audience"]) {
    // Without an issuer or audience, the libraries skip their check.
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
  const { publicKeyPem, licenseKey, audience, tokens } = checked(request);
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
