//go:build validators && train

package validators

import "testing"

// TestTRLReadsExports lets the libraries of TRL read the exports of training data: datasets
// all files; transformers the chat template, and what is trained.
func TestTRLReadsExports(t *testing.T) {
	readExports(t, "trl", "NERBENCH_TRAIN", ".ci/train")
}

// The readers of other trainers give the tokens of the prompts, and train the answers.

func TestLLaMAFactoryReadsExports(t *testing.T) {
	readExports(t, "llamafactory", "NERBENCH_TRAINERS", ".ci/trainers")
}

func TestAxolotlReadsExports(t *testing.T) {
	readExports(t, "axolotl", "NERBENCH_TRAINERS", ".ci/trainers")
}

func TestFastChatReadsExports(t *testing.T) {
	readExports(t, "fastchat", "NERBENCH_TRAINERS", ".ci/trainers")
}
