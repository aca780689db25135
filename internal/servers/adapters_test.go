//go:build unix

package servers

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/internal/filetest"
	"nerbench/internal/reference"
	"nerbench/ner"
)

var adapters = []string{"flair", "gliner", "spacy", "transformers"}

func adapterFile(t *testing.T, elem ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"..", "..", "examples", "adapters"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAdapterFiles holds each adapter to 60 lines, its packages to the versions that
// .ci/adapters installs, and its label map to JSON.
func TestAdapterFiles(t *testing.T) {
	installed, err := os.ReadFile(filepath.Join("..", "..", ".ci", "adapters-requirements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range adapters {
		program, err := os.ReadFile(adapterFile(t, name, "adapter.py"))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(program), "\n"); n > 60 {
			t.Errorf("%s has %d lines, want at most 60", name, n)
		}
		line := regexp.MustCompile(`(?m)^# dependencies = (\[.+\])$`).FindStringSubmatch(string(program))
		var pins []string
		if line == nil || json.Unmarshal([]byte(line[1]), &pins) != nil || len(pins) == 0 {
			t.Fatalf("%s names no packages", name)
		}
		for _, pin := range pins {
			if !strings.Contains(string(installed), "\n"+pin+"\n") {
				t.Errorf("%s wants %s, which .ci/adapters does not install", name, pin)
			}
		}
		labels, err := os.ReadFile(adapterFile(t, name, "labels.json"))
		if err != nil || !json.Valid(labels) {
			t.Errorf("%s: labels.json: %v", name, err)
		}
	}
}

// TestAdapterCard: the card of spaCy is valid, and starts the adapter.
func TestAdapterCard(t *testing.T) {
	card, err := (&harness.Bench{Cards: adapterFile(t, "cards")}).FindCard("spacy")
	if err != nil {
		t.Fatal(err)
	}
	if card.Command != "uv run examples/adapters/spacy/adapter.py" || !slices.Equal(card.Training, []string{"ontonotes"}) {
		t.Errorf("the card is %+v", card)
	}
}

// python is the Python with the packages of the adapters.
func python(t *testing.T) string {
	t.Helper()
	path := os.Getenv("NERBENCH_ADAPTERS")
	if path == "" {
		reference.Skip(t, "NERBENCH_ADAPTERS names no Python with the packages of the adapters (.ci/adapters)")
	}
	return path
}

// TestMissingPackage starts each adapter in a Python without packages.
func TestMissingPackage(t *testing.T) {
	python, w := python(t), newWorkplace(t)
	for name, pin := range map[string]string{"flair": "flair", "gliner": "gliner", "spacy": "spacy", "transformers": "torch"} {
		command := fmt.Sprintf("%s -I -S %s", python, adapterFile(t, name, "adapter.py"))
		code, _, stderr := w.run(t, "run", "-m", "exec/"+name, "--command", command, "-d", "sample-law", "-q")
		if code != 1 {
			t.Errorf("%s: exit code %d", name, code)
		}
		for _, want := range []string{"No module named '" + pin + "'", "install: pip install ", pin + "==", "uv run "} {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: the message lacks %q:\n%s", name, want, stderr)
			}
		}
	}
}

