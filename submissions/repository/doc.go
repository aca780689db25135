// Package repository keeps submissions in a folder that is a git repository, so that they
// are added by pull requests, and read in a diff:
//
//	board.toml                                 definition of the leaderboard
//	keys/USER.pub                              public keys of a submitter
//	models/ORG__NAME/model.toml                what the submitter says about a model
//	submissions/ORG__NAME/DIGEST12/RUN.json    one run: a bundle without its answers
//	blobs/SHA256.zst                           the answers of a run, compressed
//	attestations/RUN/USER.json, USER.json.sig  records of bundle attest
//	log.jsonl                                  one line for each event, only appended
//	cache/pairs/**.txt                         tests, intervals and errors of earlier builds
//
// A file RUN.json and its blob are a bundle of one run in two pieces (bundles.Part).
// [Verify] puts them together, and verifies the bundle. [Build] writes the leaderboard of
// what was verified.
package repository
