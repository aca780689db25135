//go:build unix

package servers

import (
	"cmp"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/filetest"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/runners/ollama/ollamatest"
)

// gemma is the file of a real base model, which .ci/gemma installs.
func gemma(t testing.TB) string {
	t.Helper()
	file := os.Getenv("NERBENCH_GEMMA")
	if file == "" {
		reference.Skip(t, "no gemma-3-270m: NERBENCH_GEMMA is not set (.ci/gemma installs it)")
	}
	return file
}

// asBase are flags that ask a base model: with demonstrations, and, for chats, as one
// text. Not all of its answers end by themselves.
var asBase = map[string][]string{
	"ye2023":       {"--family", "ye2023"},
	"json_by_type": {"--family", "json_by_type", "--set", "as=completion"},
	"gpt_ner":      {"--family", "gpt_ner", "--variant", "few"},
	"code":         {"--family", "code"},
}

// passages is the number of passages that are asked: about thirty queries of a family with
// a query for each type, and some more than a dozen of the others.
func passages(family string) int {
	if family == "json_by_type" || family == "gpt_ner" {
		return 6
	}
	return 12
}

// TestGemma asks a real base model, in the process and through Ollama. It was not
// trained on any of the prompts, so it goes on after its answers: they end at the stop
// string of the demonstrations. Both sides compute at once, each with one thread: threads
// that wait for each other are slow where other programs use the processors.
func TestGemma(t *testing.T) {
	file := gemma(t)
	server := ollamatest.Start(t)
	server.Create(t, "gemma", file) // with one thread
	w := newWorkplace(t, "NERBENCH_LLAMA_LIB="+llamaLibrary(t, "cpu"))
	t.Run("no chat template", func(t *testing.T) {
		code, _, complaints := w.run(t, "run", "-m", "gguf/"+file, "-d", "conllpp", "--family", "json_by_type", "--limit", "1", "-q")
		if code != 1 || !strings.Contains(complaints, "no chat template") || !strings.Contains(complaints, "--set as=completion") {
			t.Errorf("exit code %d\n%s", code, complaints)
		}
		if _, err := os.Stat(w.dir + "/results.db"); err == nil {
			t.Error("a run was stored")
		}
	})
	var inProcess, served map[string][]harness.AnswersLine
	t.Run("sides", func(t *testing.T) {
		t.Run("in the process", func(t *testing.T) {
			t.Parallel()
			inProcess = askBase(t, w, "gguf/"+file, "--threads", "1")
		})
		t.Run("Ollama", func(t *testing.T) {
			t.Parallel()
			// One after the other, since each slot of the server has a cache of its own.
			served = askBase(t, newWorkplace(t, "OLLAMA_HOST="+server.Host), "ollama/gemma", "--max-connections", "1")
		})
	})
	for name, answers := range served {
		same, all := equalAnswers(inProcess[name], answers)
		// The server splits empty lines into other tokens (docs/models.md), so few answers
		// of a model of this size are equal.
		t.Logf("%s: %d of %d answers are equal in the process and through Ollama", name, same, all)
	}
}

// askBase asks the model about the first passages of two datasets in all ways, and returns
// the answers.
func askBase(t *testing.T, w *workplace, model string, sending ...string) map[string][]harness.AnswersLine {
	answers := map[string][]harness.AnswersLine{}
	for _, dataset := range []string{"conllpp", "mit-restaurant"} {
		for family, flags := range asBase {
			if model == "ollama/gemma" && family == "gpt_ner" && dataset == "mit-restaurant" {
				continue // eight queries a passage: minutes of a server
			}
			name := dataset + " " + family
			t.Run(name, func(t *testing.T) {
				// The context is the same for all, so that the server loads the model once.
				q := question{model: model, dataset: dataset, limit: passages(family), flags: append([]string{"--set", "shots=3", "--set", "max_tokens=64", "--context", "4096", "--probe", "0"}, flags...)}
				r := w.ask(t, withFlags(q, sending...))
				if model != "ollama/gemma" {
					computed, distinct := number(t, r, "prompt_tokens_computed"), number(t, r, "prompt_tokens_distinct")
					if computed*10 > distinct*11 || computed == 0 {
						t.Errorf("%d prompt tokens computed, the different prefixes are %d", computed, distinct)
					}
				}
				checkBase(t, w, q, r)
				answers[name] = w.answers(t, r.Run)
			})
		}
	}
	return answers
}

func withFlags(q question, flags ...string) question {
	q.flags = append(append([]string{}, q.flags...), flags...)
	return q
}

func number(t *testing.T, r harness.Result, fact string) int {
	t.Helper()
	n, err := strconv.Atoi(r.Facts[fact])
	if err != nil {
		t.Errorf("fact %s: %v", fact, err)
	}
	return n
}

