//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/internal/reference"
	"nerbench/results"
)

// costRounds is the number of runs of BenchmarkCost, each with its bare client.
const costRounds = 5

// BenchmarkCost compares the processor time of a run with that of a bare client, which
// sends bodies of the same sizes over as many connections, and parses the replies. Both
// are processes of their own, and alternate; the server, which answers at once, is in this
// one. Budget: ratio 2, the median of the rounds. The run loads and surveys the data,
// renders the prompts, stores every answer durably, reads the answers back, and scores them.
func BenchmarkCost(b *testing.B) {
	w := newWorkplace(b, 1, 0)
	server := newCostServer(b, w)
	datasets, env := costDatasets(b, w)
	env = append(env, "OLLAMA_HOST="+server.URL, peakVariable+"="+filepath.Join(w.dir, "peak"))
	args := []string{"run", "-m", "ollama/tiny", "--max-connections", strconv.Itoa(costConnections)}
	for _, dataset := range datasets {
		args = append(args, "-d", dataset)
	}
	var ours, bare, ratios, peaks, queries []float64
	for b.Loop() {
		for range costRounds {
			store := fmt.Sprintf("%d.db", len(ours))
			server.sizes = server.sizes[:0]
			run := w.program(append(args, "--store", store)...)
			run.Env = append(run.Env, env...)
			spent := processorTime(b, run)
			checkStore(b, filepath.Join(w.dir, store))
			peaks = append(peaks, readPeak(b, filepath.Join(w.dir, "peak")))
			n := float64(len(server.sizes))
			bareSpent := processorTime(b, bareClient(b, server))
			queries = append(queries, n)
			ours, bare = append(ours, spent.Seconds()/n*1e6), append(bare, bareSpent.Seconds()/n*1e6)
			ratios = append(ratios, spent.Seconds()/bareSpent.Seconds())
		}
	}
	median := func(values []float64) float64 { return slices.Sorted(slices.Values(values))[len(values)/2] }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(queries), "queries")
	b.ReportMetric(median(ours), "µs/query")
	b.ReportMetric(median(bare), "bare-µs/query")
	b.ReportMetric(slices.Max(peaks), "peak-MiB")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(slices.Min(ratios), "ratio-least")
	b.ReportMetric(slices.Max(ratios), "ratio-most")
}

// readPeak reads what a process wrote as [peakVariable] demands, in MiB.
func readPeak(b *testing.B, file string) float64 {
	b.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	peak, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		b.Fatal(err)
	}
	return peak / (1 << 20)
}

// costDatasets returns datasets with many short passages: real ones if the reference
// material is there, else invented ones of the same shape. env is the environment of the
// process that reads them.
func costDatasets(b *testing.B, w *workplace) (datasets, env []string) {
	if reference.Root() != "" {
		return []string{"conllpp", "mit-restaurant", "wikiann-en"}, []string{"NERBENCH_DATA=" + reference.Path(b, "data")}
	}
	random := rand.New(rand.NewPCG(1, 2))
	var passages strings.Builder
	for i := range 12_000 {
		for range 1 + random.IntN(4) {
			fmt.Fprintf(&passages, "Mira%d\tB-PER\nmoved\tO\nfrom\tO\nPort\tB-LOC\nVarna\tI-LOC\nto\tO\nTessel\tB-LOC\n", i)
		}
		passages.WriteString(".\tO\n\n")
	}
	w.write("data/mini/test.tsv", passages.String())
	return []string{"mini"}, nil
}

// processorTime runs a process to its end and returns its processor time.
func processorTime(b *testing.B, cmd *exec.Cmd) time.Duration {
	b.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// checkStore demands that all runs of a store are complete and scored.
func checkStore(b *testing.B, path string) {
	b.Helper()
	store, err := results.OpenReadOnly(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	runs, err := store.Runs(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range runs {
		if r.Complete < r.Passages || r.Scores.Passages < r.Passages {
			b.Fatalf("run %s: %d of %d passages are complete, %d are scored", r.ID, r.Complete, r.Passages, r.Scores.Passages)
		}
	}
}

// costServer answers queries at once with the first word of their text, and records the
// sizes of their bodies. Other requests are answered by the fake server.
type costServer struct {
	*httptest.Server
	mu    sync.Mutex
	sizes []int
}

func newCostServer(b *testing.B, w *workplace) *costServer {
	s := &costServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/generate" {
			w.fake.Config.Handler.ServeHTTP(rw, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.sizes = append(s.sizes, len(body))
		s.mu.Unlock()
		_, text, _ := strings.Cut(string(body), "Text: ")
		word, _, _ := strings.Cut(text, " ")
		if strings.Contains(word, `\`) {
			word = ""
		}
		rw.Header()["Content-Type"] = []string{"application/json"}
		fmt.Fprintf(rw, `{"model":"tiny","response":" [\"%s\"]","done":true,"done_reason":"stop","prompt_eval_count":%d,"eval_count":8}`, word, len(body)/4)
	}))
	b.Cleanup(s.Close)
	return s
}

func bareClient(b *testing.B, server *costServer) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	sizes, err := json.Marshal(server.sizes)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), bareVariable+"="+server.URL)
	cmd.Stdin = bytes.NewReader(sizes)
	return cmd
}
