// Decodes query strings with the two decoders in common use: the URL standard's, and npm `qs`.
//
// stdin:  {"queries": ["a=b&c=d", ...]}
// stdout: [{"urlSearchParams": [["a", "b"], ...], "qs": {"a": "b", ...}}, ...]

import { load, run } from "./program.mjs";

const qs = await load("qs");

run(({ queries }) =>
  queries.map((query) => ({ urlSearchParams: [...new URLSearchParams(query)], qs: qs.parse(query) })),
);
