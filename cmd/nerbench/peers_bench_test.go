//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nerbench/internal/reference"
)

// usage is what a whole process took.
type usage struct {
	seconds   float64
	mebibytes float64
	output    string
}

// processes runs two processes by turns, several times each, and keeps the
// quickest of each: what else the machine does hits both.
func processes(b *testing.B, times int, ours, theirs func() *exec.Cmd) (us, them usage) {
	b.Helper()
	us.seconds, them.seconds = math.Inf(1), math.Inf(1)
	for range times {
		for _, p := range []struct {
			command func() *exec.Cmd
			best    *usage
		}{{ours, &us}, {theirs, &them}} {
			cmd := p.command()
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			start := time.Now()
			if err := cmd.Run(); err != nil {
				b.Fatalf("%s: %v\n%s", cmd, err, stderr.String())
			}
			if took := time.Since(start).Seconds(); took < p.best.seconds {
				p.best.seconds = took
			}
			p.best.output = stdout.String()
			if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
				p.best.mebibytes = float64(r.Maxrss) / 1024
			}
		}
	}
	return us, them
}

// peerPython is the interpreter that make peers installs: PEERS, or .cache/peers.
func peerPython(b *testing.B) string {
	b.Helper()
	dir := os.Getenv("PEERS")
	if dir == "" {
		dir = "../../.cache/peers"
	}
	python, err := filepath.Abs(filepath.Join(dir, "bin", "python"))
	if err == nil {
		_, err = os.Stat(python)
	}
	if err != nil {
		reference.Skip(b, "the evaluators of others are absent: make peers")
	}
	return python
}

// BenchmarkPeers scores the large files of the reference by whole processes, and
// by those of others beside them.
func BenchmarkPeers(b *testing.B) {
	python := peerPython(b)
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if out, err := exec.Command(python, reference.Path(b, "vectors", "bench", "gen_bench.py"), dir).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, bench := range []struct {
		name, script, file, metric string
		times                      int
		args                       []string
	}{
		{"seqeval", "seqeval_strict.py", "tags.conll", "span_f1", 3, []string{"--scheme", "iob2", "--tags"}},
		{"nervaluate", "nervaluate_all.py", "tags.conll", "span_f1", 1, []string{"--scheme", "iob2", "--tags"}},
		{"pairs in Python", "official_pairs.py", "uniner_pairs.jsonl", "uniner_f1", 3, []string{"--pairs"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			file := filepath.Join(dir, bench.file)
			var us, them usage
			for b.Loop() {
				us, them = processes(b, bench.times, func() *exec.Cmd {
					cmd := exec.Command(program, append(append([]string{"eval", "--json"}, bench.args...), file)...)
					cmd.Env = append(os.Environ(), childVariable+"=1")
					return cmd
				}, func() *exec.Cmd { return exec.Command(python, filepath.Join("testdata", "peers", bench.script), file) })
			}
			sameF1(b, us.output, them.output, bench.metric)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(us.seconds, "s-ours")
			b.ReportMetric(them.seconds, "s-theirs")
			b.ReportMetric(them.seconds/us.seconds, "times-faster")
			b.ReportMetric(us.mebibytes, "MiB-ours")
			b.ReportMetric(them.mebibytes, "MiB-theirs")
		})
	}
}

// sameF1 demands that both counted the same.
func sameF1(b *testing.B, ours, theirs, metric string) {
	b.Helper()
	var out evalOutput
	if err := json.Unmarshal([]byte(ours), &out); err != nil {
		b.Fatal(err)
	}
	lines := strings.Fields(theirs)
	f1, err := strconv.ParseFloat(lines[len(lines)-1], 64)
	if err != nil || math.Abs(f1-*out.Metrics[metric].F1) > 1e-9 {
		b.Errorf("F1 is %v here and %s there", *out.Metrics[metric].F1, theirs)
	}
}

// BenchmarkFilters scores the large files of the reference by whole processes in
// other ways, without anything beside them.
func BenchmarkFilters(b *testing.B) {
	python, err := exec.LookPath("python3")
	if err != nil {
		reference.Skip(b, "python3, which makes the large files, is absent")
	}
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if out, err := exec.Command(python, reference.Path(b, "vectors", "bench", "gen_bench.py"), dir).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, bench := range []struct {
		name, file string
		args       []string
	}{
		{"every metric of tags", "tags.conll", []string{"--metric", "all", "--taxonomy", "--tags"}},
		{"intervals of tags", "tags.conll", []string{"--ci", "10000", "--by", "none", "--tags"}},
		{"every metric of pairs", "uniner_pairs.jsonl", []string{"--metric", "all", "--pairs"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command(program, append(append([]string{"eval", "--json"}, bench.args...), filepath.Join(dir, bench.file))...)
				cmd.Env = append(os.Environ(), childVariable+"=1")
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
				b.ReportMetric(float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024, "MiB")
			}
		})
	}
}
