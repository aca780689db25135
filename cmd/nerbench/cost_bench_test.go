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
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nerbench/internal/reference"
	"nerbench/results"
)

// BenchmarkCost compares the processor time of a run with that of a bare client, which
// sends bodies of the same sizes over as many connections, and parses the replies. Both
// are processes of their own; the server, which answers at once, is in this one. Budget:
// ratio 2. The run loads and surveys the data, renders the prompts, stores every answer
// durably, reads the answers back, and scores them.
func BenchmarkCost(b *testing.B) {
	w := newWorkplace(b, 1, 0)
	server := newCostServer(b, w)
	datasets, env := costDatasets(b, w)
	args := []string{"run", "-m", "ollama/tiny", "--max-connections", strconv.Itoa(costConnections)}
	for _, dataset := range datasets {
		args = append(args, "-d", dataset)
	}
	var ours, bare time.Duration
	var peak int64 // KiB
	queries, n := 0, 0
	for b.Loop() {
		n++
		store := fmt.Sprintf("%d.db", n)
		server.sizes = server.sizes[:0]
		run := w.program(append(args, "--store", store)...)
		run.Env = append(run.Env, env...)
		run.Env = append(run.Env, "OLLAMA_HOST="+server.URL)
		ours += processorTime(b, run)
		peak = max(peak, run.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
		checkStore(b, filepath.Join(w.dir, store))
		queries += len(server.sizes)
		bare += processorTime(b, bareClient(b, server))
	}
	perQuery := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(queries) / 1e3 }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(queries)/float64(n), "queries")
	b.ReportMetric(perQuery(ours), "µs/query")
	b.ReportMetric(perQuery(bare), "bare-µs/query")
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
	b.ReportMetric(ours.Seconds()/bare.Seconds(), "ratio")
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
