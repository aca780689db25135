package repository

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/internal/filetest"
	"nerbench/internal/processor"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/runners/vllm/vllmtest"
	"nerbench/submissions"
)

// The size of the repository of BenchmarkBuild: 200,900 answers.
const (
	benchModels   = 50
	benchDatasets = 49
	benchPassages = 82
)

// BenchmarkBuild builds the leaderboard of a repository of 50 models on 49 datasets, with
// 200,900 answers: first without cache/pairs, then with it. NERBENCH_BOARD is a folder in
// which the repository (board), its data and its datasets stay, and are used again by the
// next run, so that the program itself can be measured: nerbench board build --board
// board --data data --datasets datasets. Budgets: 20 s and 300 MB for the second.
func BenchmarkBuild(b *testing.B) {
	dir := cmp.Or(os.Getenv("NERBENCH_BOARD"), b.TempDir())
	bench := &harness.Bench{Data: filepath.Join(dir, "data"), Datasets: filepath.Join(dir, "datasets"), Store: filepath.Join(dir, "results.db")}
	board := filepath.Join(dir, "board")
	if _, err := os.Stat(board); err != nil {
		largeBoard(b, bench, dir, board)
	}
	for _, name := range []string{"Computed", "Cached"} {
		b.Run(name, func(b *testing.B) {
			if name == "Computed" {
				if err := os.RemoveAll(filepath.Join(board, "cache")); err != nil {
					b.Fatal(err)
				}
			}
			began := processor.Time()
			for b.Loop() {
				request := BuildRequest{Dir: board, Out: filepath.Join(dir, "site"), Site: harness.SiteRequest{BoardRequest: harness.BoardRequest{Resamples: 10_000, Version: "test"}}}
				if built, err := Build(b.Context(), bench, request); err != nil || built.Runs == 0 || built.Runs%benchDatasets != 0 {
					b.Fatalf("%+v, %v", built, err)
				}
			}
			b.ReportMetric((processor.Time()-began).Seconds()/float64(b.N), "processor-s/op")
		})
	}
}

// largeBoard writes the repository. A model finds the more keepers the higher its number.
func largeBoard(b *testing.B, bench *harness.Bench, dir, board string) {
	b.Helper()
	if err := Init(board); err != nil {
		b.Fatal(err)
	}
	files, ids := map[string]string{}, []string{}
	for d := range benchDatasets {
		id := fmt.Sprintf("zoo%02d", d)
		var text strings.Builder
		for i := range benchPassages {
			fmt.Fprintf(&text, "Mira%d B-PER\n", i)
			for range 20 {
				text.WriteString("feeds O\n")
			}
			fmt.Fprintf(&text, "Novak%d B-PER\n. O\n\n", i)
		}
		files["datasets/"+id+".toml"], files["data/"+id+"/test.txt"] = filetest.Dataset{ID: id, Labels: [][2]string{{"PER", "keeper"}}, Splits: []string{"test"}}.Columns(), text.String()
		ids = append(ids, id)
	}
	files["board/board.toml"] = fmt.Sprintf(`title = "Zoos"
metrics = ["span_f1", "uniner_f1", "uniner_f1_lenient"]
suites = ["zoos"]
family = "uniner"

[[suite]]
name = "zoos"
title = "Zoos"
datasets = ["%s"]

[[track]]
name = "standard"
title = "test split"

[track.keys]
split = ["test"]
`, strings.Join(ids, `", "`))
	filetest.Write(b, dir, files)
	datasets, err := bench.AskedDatasets(ids, "")
	if err != nil {
		b.Fatal(err)
	}
	for m := range benchModels {
		name := fmt.Sprintf("m%02d", m)
		draw := stats.NewStream(uint64(m), 1)
		server := vllmtest.New(b, func(f *vllmtest.Fake) {
			f.Model, f.Root = name, "/models/"+name
			f.Answer = func(prompt string) string {
				_, text, _ := strings.Cut(prompt, "Mira")
				number, _, _ := strings.Cut(text, " ")
				var found []string
				for _, word := range []string{"Mira", "Novak"} {
					if draw.Index(100) < 30+m {
						found = append(found, `"`+word+number+`"`)
					}
				}
				return "[" + strings.Join(found, ", ") + "]"
			}
		})
		summary, err := bench.Run(b.Context(), harness.Request{Plan: ner.Plan{Model: "vllm/" + name}, Datasets: datasets, Servers: []string{server.URL}, Connections: 1})
		if err != nil {
			b.Fatal(err)
		}
		server.Close()
		r := submissions.Request{Key: key(b, 1), Out: filepath.Join(b.TempDir(), "x.nbz")}
		for _, run := range summary.Runs {
			r.Runs = append(r.Runs, run.Run)
		}
		made, err := submissions.Create(b.Context(), bench, r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Add(b.Context(), AddRequest{Dir: board, File: made.File, User: "mira", Key: key(b, 1)}); err != nil {
			b.Fatal(err)
		}
	}
}
