"""Verifies tokens with PyJWT, which shares no code with this workspace.

stdin:  {"publicKeyPem": "...", "licenseKey": "...", "audience": "...", "tokens": ["..."]}
stdout: [{"pyjwt": {"header", "payload"} | {"error"}}, ...]

For a token that does not verify, the output contains `error` and the exit status is 0. Other errors
(invalid input, an unusable public key) are printed to stderr, with exit status 2, so that they do
not count as a rejected token.
"""

import json
import sys

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key


def read_request():
    request = json.loads(sys.stdin.buffer.read())
    for name in ("publicKeyPem", "licenseKey", "audience"):
        # Without an issuer or audience, the library skips its check.
        if not isinstance(request.get(name), str) or not request[name]:
            raise ValueError(f'"{name}" must be a non-empty string')
    tokens = request.get("tokens")
    if not isinstance(tokens, list) or not all(isinstance(t, str) for t in tokens):
        raise ValueError('"tokens" must be an array of strings')
    return request


def verify(token, key, request):
    try:
        decoded = jwt.decode_complete(
            token,
            key,
            algorithms=["RS256"],
            audience=request["audience"],
            issuer=request["licenseKey"],
        )
    except Exception as error:  # PyJWT has no common base class for all of them
        return {"error": f"{type(error).__name__}: {error}"}
    return {"header": decoded["header"], "payload": decoded["payload"]}


def main():
    request = read_request()
    key = load_pem_public_key(request["publicKeyPem"].encode())
    results = [{"pyjwt": verify(token, key, request)} for token in request["tokens"]]
    json.dump(results, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        print(f"verify.py: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(2)
