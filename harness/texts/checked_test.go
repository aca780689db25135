package texts

import "testing"

func TestRunsIn(t *testing.T) {
	for server, want := range map[string]string{
		"vllm 0.32.0": "server vllm 0.32.0", "exec capitals 1": "program capitals 1", "in-process": "in the process", "llama.cpp b1": "in the process, llama.cpp b1",
	} {
		if got := runsIn(server); got != want {
			t.Errorf("%s: %s, want %s", server, got, want)
		}
	}
}