// TestSpaCy scores the model en_core_web_sm 3.8.0. The counts were computed elsewhere;
// the scorers of spaCy and seqeval give the same F1.
func TestSpaCy(t *testing.T) {
	command := python(t) + " " + adapterFile(t, "spacy", "adapter.py")
	for dataset, want := range map[string][3]int{
		"conllpp":    {2703, 4106, 4979},   // F1 0.59505
		"wikineural": {8381, 14904, 14614}, // F1 0.56786
	} {
		t.Run(dataset, func(t *testing.T) {
			t.Parallel()
			result := newWorkplace(t).ask(t, question{model: "exec/spacy", dataset: dataset, flags: []string{"--command", command}})
			got := result.Scores["span_f1"]
			if counts := [3]int{int(got.TP), got.NPred, got.NGold}; counts != want || result.Complete != result.Passages {
				t.Errorf("tp, predicted, gold are %v in %d of %d passages, want %v", counts, result.Complete, result.Passages, want)
			}
		})
	}
	t.Run("a GPU that is not there", func(t *testing.T) {
		for _, device := range []string{"cuda", "cuda:0"} {
			code, _, stderr := newWorkplace(t).run(t, "run", "-m", "exec/spacy", "--command", command+" --device "+device, "-d", "sample-law", "-q")
			if code != 1 || !strings.Contains(stderr, "Cannot use GPU") {
				t.Errorf("%s: exit code %d\n%s", device, code, stderr)
			}
		}
	})
	t.Run("without tokens", func(t *testing.T) {
		w := withGuests(t, newWorkplace(t), []guest{{ID: "a", Text: "😀 Barack Obama left  Paris."}})
		spans := w.predicted(t, "exec/spacy", command)["a"]
		want := []span{{2, 14, "person"}, {21, 26, "location"}}
		if !slices.Equal(spans, want) {
			t.Errorf("spans are %v, want %v", spans, want)
		}
	})
}

// guest is a passage of an invented dataset.
type guest struct {
	ID     string   `json:"id"`
	Text   string   `json:"text"`
	Tokens [][2]int `json:"tokens,omitempty"`
	Spans  []span   `json:"spans"`
}

type span struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Type  string `json:"type"`
}

