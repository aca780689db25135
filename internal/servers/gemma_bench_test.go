//go:build unix

package servers

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"nerbench/runners/ollama/ollamatest"
)

// BenchmarkGemma compares the processor time of a query in the process and through
// Ollama, with the prefix cache of the server and several numbers of queries at once.
// Prompts are equal, with three demonstrations; the token limit makes the answers
// equally long. The cost of the start (a run of one passage) is subtracted from both
// sides. Each side computes with one thread, so that no thread waits for another; then
// the ratio of processor times is that of the queries a second.
func BenchmarkGemma(b *testing.B) {
	file := gemma(b)
	const passages = 61
	ask := func(w *workplace, model string, limit int, flags ...string) time.Duration {
		store := filepath.Join(b.TempDir(), "results.db")
		args := append([]string{
			"run", "-m", model, "-d", "conllpp", "--family", "ye2023", "--set", "shots=3", "--set", "max_tokens=12",
			"--limit", fmt.Sprint(limit), "--probe", "0", "--ask-only", "-q", "--store", store,
		}, flags...)
		cmd := w.command(args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", args, err, out)
		}
		return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	per := func(whole, start time.Duration) float64 {
		return float64(whole-start) / float64(passages-1) / float64(time.Millisecond)
	}
	w := newWorkplace(b, "NERBENCH_LLAMA_LIB="+llamaLibrary(b, "cpu"))
	ours := func() float64 {
		flags := []string{"--threads", "1"}
		return per(ask(w, "gguf/"+file, passages, flags...), ask(w, "gguf/"+file, 1, flags...))
	}
	for _, parallel := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("OLLAMA_NUM_PARALLEL=%d", parallel), func(b *testing.B) {
			before := ours()
			server := ollamatest.Start(b, fmt.Sprintf("OLLAMA_NUM_PARALLEL=%d", parallel))
			server.Create(b, "gemma", file)
			w := w.with("OLLAMA_HOST=" + server.Host)
			served := func(limit int) time.Duration {
				from := server.Processor(b)
				client := ask(w, "ollama/gemma", limit, "--max-connections", fmt.Sprint(parallel))
				return client + server.Processor(b) - from
			}
			served(1) // loads the model
			theirs := per(served(passages), served(1))
			b.ReportMetric(before, "ms/query")
			b.ReportMetric(theirs, "ollama-ms/query")
			b.ReportMetric(theirs/before, "processor-ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
