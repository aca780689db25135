// Package validators has tests only: they write runs in the formats of other programs,
// and let these programs read and check the files; and they check the files of
// examples/kubernetes by the schemas of Kubernetes. The tests have the build tag
// "validators" and need the Python that .ci/validators installs:
//
//	NERBENCH_VALIDATORS=$(.ci/validators) go test -tags validators ./internal/validators
//
// The test of training data needs the Python of .ci/adapters (NERBENCH_ADAPTERS) for GLiNER,
// and that of .ci/train (NERBENCH_TRAIN) for datasets and transformers.
package validators
