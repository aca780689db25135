package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/harness/files"
	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

// filtered runs the program in this process on an input, and returns its output.
func filtered(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &environment{stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }}
	if code := run(t.Context(), append([]string{"nerbench"}, args...), env); code != exitOK {
		t.Fatalf("%q: exit code %d: %s", args, code, stderr.String())
	}
	return stdout.String()
}

// readVectors reads a file of vectors: all of it where there is the reference, or
// else the slice.
func readVectors(t *testing.T, into any, folder, name string) {
	t.Helper()
	reference.Set{Whole: reference.Root() != ""}.Read(t, into, folder, name)
}

// eachVector runs a test for every case of one kind: those of files of its own,
// and those of the file of cases written by hand.
func eachVector[Case any](t *testing.T, kind string, f func(t *testing.T, c Case), files ...string) {
	t.Helper()
	for _, name := range append(files, "handmade.json") {
		var content struct{ Cases []json.RawMessage }
		readVectors(t, &content, "vectors", name)
		n := 0
		for _, raw := range content.Cases {
			var named struct{ Name, Kind string }
			if err := json.Unmarshal(raw, &named); err != nil {
				t.Fatal(err)
			}
			if name == "handmade.json" && named.Kind != kind {
				continue
			}
			n++
			t.Run(named.Name, func(t *testing.T) {
				var c Case
				if err := json.Unmarshal(raw, &c); err != nil {
					t.Fatal(err)
				}
				f(t, c)
			})
		}
		if n == 0 && name != "handmade.json" {
			t.Errorf("%s: no cases", name)
		}
	}
}

