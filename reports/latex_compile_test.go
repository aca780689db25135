package reports

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/latextest"
)

// latexOptions are the options with which tables are compiled.
var latexOptions = []struct {
	name string
	o    Latex
}{
	{"plain", Latex{}},
	{"siunitx", Latex{Siunitx: true}},
	{"float", Latex{Float: true, Label: "numbers"}},
}

// many are results of many systems on many datasets, with names of lengths that occur.
func many(systems, datasets int) ([]Result, []DatasetInfo) {
	names := []string{"ollama/llama3.1:8b-instruct-q4_K_M", "gguf/UniNER-7B-all.Q4_K_M.gguf", "vllm/Universal-NER/UniNER-7B-all", "tagger", "onnx/gliner_large-v2.1", "ollama/qwen2.5:72b"}
	var results []Result
	var benchmark []DatasetInfo
	for d := range datasets {
		info := DatasetInfo{ID: fmt.Sprintf("crossner-literature-%d", d), Title: "CrossNER Literature", Domain: []string{"science", "law", "social-media", "transportation"}[d%4]}
		benchmark = append(benchmark, info)
		for s := range systems {
			r := result(fmt.Sprintf("%s-%d", names[s%len(names)], s), info.ID, 100+7*d+11*s, 1200, 1300)
			r.CI = map[string][2]float64{SpanF1: {0.0412, 0.4498}}
			if (d+s)%5 == 0 {
				r.Complete, r.State = 60, "partial"
			}
			results = append(results, r)
		}
	}
	return results, benchmark
}

// TestLatexCompiles compiles tables of all sizes in one and in two columns.
func TestLatexCompiles(t *testing.T) {
	var sources []latextest.Source
	for _, option := range latexOptions {
		add := func(name string, table *Table) {
			table.Latex = option.o
			sources = append(sources, latextest.Source{Name: option.name + ": " + name, Text: written(t, table, "latex"), Float: option.o.Float})
		}
		add("dataset by model", build(t, mixed(), Spec{Benchmark: benchmark(), Metrics: []string{SpanF1, UninerF1}}))
		add("model by domain", build(t, mixed(), Spec{Rows: KeyModel, Cols: KeyDomain, Benchmark: benchmark()}))
		for _, size := range [][2]int{{1, 49}, {6, 49}, {20, 7}} {
			systems, datasets := size[0], size[1]
			if option.o.Siunitx && systems != 6 {
				continue // slow to compile, and the same columns
			}
			results, infos := many(systems, datasets)
			name := fmt.Sprintf("%d systems on %d datasets", systems, datasets)
			add(name, build(t, results, Spec{Benchmark: infos}))
			if option.o.Siunitx {
				continue
			}
			add(name+" as columns", build(t, results, Spec{Rows: KeyModel, Cols: KeyDataset, Benchmark: infos}))
		}
		var named []Result
		for _, name := range append(slices.Clone(hostile), "中文 Ελλ “é” ŁŐŘğ ąđ §µ°", `[x]`, "*", "a--b `x`", `\input{x}`, "100% #1 $x$ ^~", strings.Repeat("0123456789abcdef", 8)) {
			named = append(named, result(name, name, 1, 2, 2))
		}
		add("hostile names", build(t, named, Spec{}))
	}
	latextest.Compile(t, sources)
}

// TestLatexGridsCompile compiles grids with texts, long notes and no lines.
func TestLatexGridsCompile(t *testing.T) {
	long := "signature: nerbench|metric:span_f1|family:uniner|variant:by_type|sha256:" + strings.Repeat("0123456789abcdef", 4) + "|path:/home/user/data/a/long/path/to/a/file.jsonl"
	grids := map[string]Grid{
		"text": {Title: "a_title", Header: []string{"asked as", "text of the answer", "F1"}, Labels: 1, Notes: []string{long, "(a) a mark", "(z) no mark"},
			Body: [][]string{{"[city]", strings.Repeat("person, organization, location, ", 6), "53.1 (a)"}, {"*", `["Los Angeles"]`, "+2.0"}, {"", "", "−13.3"}}},
		"empty":     {Title: "empty", Header: []string{"a"}, Notes: []string{long}},
		"published": {Title: "published", Header: []string{"a", "b"}, Body: [][]string{{"x", "50.0"}, {"y", "–"}}, Published: []bool{true, false}, Bold: [][]bool{{false, true}}},
	}
	var notes []string
	for i := range 70 {
		notes = append(notes, fmt.Sprintf("dataset-%d: %s", i, "needs an agreement, and the files of the original release"))
	}
	grids["many notes"] = Grid{Title: "many notes", Header: []string{"a", "b"}, Body: [][]string{{"x", "50.0"}}, Notes: notes}
	var sources []latextest.Source
	for _, option := range latexOptions {
		for _, name := range sortedKeys(grids) {
			var b strings.Builder
			if err := WriteLatex(&b, option.o, grids[name]); err != nil {
				t.Fatal(err)
			}
			source := latextest.Source{Name: option.name + ": " + name, Text: b.String(), Float: option.o.Float}
			if name == "many notes" {
				source.Float = true // too long for a float
			}
			sources = append(sources, source)
		}
	}
	latextest.Compile(t, sources)
}