// TestGemmaTeaches: a real base model names the entities of the sample's passages, with
// demonstrations. Without them, it cannot read the prompt of a chat.
func TestGemmaTeaches(t *testing.T) {
	file := gemma(t)
	w := newWorkplace(t, "NERBENCH_LLAMA_LIB="+llamaLibrary(t, "cpu"))
	var corpus strings.Builder
	docs, err := (&harness.Bench{}).Documents(t.Context(), sampleDataset(t), loaders.Options{Split: ner.Test})
	if err != nil {
		t.Fatal(err)
	}
	for d, err := range docs {
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&corpus).Encode(map[string]string{"id": d.ID, "text": d.Text}); err != nil {
			t.Fatal(err)
		}
	}
	filetest.Write(t, w.dir, map[string]string{
		"sample.jsonl": corpus.String(),
		"shown.jsonl": `{"text": "Kestrel Labs will ship the phone in May .", "entities": [{"text": "Kestrel Labs", "type": "organization"}, {"text": "May", "type": "date"}]}
{"text": "Ada Lund returned to Oslo .", "entities": [{"text": "Ada Lund", "type": "person"}, {"text": "Oslo", "type": "location"}]}
`,
	})
	construct := []string{"distill", "construct", "sample.jsonl", "-m", "gguf/" + file, "--decontaminate", "off", "--limit", "6", "--threads", "2", "--set", "max_tokens=48", "-q", "--json", "--out", "made"}
	if code, _, complaints := w.run(t, construct...); code != 1 || !strings.Contains(complaints, "no chat template") || !strings.Contains(complaints, "--demonstration FILE") {
		t.Errorf("exit code %d\n%s", code, complaints)
	}
	construct = append(construct, "--demonstration", "shown.jsonl", "--unclosed", "keep")
	read := func() (made harness.Constructed) {
		if err := json.Unmarshal([]byte(w.printed(t, construct...)), &made); err != nil {
			t.Fatal(err)
		}
		return made
	}
	made := read()
	t.Logf("%d of %d passages kept, %d entities of %d types, dropped %v", made.Kept, made.Answered, made.Entities, made.Types, made.Dropped)
	if made.Asked != 6 || made.Answered != 6 || made.Entities == 0 {
		t.Errorf("constructed: %+v", made)
	}
	if again := read(); again.Asked != 0 || again.Entities != made.Entities {
		t.Errorf("again: %+v", again)
	}
}

// sampleDataset is a domain of the embedded sample.
func sampleDataset(t *testing.T) *datasets.Dataset {
	t.Helper()
	d, err := harness.SampleDataset("general")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// endless are the dataset and family for which the model writes lists that repeat their
// items without end. All that the program can do is to end them at the token limit.
var endless = map[string]bool{"mit-restaurant code": true}

// checkBase checks that a run of a base model is complete, that most of its answers can
// be read, and that none goes on into another demonstration.
func checkBase(t *testing.T, w *workplace, q question, r harness.Result) {
	t.Helper()
	failed, queries := harness.FailureShare(r.Outcomes)
	t.Logf("%s: F1 %.3f, outcomes %v, prompt tokens computed %s of %s", r.Model, *cmp.Or(r.Scores["span_f1"].F1, new(float64)), r.Outcomes, r.Facts["prompt_tokens_computed"], r.Facts["prompt_tokens"])
	switch {
	case r.Complete != q.limit || queries == 0:
		t.Errorf("%d of %d passages are complete, with %d queries", r.Complete, q.limit, queries)
	case endless[q.dataset+" "+q.flags[len(q.flags)-1]]:
		if truncated := r.Outcomes[ner.Truncated]; failed != truncated {
			t.Errorf("%d answers failed, but %d are at the token limit: %v", failed, truncated, r.Outcomes)
		}
	case failed*2 > queries:
		t.Errorf("%d of %d passages are complete, and %d of %d answers failed: %v", r.Complete, q.limit, failed, queries, r.Outcomes)
	}
	keys := w.printed(t, "runs", "show", r.Run, "--json")
	var shown struct{ Keys map[string]string }
	var stop []string
	if err := json.Unmarshal([]byte(keys), &shown); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(shown.Keys["stop"]), &stop); err != nil || len(stop) != 1 {
		t.Fatalf("key stop is %q: %v", shown.Keys["stop"], err)
	}
	for _, p := range w.answers(t, r.Run) {
		for _, a := range p.Answers {
			// Ollama leaves the stop string in an answer that reaches the token limit with it.
			if _, more, found := strings.Cut(a.Text, stop[0]); found && more != "" {
				t.Errorf("%s: answer goes on: %q", p.ID, a.Text)
			}
			if a.Finish != ner.FinishStop && a.Finish != ner.FinishLength && a.Finish != "" {
				t.Errorf("%s: finish %q", p.ID, a.Finish)
			}
		}
	}
}

// equalAnswers is the number of equal answers of two runs, and of all.
func equalAnswers(a, b []harness.AnswersLine) (same, all int) {
	for i := range min(len(a), len(b)) {
		for k := range min(len(a[i].Answers), len(b[i].Answers)) {
			all++
			if strings.TrimSpace(a[i].Answers[k].Text) == strings.TrimSpace(b[i].Answers[k].Text) {
				same++
			}
		}
	}
	return same, all
}