// withGuests is a new folder with the passages as the dataset guests.
func withGuests(t *testing.T, w *workplace, passages []guest) *workplace {
	t.Helper()
	var lines strings.Builder
	for _, p := range passages {
		p.Spans = []span{}
		line, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	dir := t.TempDir()
	dataset := filetest.Dataset{ID: "guests", Labels: [][2]string{{"PER", "person"}, {"LOC", "location"}}, Splits: []string{"test"}}
	filetest.Write(t, dir, map[string]string{"data/guests/test.jsonl": lines.String(), "datasets/guests.toml": dataset.Documents()})
	w = w.with("NERBENCH_DATA="+filepath.Join(dir, "data"), "NERBENCH_DATASETS="+filepath.Join(dir, "datasets"))
	w.dir = dir
	return w
}

// predicted asks a program about the guests, in a store of its own.
func (w *workplace) predicted(t *testing.T, model, command string, flags ...string) map[string][]span {
	t.Helper()
	store := filepath.Join(t.TempDir(), "results.db")
	args := append([]string{"run", "-m", model, "--command", command, "-d", "guests", "--store", store, "-q", "--json"}, flags...)
	return w.mentions(t, readResult(t, w.printed(t, args...)), store)
}

// mentions are those of a run about the guests, which must be complete.
func (w *workplace) mentions(t *testing.T, result harness.Result, store string) map[string][]span {
	t.Helper()
	if result.Complete != result.Passages || result.Outcomes[ner.Refused] != 0 {
		t.Errorf("%s: %d of %d passages, outcomes %v", result.Model, result.Complete, result.Passages, result.Outcomes)
	}
	spans := map[string][]span{}
	for line := range strings.Lines(w.printed(t, "runs", "export", result.Run, "--what", "predictions", "--store", store, "-q")) {
		var p guest
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		spans[p.ID] = p.Spans
	}
	return spans
}

// hostileGuests are passages with and without tokens: characters of one to four bytes, marks
// that combine, line feeds, and texts longer than what a model reads at once.
func hostileGuests() (out []guest) {
	for i, text := range []string{
		"Zoë Quill met Ümit in Port Varna .", "Nobody came 😀 to Essa .", "e\u0301te\u0301 👩‍🚀 Ōsaka 東京 x", "?", "a\u200bb \u00a0 c", "It rained\nin Essa\n",
		strings.Repeat("Mira 😀 Okafor walked to Essa , ", 60), strings.Repeat("x", 700), "\u200b",
	} {
		out = append(out, guest{ID: fmt.Sprint("text ", i), Text: text})
		words := guest{ID: fmt.Sprint("tokens ", i), Text: strings.Join(strings.Fields(text), " ")}
		at := 0
		for word := range strings.FieldsSeq(text) {
			n := len([]rune(word))
			words.Tokens = append(words.Tokens, [2]int{at, at + n})
			at += n + 1
		}
		out = append(out, words)
	}
	return out
}

// TestAdaptersWithRandomWeights asks tiny models. Their answers are nonsense, but each
// passage has one, all offsets are those of words, the size of a batch changes nothing,
// and a run that was killed is continued. Most of the time is that in which Python imports
// its packages, so the programs run side by side.
func TestAdaptersWithRandomWeights(t *testing.T) {
	python, models, w := python(t), t.TempDir(), newWorkplace(t, "HF_HUB_OFFLINE=1", "OMP_NUM_THREADS=1")
	making := exec.Command(python, filepath.Join("testdata", "models.py"), models)
	making.Env = append(os.Environ(), "HF_HUB_OFFLINE=1")
	if out, err := making.CombinedOutput(); err != nil {
		t.Fatalf("models.py: %v\n%s", err, out)
	}
	passages := hostileGuests()
	all := slices.Clone(passages)
	for i := range 400 { // enough for a kill in the middle
		all = append(all, guest{ID: fmt.Sprint("more ", i), Text: fmt.Sprintf("Guest %d saw Mira Okafor in Port Varna .", i)})
	}
	for _, name := range []string{"transformers", "gliner", "flair"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := fmt.Sprintf("%s %s --model %s", python, adapterFile(t, name, "adapter.py"), filepath.Join(models, name))
			if name == "gliner" {
				command += " --threshold 0.3" // random weights are never sure
			}
			guests := withGuests(t, w, all)
			one := guests.predicted(t, "exec/"+name, command+" --batch 1", "--limit", fmt.Sprint(len(passages)))
			result := guests.askKilled(t, question{model: "exec/" + name, dataset: "guests", flags: []string{"--command", command + " --batch 7"}})
			many := guests.mentions(t, result, "results.db")
			if len(one) != len(passages) || len(many) != len(all) {
				t.Errorf("%d and %d passages, want %d and %d", len(one), len(many), len(passages), len(all))
			}
			for _, p := range passages {
				if !slices.Equal(one[p.ID], many[p.ID]) {
					t.Errorf("%s: alone %v, in a batch %v", p.ID, one[p.ID], many[p.ID])
				}
				checkWords(t, p, one[p.ID])
			}
			long := one["tokens 6"]
			if len(long) == 0 || long[len(long)-1].End < len([]rune(passages[13].Text))*3/4 {
				t.Errorf("the end of a long passage has no mention: %v", long)
			}
			if result.Scores["span_f1"].NPred == 0 {
				t.Errorf("no mention: %+v", result.Scores["span_f1"])
			}
		})
	}
}

// checkWords demands that mentions begin and end where words do.
func checkWords(t *testing.T, p guest, spans []span) {
	t.Helper()
	text := []rune(p.Text)
	for _, s := range spans {
		if s.Start < 0 || s.Start >= s.End || s.End > len(text) {
			t.Errorf("%s: the mention %v is outside the text", p.ID, s)
			continue
		}
		if mention := string(text[s.Start:s.End]); mention != strings.TrimSpace(mention) {
			t.Errorf("%s: the mention %q has blanks at its edges", p.ID, mention)
		}
		begins := slices.ContainsFunc(p.Tokens, func(w [2]int) bool { return w[0] == s.Start })
		ends := slices.ContainsFunc(p.Tokens, func(w [2]int) bool { return w[1] == s.End })
		if p.Tokens != nil && (!begins || !ends) {
			t.Errorf("%s: the mention %v is not one of words", p.ID, s)
		}
	}
}
