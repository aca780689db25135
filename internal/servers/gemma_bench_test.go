//go:build unix

package servers

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"nerbench/runners/ollama/ollamatest"
)

// cost is what a run takes: processor time, and time on the clock.
type cost struct{ processor, elapsed time.Duration }

func (c cost) plus(other cost) cost {
	return cost{c.processor + other.processor, c.elapsed + other.elapsed}
}

// per is the cost of each of some queries, without that of the start.
func (c cost) per(start cost, queries int) (processor, elapsed float64) {
	each := func(whole, start time.Duration) float64 {
		return float64(whole-start) / float64(queries) / float64(time.Millisecond)
	}
	return each(c.processor, start.processor), each(c.elapsed, start.elapsed)
}

// BenchmarkGemma compares queries in the process and through Ollama, with the prefix cache
// of the server and several numbers of queries at once. Prompts are equal, with three
// demonstrations; the token limit makes the answers equally long. The cost of the start (a
// run of one passage) is subtracted from both sides, which alternate. With one thread, the
// ratio of processor times is that of the queries a second; with two threads the ratio of
// the elapsed times is, if the machine has two idle processors.
func BenchmarkGemma(b *testing.B) {
	file := gemma(b)
	for _, threads := range []int{1, 2} {
		for _, queries := range []int{20, 60, 200} {
			for _, parallel := range []int{1, 4, 16} {
				b.Run(fmt.Sprintf("threads=%d/queries=%d/OLLAMA_NUM_PARALLEL=%d", threads, queries, parallel), func(b *testing.B) {
					benchGemma(b, file, threads, queries, parallel)
				})
			}
		}
	}
}

func benchGemma(b *testing.B, file string, threads, queries, parallel int) {
	server := ollamatest.Start(b, fmt.Sprintf("OLLAMA_NUM_PARALLEL=%d", parallel))
	server.CreateFor(b, "gemma", file, threads)
	w := newWorkplace(b, "NERBENCH_LLAMA_LIB="+llamaLibrary(b, "cpu"), "OLLAMA_HOST="+server.Host)
	ours := func(limit int) cost { return askForCost(b, w, "gguf/"+file, limit, "--threads", fmt.Sprint(threads)) }
	served := func(limit int) cost {
		from := server.Processor(b)
		c := askForCost(b, w, "ollama/gemma", limit, "--max-connections", fmt.Sprint(parallel))
		c.processor += server.Processor(b) - from
		return c
	}
	served(1) // loads the model
	ownStart, ownWhole := ours(1), ours(queries+1)
	itsStart, itsWhole := served(1), served(queries+1)
	ownStart, ownWhole = ownStart.plus(ours(1)), ownWhole.plus(ours(queries+1))

	ownProcessor, ownElapsed := ownWhole.per(ownStart, 2*queries)
	itsProcessor, itsElapsed := itsWhole.per(itsStart, queries)
	b.ReportMetric(ownProcessor, "processor-ms/query")
	b.ReportMetric(itsProcessor, "ollama-processor-ms/query")
	b.ReportMetric(itsProcessor/ownProcessor, "processor-ratio")
	b.ReportMetric(ownElapsed, "elapsed-ms/query")
	b.ReportMetric(itsElapsed, "ollama-elapsed-ms/query")
	b.ReportMetric(itsElapsed/ownElapsed, "elapsed-ratio")
	b.ReportMetric(0, "ns/op")
}

// askForCost asks a model in a store of its own. The processor time is that of the program.
func askForCost(b *testing.B, w *workplace, model string, limit int, flags ...string) cost {
	args := append([]string{
		"run", "-m", model, "-d", "conllpp", "--family", "ye2023", "--set", "shots=3", "--set", "max_tokens=12",
		"--limit", fmt.Sprint(limit), "--probe", "0", "--ask-only", "-q", "--store", filepath.Join(b.TempDir(), "results.db"),
	}, flags...)
	cmd := w.command(args...)
	begin := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v\n%s", args, err, out)
	}
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(begin)}
}
