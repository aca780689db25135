package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/reference"
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

func readVectors(t *testing.T, into any, elem ...string) {
	t.Helper()
	data, err := os.ReadFile(reference.Path(t, elem...))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
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

// TestEvalVectors scores whole files of vectors through the filter: what a
// stranger would do to check the program.
func TestEvalVectors(t *testing.T) {
	for _, name := range []string{"spans_flat.json", "spans_nested.json"} {
		t.Run(name, func(t *testing.T) {
			var file struct {
				Cases []struct {
					Name       string
					Gold, Pred [][][3]any
					Expected   struct {
						Strict struct {
							TP    int `json:"tp"`
							NPred int `json:"n_pred"`
							NGold int `json:"n_gold"`
						}
						Duplicates map[string]int
						Taxonomy   map[string]int
						SemEval    map[string]struct{ Correct, Incorrect, Partial, Missed, Spurious int }
					}
				}
			}
			readVectors(t, &file, "vectors", name)
			for _, c := range file.Cases {
				t.Run(c.Name, func(t *testing.T) {
					var gold, pred strings.Builder
					for i := range c.Gold {
						gold.WriteString(jsonLine(t, map[string]any{"id": fmt.Sprint(i), "text": strings.Repeat("x", 500), "spans": spanLines(c.Gold[i])}))
						pred.WriteString(jsonLine(t, map[string]any{"id": fmt.Sprint(i), "spans": spanLines(c.Pred[i])}))
					}
					goldFile := t.TempDir() + "/gold.jsonl"
					if err := os.WriteFile(goldFile, []byte(gold.String()), 0o600); err != nil {
						t.Fatal(err)
					}
					var got struct {
						Metrics  map[string]countsJSON
						Taxonomy struct {
							C, T, B, BT, MIS, SPU int
							MISOverlapped         int `json:"MIS_overlapped"`
							SPUOverlapping        int `json:"SPU_overlapping"`
							Duplicates            map[string]int
						}
						SemEval map[string]struct{ Correct, Incorrect, Partial, Missed, Spurious int }
					}
					out := filtered(t, pred.String(), "eval", "--gold", goldFile, "--pred", "-", "--metric", "span_f1", "--taxonomy", "--json")
					if err := json.Unmarshal([]byte(out), &got); err != nil {
						t.Fatal(err)
					}
					want := c.Expected
					if m := got.Metrics["span_f1"]; int(m.TP) != want.Strict.TP || m.NPred != want.Strict.NPred || m.NGold != want.Strict.NGold {
						t.Errorf("counts are %+v, want %+v", m, want.Strict)
					}
					x := got.Taxonomy
					taxonomy := map[string]int{"C": x.C, "T": x.T, "B": x.B, "BT": x.BT, "MIS": x.MIS, "SPU": x.SPU, "MIS_overlapped": x.MISOverlapped, "SPU_overlapping": x.SPUOverlapping}
					if fmt.Sprint(taxonomy) != fmt.Sprint(want.Taxonomy) || fmt.Sprint(x.Duplicates) != fmt.Sprint(want.Duplicates) {
						t.Errorf("taxonomy is %v, %v, want %v, %v", taxonomy, x.Duplicates, want.Taxonomy, want.Duplicates)
					}
					if fmt.Sprint(got.SemEval) != fmt.Sprint(want.SemEval) {
						t.Errorf("schemes are %v, want %v", got.SemEval, want.SemEval)
					}
				})
			}
		})
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
	var file struct {
		Corpus struct {
			Expected struct {
				UniNER struct {
					TP    int     `json:"tp"`
					NPred int     `json:"n_pred"`
					NGold int     `json:"n_gold"`
					F1    float64 `json:"f1"`
				}
			}
		}
		Cases []struct{ Pairs [][2]string }
	}
	readVectors(t, &file, "vectors", "uniner_answers.json")
	var in strings.Builder
	for _, c := range file.Cases {
		for _, p := range c.Pairs {
			in.WriteString(jsonLine(t, map[string]string{"pred": p[0], "gold": p[1]}))
		}
	}
	var got struct{ Metrics map[string]countsJSON }
	if err := json.Unmarshal([]byte(filtered(t, in.String(), "eval", "--pairs", "-", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	m, want := got.Metrics["uniner_f1"], file.Corpus.Expected.UniNER
	if int(m.TP) != want.TP || m.NPred != want.NPred || m.NGold != want.NGold || m.F1 == nil || *m.F1 != want.F1 {
		t.Errorf("counts are %+v, want %+v", m, want)
	}
}

// TestAlignFilterVectors aligns the vectors through the filter.
func TestAlignFilterVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, Text string
			Tokens     [][2]int
			Mentions   []string
			Expected   map[string]json.RawMessage
		}
	}
	readVectors(t, &file, "vectors", "align_tiers.json")
	for _, boundary := range []string{"token", "word", "substring"} {
		for _, mode := range []string{"all", "cursor", "longest"} {
			t.Run(boundary+"/"+mode, func(t *testing.T) {
				var in strings.Builder
				var wanted []json.RawMessage
				for _, c := range file.Cases {
					var byMode map[string]json.RawMessage
					if raw, ok := c.Expected[boundary]; !ok || json.Unmarshal(raw, &byMode) != nil {
						continue
					}
					var mentions []map[string]string
					for _, m := range c.Mentions {
						mentions = append(mentions, map[string]string{"text": m, "type": "x"})
					}
					in.WriteString(jsonLine(t, map[string]any{"text": c.Text, "tokens": c.Tokens, "mentions": mentions}))
					wanted = append(wanted, byMode[mode])
				}
				lines := strings.Split(strings.TrimSpace(filtered(t, in.String(), "align", "--boundary", boundary, "--mode", mode)), "\n")
				if len(lines) != len(wanted) || len(lines) < 50 {
					t.Fatalf("%d lines for %d cases", len(lines), len(wanted))
				}
				for i, line := range lines {
					var got alignedLine
					var want struct {
						Spans     [][]any
						Unaligned []string
					}
					if err := json.Unmarshal([]byte(line), &got); err != nil {
						t.Fatal(err)
					}
					if err := json.Unmarshal(wanted[i], &want); err != nil {
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
						t.Errorf("line %d: %s, want %s", i+1, line, wanted[i])
					}
				}
			})
		}
	}
}

// TestParseFilterVectors reads the answers of the vectors through the filter.
func TestParseFilterVectors(t *testing.T) {
	var docs struct {
		Documents []struct{ ID, Text string }
		TypeSets  map[string][]struct{ Native, Natural string } `json:"type_sets"`
	}
	readVectors(t, &docs, "vectors-prompts", "documents.json")
	var file struct {
		Answers []struct {
			ID, Family, Variant, Document, Types, Type, Finish, Answer, Class, Step string
			Mentions                                                                []struct{ Type, Text string }
			Spans                                                                   [][3]any
		}
	}
	readVectors(t, &file, "vectors-prompts", "answers.json")
	for _, c := range file.Answers {
		if c.Family != "uniner" || c.Types == "t3" { // t3 has commas in its names
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			var types []string
			for _, typ := range docs.TypeSets[c.Types] {
				types = append(types, typ.Native+"="+typ.Natural)
			}
			i := slices.IndexFunc(docs.Documents, func(d struct{ ID, Text string }) bool { return d.ID == c.Document })
			line := map[string]any{"text": c.Answer, "document": docs.Documents[i].Text, "finish": c.Finish}
			if c.Type != "" {
				line["types"] = []string{c.Type}
			}
			var got parsedLine
			out := filtered(t, jsonLine(t, line), "parse", "--family", c.Family, "--variant", c.Variant, "--types", strings.Join(types, ","))
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
			if got.Outcome != ner.Outcome(c.Class) || got.Step != c.Step || len(got.Mentions) != len(c.Mentions) || len(*got.Spans) != len(c.Spans) {
				t.Errorf("got %s, want %+v", out, c)
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
