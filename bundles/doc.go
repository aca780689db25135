// Package bundles reads and writes bundles: files NAME.nbz with the answers of one model
// on one or more datasets, so that others can compute its scores again.
//
// A bundle is a zip with these members, in this order and not compressed by the zip:
//
//	manifest.json              [Manifest]
//	answers/DATASET.jsonl.zst  one [Passage] a line, compressed by Zstandard
//	SHA256SUMS                 checksums of the members above, as sha256sum writes them
//	SHA256SUMS.sig             SSH signature of SHA256SUMS; absent if it is not signed
//
// The same content gives the same bytes. A reader demands exactly these bytes: it writes
// the zip, the manifest and each line again, and compares. So a bundle has no place for
// anything that its checksums do not cover, and every changed byte is an error.
//
// A bundle comes from others and is not trusted. Reading it has limits ([MaxUnpacked] and
// others), and no name of it becomes the name of a file. The texts of the passages are
// never part of a bundle. Package submissions makes bundles from a store, and verifies
// them with the data.
package bundles
