// Package validators has tests only: they write runs in the formats of other programs,
// and let these programs read and check the files; and they check the files of
// examples/kubernetes by the schemas of Kubernetes. The tests have the build tag
// "validators" and need the Python that .ci/validators installs:
//
//	NERBENCH_VALIDATORS=$(.ci/validators) go test -tags validators ./internal/validators
//
// The test of training data for GLiNER needs the Python of .ci/adapters (NERBENCH_ADAPTERS).
// Those for TRL, LLaMA-Factory, Axolotl and FastChat have the tag "train", too, and need the
// Pythons of .ci/train (NERBENCH_TRAIN) and .ci/trainers (NERBENCH_TRAINERS).
package validators
