package harness

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"nerbench/distill"
	"nerbench/internal/processor"
	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/results"
)

// inventedCorpus has n texts of about 200 words, and what a teacher could say of each.
func inventedCorpus(b *testing.B, n int) (file string, answers []string) {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `{"id": "d%d", "text": "`, i)
		var list []string
		for k := range 200 {
			if k%25 == 0 {
				name := fmt.Sprintf("Name%d", random.IntN(9000))
				list = append(list, fmt.Sprintf("(%q, \"type %d\")", name, random.IntN(3000)))
				text.WriteString(name + " ")
			}
			fmt.Fprintf(&text, "word%d ", random.IntN(5000))
		}
		text.WriteString(".\"}\n")
		answers = append(answers, "["+strings.Join(list, ", ")+"]")
	}
	file = filepath.Join(b.TempDir(), "corpus.jsonl")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	return file, answers
}

// BenchmarkConstructDone continues a folder of 50,000 passages that is finished: settings
// and files are compared. Before, it measures how the passages are chosen, and how their
// answers are read and filtered, and the files written.
func BenchmarkConstructDone(b *testing.B) {
	const n = 50_000
	file, answers := inventedCorpus(b, n)
	bench := &Bench{}
	request := ConstructRequest{
		Paths: []string{file}, Dir: filepath.Join(b.TempDir(), "made"), Sample: n, Chunk: 256, Tokens: "words", Decontaminate: "off",
		Ask: Request{Plan: ner.Plan{Model: "ollama/tiny"}},
	}
	c, err := bench.newConstruction(request)
	if err != nil {
		b.Fatal(err)
	}
	began := processor.Time()
	if err := c.sample(b.Context()); err != nil {
		b.Fatal(err)
	}
	sampled := processor.Time() - began
	run := ner.Run{Keys: mergeKeys(c.keys(), map[string]string{"model": "ollama/tiny"})}
	c.corpus.Teacher = distill.Teacher{Model: "ollama/tiny", Variant: "type", Run: run.ID(), Keys: run.Keys}
	if err := c.corpus.Write(c.Dir); err != nil {
		b.Fatal(err)
	}
	store, err := results.Open(b.Context(), c.answersPath(), results.Create)
	if err != nil {
		b.Fatal(err)
	}
	var complete []ner.Passage
	for i := range c.passages {
		q := c.query(document(&c.passages[i]))
		var number int
		if _, err := fmt.Sscanf(c.passages[i].ID, "d%d/", &number); err != nil {
			b.Fatal(err)
		}
		complete = append(complete, ner.Passage{Index: i, Document: c.passages[i].ID, Answers: []ner.Answer{{
			Key: ner.NewAnswerKey("x", "y", &q.Prompt), Completion: ner.Completion{Text: answers[number], Finish: ner.FinishStop},
		}}})
	}
	if err := store.Import(b.Context(), run, len(c.passages), nil, complete); err != nil {
		b.Fatal(err)
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	began = processor.Time() - sampled
	if _, err := bench.Construct(b.Context(), request); err != nil { // filters
		b.Fatal(err)
	}
	filtered := processor.Time() - began - sampled
	before := processor.Time()
	for b.Loop() {
		out, err := bench.Construct(b.Context(), request)
		if err != nil || out.Asked != 0 || out.Answered != n || out.Entities < 7*n {
			b.Fatalf("%+v, %v", out, err)
		}
	}
	b.ReportMetric((processor.Time()-before).Seconds()/float64(b.N), "processor-s/op")
	b.ReportMetric(sampled.Seconds(), "processor-s/sample")
	b.ReportMetric(filtered.Seconds(), "processor-s/filter")
}

// BenchmarkTestSets reads the test sets of all datasets that are there.
func BenchmarkTestSets(b *testing.B) {
	bench := &Bench{Data: reference.Path(b, "data")}
	before := processor.Time()
	for b.Loop() {
		set, tests, err := bench.testSets(b.Context(), "full49")
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(set.Len()), "sequences")
		b.ReportMetric(float64(len(tests)), "datasets")
	}
	b.ReportMetric((processor.Time()-before).Seconds()/float64(b.N), "processor-s/op")
}

// TestTestSetsMemory: the sequences of all test sets that are there take at most 75 MiB.
func TestTestSetsMemory(t *testing.T) {
	bench := &Bench{Data: reference.Path(t, "data")}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	set, _, err := bench.testSets(t.Context(), "full49")
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	if t.Logf("%d sequences hold %d MiB", set.Len(), held); held > 75 {
		t.Errorf("%d sequences hold %d MiB, want at most 75", set.Len(), held)
	}
	runtime.KeepAlive(set)
}
