//go:build validators && train

package validators

import "testing"

// TestTRLReadsExports lets the libraries of TRL read the exports of training data: datasets
// all files; transformers the chat template, and what is trained.
func TestTRLReadsExports(t *testing.T) {
	readExports(t, "trl", "NERBENCH_TRAIN", ".ci/train")
}
