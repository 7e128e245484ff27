// Reads query strings as the two kinds of decoder do that servers and pages use: the URL standard's, and npm `qs`.
//
// stdin:  {"queries": ["a=b&c=d", ...]}
// stdout: [{"urlSearchParams": [["a", "b"], ...], "qs": {"a": "b", ...}}, ...]

import { load, run } from "./program.mjs";

const qs = await load("qs");

run(({ queries }) =>
  queries.map((query) => ({ urlSearchParams: [...new URLSearchParams(query)], qs: qs.parse(query) })),
);