func jsonLine(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

// TestEvalVectors scores the vectors of spans through the filter: what a stranger
// would do to check the program.
func TestEvalVectors(t *testing.T) {
	eachVector(t, "spans", spansFilterVector, "spans_flat.json", "spans_nested.json")
}

// schemeCounts are those of a scheme of SemEval-2013.
type schemeCounts struct {
	Correct, Incorrect, Partial, Missed, Spurious, Possible, Actual int
	Precision, Recall, F1                                           float64 // null reads as 0, as in the vectors
}

type spansVector struct {
	Gold, Pred [][][3]any
	Expected   struct {
		Strict     vectorCounts
		Duplicates map[string]int
		Taxonomy   map[string]int
		SemEval    map[string]schemeCounts
	}
}

func spansFilterVector(t *testing.T, c spansVector) {
	var gold, pred strings.Builder
	for i := range c.Gold {
		gold.WriteString(jsonLine(t, map[string]any{"id": fmt.Sprint(i), "text": strings.Repeat("x", 500), "spans": spanLines(c.Gold[i])}))
		pred.WriteString(jsonLine(t, map[string]any{"id": fmt.Sprint(i), "spans": spanLines(c.Pred[i])}))
	}
	var got struct {
		evalOutput
		Taxonomy  map[string]any
		SemEval   map[string]schemeCounts
		Confusion []ner.ConfusionCell
	}
	out := filtered(t, pred.String(), "eval", "--gold", writeLines(t, "gold.jsonl", gold.String()), "--pred", "-",
		"--metric", "span_f1,semeval_strict_f1,semeval_exact_f1,semeval_partial_f1,semeval_type_f1", "--taxonomy", "--confusion", "--json")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	want := c.Expected
	want.Strict.checkTypes(t, got.evalOutput, "span_f1")
	duplicates := got.Taxonomy["duplicates"]
	delete(got.Taxonomy, "duplicates")
	if fmt.Sprint(got.Taxonomy) != fmt.Sprint(want.Taxonomy) || fmt.Sprint(duplicates) != fmt.Sprint(want.Duplicates) {
		t.Errorf("taxonomy is %v, %v, want %v, %v", got.Taxonomy, duplicates, want.Taxonomy, want.Duplicates)
	}
	for scheme, n := range want.SemEval {
		g := got.SemEval[scheme]
		for _, d := range []float64{g.Precision - n.Precision, g.Recall - n.Recall, g.F1 - n.F1} {
			if math.Abs(d) > 1e-12 {
				t.Errorf("scheme %s is %+v, want %+v", scheme, g, n)
			}
		}
		g.Precision, g.Recall, g.F1 = n.Precision, n.Recall, n.F1
		if g != n {
			t.Errorf("scheme %s is %+v, want %+v", scheme, g, n)
		}
		m := got.Metrics["semeval_"+scheme+"_f1"]
		if m.TP != float64(n.Correct)+float64(n.Partial)/2 || m.NPred != n.Actual || m.NGold != n.Possible {
			t.Errorf("metric of scheme %s is %+v, want %+v", scheme, m, n)
		}
	}
	pairs, all := want.Taxonomy["C"]+want.Taxonomy["T"]+want.Taxonomy["B"]+want.Taxonomy["BT"]+want.Taxonomy["MIS"]+want.Taxonomy["SPU"], 0
	for _, cell := range got.Confusion {
		all += cell.N
	}
	if all != pairs {
		t.Errorf("the confusion table has %d entries, want %d", all, pairs)
	}
}

func spanLines(spans [][3]any) []map[string]any {
	lines := []map[string]any{}
	for _, s := range spans {
		lines = append(lines, map[string]any{"start": s[0], "end": s[1], "type": s[2]})
	}
	return lines
}

// TestPairsVectors: every pair of the vectors in one file, as the paper's
// evaluator counts it.
func TestPairsVectors(t *testing.T) {
	type counts struct {
		TP    int `json:"tp"`
		NPred int `json:"n_pred"`
		NGold int `json:"n_gold"`
	}
	var file struct {
		Cases []struct {
			Pairs    [][2]string
			Expected struct{ UniNER counts }
		}
	}
	readVectors(t, &file, "vectors", "uniner_answers.json")
	var in strings.Builder
	var want counts
	for _, c := range file.Cases {
		for _, p := range c.Pairs {
			in.WriteString(jsonLine(t, map[string]string{"pred": p[0], "gold": p[1]}))
		}
		n := c.Expected.UniNER
		want = counts{want.TP + n.TP, want.NPred + n.NPred, want.NGold + n.NGold}
	}
	var got struct{ Metrics map[string]metrics.Figures }
	if err := json.Unmarshal([]byte(filtered(t, in.String(), "eval", "--pairs", "-", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	m, ratios := got.Metrics["uniner_f1"], metrics.WithEpsilon(ner.Score{TP: want.TP, NPred: want.NPred, NGold: want.NGold})
	if (counts{int(m.TP), m.NPred, m.NGold}) != want || want.TP == 0 || m.F1 == nil || *m.F1 != ratios.F1.Value {
		t.Errorf("counts are %+v, want %+v", m, want)
	}
}

// TestAlignFilterVectors aligns the vectors through the filter: exact occurrences
// alone, and all three tiers.
func TestAlignFilterVectors(t *testing.T) {
	for _, source := range []struct{ file, kind, tiers string }{
		{"align_mentions.json", "", "1"}, {"handmade.json", "align", "1"}, {"align_tiers.json", "", "3"},
	} {
		var file struct{ Cases []alignedVector }
		readVectors(t, &file, "vectors", source.file)
		cases := slices.DeleteFunc(file.Cases, func(c alignedVector) bool { return c.Kind != source.kind })
		for _, boundary := range answers.Boundaries {
			of := slices.DeleteFunc(slices.Clone(cases), func(c alignedVector) bool { return c.Expected[boundary] == nil })
			if len(of) == 0 {
				continue // tokens only where there are some
			}
			for _, mode := range answers.Modes {
				t.Run(source.file+"/"+boundary+"/"+mode, func(t *testing.T) {
					checkAligned(t, of, boundary, mode, source.tiers)
				})
			}
		}
	}
}

type alignedVector struct {
	Name, Kind, Text string
	Tokens           json.RawMessage
	Mentions         []string
	Expected         map[string]json.RawMessage
}

// checkAligned sends all cases through the filter at once.
func checkAligned(t *testing.T, cases []alignedVector, boundary, mode, tiers string) {
	var in strings.Builder
	for _, c := range cases {
		mentions := []map[string]string{}
		for _, m := range c.Mentions {
			mentions = append(mentions, map[string]string{"text": m, "type": "x"})
		}
		in.WriteString(jsonLine(t, map[string]any{"text": c.Text, "tokens": c.Tokens, "mentions": mentions}))
	}
	lines := strings.Split(strings.TrimSpace(filtered(t, in.String(), "align", "--boundary", boundary, "--mode", mode, "--tiers", tiers)), "\n")
	if len(lines) != len(cases) {
		t.Fatalf("%d lines for %d cases", len(lines), len(cases))
	}
	for i, c := range cases {
		var got files.AlignedText
		var byMode map[string]json.RawMessage
		if err := errors.Join(json.Unmarshal([]byte(lines[i]), &got), json.Unmarshal(c.Expected[boundary], &byMode)); err != nil {
			t.Fatal(err)
		}
		var want struct {
			Spans     [][]any
			Unaligned []string
		}
		if err := json.Unmarshal(byMode[mode], &want); err != nil {
			t.Fatal(err)
		}
		var a, b []string
		for _, s := range got.Spans {
			a = append(a, fmt.Sprint(s.Start, s.End))
		}
		for _, s := range want.Spans {
			b = append(b, fmt.Sprint(s[0], s[1]))
		}
		if !slices.Equal(a, b) || got.Unaligned != len(want.Unaligned) {
			t.Errorf("%s: %v, %d unaligned, want %s", c.Name, a, got.Unaligned, byMode[mode])
		}
		if raw, there := byMode["tiers"]; there {
			var decided []int
			if err := json.Unmarshal(raw, &decided); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Tiers, decided) {
				t.Errorf("%s: tiers are %v, want %v", c.Name, got.Tiers, decided)
			}
		}
	}
}

// TestParseFilterVectors reads the answers of the vectors through the filter.
func TestParseFilterVectors(t *testing.T) {
	var docs struct {
		Documents []struct{ ID, Text string }
		TypeSets  map[string]json.RawMessage `json:"type_sets"`
	}
	readVectors(t, &docs, "vectors-prompts", "documents.json")
	type typed struct {
		Type, Text string
		Flags      []string
	}
	var file struct {
		Answers []struct {
			ID, Family, Variant, Document, Types, Type, Finish, Answer, Class, Step string
			Mentions                                                                []typed
			Dropped                                                                 []files.DroppedMention
			Spans                                                                   [][3]any
			Unaligned                                                               [][2]string
			Published                                                               []string `json:"published_reader"`
		}
	}
	readVectors(t, &file, "vectors-prompts", "answers.json")
	for _, c := range file.Answers {
		t.Run(c.ID, func(t *testing.T) {
			types := string(docs.TypeSets[c.Types])
			i := slices.IndexFunc(docs.Documents, func(d struct{ ID, Text string }) bool { return d.ID == c.Document })
			line := map[string]any{"text": c.Answer, "document": docs.Documents[i].Text, "finish": c.Finish}
			if c.Type != "" {
				line["types"] = []string{c.Type}
			}
			var got files.ParsedAnswer
			out := filtered(t, jsonLine(t, line), "parse", "--family", c.Family, "--variant", c.Variant, "--types", types)
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
			var mentions []typed
			for _, m := range got.Mentions {
				flags := []string{}
				for _, f := range m.Flags {
					flags = append(flags, string(f))
				}
				mentions = append(mentions, typed{string(m.Type), m.Text, flags})
			}
			var spans, wanted []string
			for _, s := range *got.Spans {
				spans = append(spans, fmt.Sprint(s.Start, s.End, s.Type))
			}
			for _, s := range c.Spans {
				wanted = append(wanted, fmt.Sprint(s[0], s[1], s[2]))
			}
			switch c.ID { // two rules are newer than the vectors
			case "json_list-006", "gpt_ner-003":
				c.Class = "unusable"
			case "uniner-019":
				c.Class, c.Step, c.Mentions, c.Unaligned = "malformed", "none", nil, nil
			}
			if got.Outcome != ner.Outcome(c.Class) || got.Step != c.Step || fmt.Sprint(mentions) != fmt.Sprint(c.Mentions) ||
				fmt.Sprint(got.Dropped) != fmt.Sprint(c.Dropped) || !slices.Equal(spans, wanted) || *got.Unaligned != len(c.Unaligned) {
				t.Errorf("got %s, want %+v", out, c)
			}
			if c.Published == nil {
				return
			}
			out = filtered(t, jsonLine(t, map[string]any{"text": c.Answer}), "parse", "--family", "uniner", "--reader", "published", "--types", types)
			if texts := publishedTexts(t, out); !slices.Equal(texts, c.Published) {
				t.Errorf("published reader: %q, want %q", texts, c.Published)
			}
		})
	}
}

// failing runs the program in this process and demands an error with a text.
func failing(t *testing.T, stdin, want string, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &environment{stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }}
	if code := run(t.Context(), append([]string{"nerbench"}, args...), env); code == exitOK || !strings.Contains(stderr.String(), want) {
		t.Errorf("%q: exit code %d, error %q, want %q", args, code, stderr.String(), want)
	}
	if stdout.Len() > 0 {
		t.Errorf("%q: prints %q beside an error", args, stdout.String())
	}
}
