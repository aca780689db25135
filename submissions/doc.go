// Package submissions makes bundles (package bundles) of the runs of a store, and checks
// the bundles of others.
//
//   - [Create] writes the runs of one model as a bundle, without the texts of their
//     passages, without addresses of servers and without paths.
//   - [Verify] computes the scores of a bundle again from its answers. It needs the data,
//     and no model.
//   - [Audit] compares a bundle with others, and looks for answers that were copied from
//     them or from the gold.
//   - [Check] verifies a bundle with its signer and its attestations, and audits it.
//   - [Attest] asks a model some passages of a bundle again, and records how many answers
//     are equal.
package submissions
