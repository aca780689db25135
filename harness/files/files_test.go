package files_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/harness/files"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
)

const (
	twoDocuments = `{"id": "1", "text": "Zoë saw Oslo", "spans": [{"start": 0, "end": 3, "type": "person"}, {"start": 8, "end": 12, "type": "city"}]}
{"id": "2", "text": "none", "spans": []}
`
	twoPredictions = `{"id": "2", "spans": []}
{"id": "1", "spans": [{"start": 8, "end": 12, "type": "city"}, {"start": 0, "end": 7, "type": "person"}]}
`
)

func stream(name, content string) files.File {
	return files.File{Name: name, In: strings.NewReader(content)}
}

func predictions(gold, pred string) files.Predictions {
	return files.Predictions{Gold: stream("gold.jsonl", gold), Pred: stream("pred.jsonl", pred)}
}

func TestPredictions(t *testing.T) {
	for _, tc := range []struct {
		name, pred, signature string
		parsing               loop.ParseOptions
		want                  map[string]ner.Score
	}{
		{"spans", twoPredictions, "nerbench|metric:span_f1|counts:1/2/2|passages:2/2|readers:" + answers.Version + "|metrics:" + metrics.Version + "|input:documents",
			loop.ParseOptions{}, map[string]ner.Score{"span_f1": {TP: 1, NPred: 2, NGold: 2}}},
		{"mentions", `{"id": "1", "mentions": [{"text": "Zoë", "type": "person"}, {"text": "saw", "type": "verb"}]}
{"id": "2", "mentions": []}`, "|input:documents|align:first|types:person,CITY=city|unknown:drop",
			loop.ParseOptions{Alignment: answers.Alignment{Mode: "first"}, Unknown: "drop", Types: []answers.TypeName{{Natural: "person", Native: "person"}, {Natural: "city", Native: "CITY"}}},
			map[string]ner.Score{"span_f1[align=first]": {TP: 1, NPred: 1, NGold: 2}}},
		{"answers", `{"id": "1", "answers": [{"types": ["person"], "text": "[\"Zoë\"]"}, {"types": ["city"], "text": "[\"Paris\"]"}]}
{"id": "2", "answers": []}`, "|input:documents|family:uniner",
			loop.ParseOptions{}, map[string]ner.Score{"span_f1": {TP: 1, NPred: 2, NGold: 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := predictions(twoDocuments, tc.pred)
			p.Parsing.ParseOptions = tc.parsing
			report, err := p.Eval(t.Context(), files.Options{Metrics: []string{"span_f1"}, By: metrics.By{Types: true}})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]ner.Score{}
			for _, m := range report.Metrics {
				got[m.ID] = m.Tally.Total()
				if s := report.Signatures()[m.ID]; !strings.HasSuffix(s, tc.signature) {
					t.Errorf("signature is %s, want %s", s, tc.signature)
				}
			}
			if !maps.Equal(got, tc.want) || report.Passages != 2 || report.Missing != 0 {
				t.Errorf("counts are %v of %d passages, want %v", got, report.Passages, tc.want)
			}
			if report.JSON()["by_type"] == nil {
				t.Error("no counts by type")
			}
		})
	}
}

func TestPredictionsPartial(t *testing.T) {
	pred := `{"id": "1", "spans": []}`
	_, err := predictions(twoDocuments, pred).Eval(t.Context(), files.Options{})
	var partial *fault.PartialError
	if !errors.As(err, &partial) || !strings.Contains(err.Error(), `1 of 2 documents have no prediction, the first is "2" in pred.jsonl`) {
		t.Errorf("error is %v, want a PartialError", err)
	}
	p := predictions(twoDocuments, pred)
	p.Partial = true
	report, err := p.Eval(t.Context(), files.Options{})
	if err != nil || report.Passages != 1 || report.Missing != 1 {
		t.Fatalf("report is %+v, %v", report, err)
	}
	if s := report.Signatures()["span_f1"]; !strings.Contains(s, "|passages:1/2|") || !strings.HasSuffix(s, "|partial:true") {
		t.Errorf("signature is %s", s)
	}
}

func TestTags(t *testing.T) {
	const columns = "Zoë B-person B-person\nsaw O B-person\n\nOslo B-city O\n"
	for _, tc := range []struct {
		name    string
		metrics []string
		want    map[string]ner.Score
	}{
		{"spans alone", nil, map[string]ner.Score{"span_f1": {TP: 1, NPred: 2, NGold: 2}}},
		{"sentences", []string{"span_f1", "uniner_f1"}, map[string]ner.Score{"span_f1": {TP: 1, NPred: 2, NGold: 2}, "uniner_f1": {TP: 1, NPred: 2, NGold: 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			report, err := files.Tags{File: stream("t.conll", columns), Scheme: metrics.IOB2, Mode: metrics.Strict}.Eval(t.Context(), files.Options{Metrics: tc.metrics})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]ner.Score{}
			for _, m := range report.Metrics {
				got[m.ID] = m.Tally.Total()
			}
			out := report.JSON()
			if !maps.Equal(got, tc.want) || out["passages"] != 2 || out["tokens"] != 3 {
				t.Errorf("counts are %v, passages %v, tokens %v", got, out["passages"], out["tokens"])
			}
		})
	}
}

func TestPairs(t *testing.T) {
	report, err := files.Pairs{File: stream("pairs", `{"gold": "[\"a\", \"b\"]", "pred": "[\"a\"]"}`)}.Eval(t.Context(), files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Metrics[0].Tally.Total(); got != (ner.Score{TP: 1, NPred: 1, NGold: 2}) {
		t.Errorf("counts are %+v", got)
	}
}

// TestUsageErrors checks that an invalid option is a UsageError, before any input is read.
func TestUsageErrors(t *testing.T) {
	absent := files.File{Name: "absent"}
	eval := func(p files.Predictions, o files.Options) error {
		p.Gold, p.Pred = absent, absent
		_, err := p.Eval(t.Context(), o)
		return err
	}
	needsTrain, err := metrics.ParseBy([]string{"bucket:oDen"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"metric", eval(files.Predictions{}, files.Options{Metrics: []string{"nosuch"}}), "nosuch"},
		{"family", eval(files.Predictions{Parsing: files.Parsing{Family: "nosuch"}}, files.Options{}), "family \"nosuch\": unknown"},
		{"unknown types", eval(files.Predictions{Parsing: files.Parsing{ParseOptions: loop.ParseOptions{Unknown: "keep"}}}, files.Options{}), "want drop or fp"},
		{"alignment", eval(files.Predictions{Parsing: files.Parsing{ParseOptions: loop.ParseOptions{Alignment: answers.Alignment{Mode: "best"}}}}, files.Options{}), `mode "best"`},
		{"resamples", eval(files.Predictions{}, files.Options{Resamples: -1}), "-1 resamples"},
		{"no train split", eval(files.Predictions{}, files.Options{By: needsTrain}), "needs the train split"},
		{"needless train split", eval(files.Predictions{}, files.Options{Train: absent}), "has no effect"},
		{"buckets of strings", eval(files.Predictions{}, files.Options{By: needsTrain, Metrics: []string{"uniner_f1"}}), "only span_f1 has buckets"},
		{"pairs by bucket", func() error {
			_, err := files.Pairs{File: absent}.Eval(t.Context(), files.Options{Taxonomy: true})
			return err
		}(), "no spans"},
		{"spans of pairs", func() error {
			_, err := files.Pairs{File: absent}.Eval(t.Context(), files.Options{Metrics: []string{"span_f1"}})
			return err
		}(), "does not apply to this input"},
		{"two metrics compared", func() error {
			_, _, err := files.PredictionPair{Gold: absent, A: absent, B: absent}.Compare(t.Context(), files.CompareOptions{Metric: "all"})
			return err
		}(), "all"},
		{"parse without types", files.Parse(t.Context(), absent, nil, files.ParseOptions{Family: "uniner"}), "want the types"},
		{"parser", files.Parse(t.Context(), absent, nil, files.ParseOptions{Family: "uniner", Types: answers.ParseTypeNames("a"), Parser: "nosuch"}), "want one of ladder, published, official"},
		{"official of another family", files.Parse(t.Context(), absent, nil, files.ParseOptions{Family: "gner", Types: answers.ParseTypeNames("a"), Parser: "official"}), "only for the family uniner"},
		{"align", files.Align(t.Context(), absent, nil, answers.Alignment{Mode: "best"}), `mode "best"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !errors.As(tc.err, new(*fault.UsageError)) || !strings.Contains(tc.err.Error(), tc.want) {
				t.Errorf("error is %v, want a UsageError with %q", tc.err, tc.want)
			}
		})
	}
}

// TestErrorsNameFileAndLine checks the errors about each of the files.
func TestErrorsNameFileAndLine(t *testing.T) {
	needsTrain, err := metrics.ParseBy([]string{"bucket:oDen"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"gold", evalError(t, predictions("\n{", twoPredictions), files.Options{}), "gold.jsonl:2: expected a document"},
		{"predictions", evalError(t, predictions(twoDocuments, `{"id": "1", "spans": []}`+"\n{}"), files.Options{}), `pred.jsonl:2: want {"id", and one of`},
		{"a prediction too many", evalError(t, predictions(twoDocuments, twoPredictions+`{"id": "3", "spans": []}`), files.Options{}), `pred.jsonl:3: document "3": not in the file of documents`},
		{"train", evalError(t, predictions(twoDocuments, twoPredictions), files.Options{By: needsTrain, Train: stream("train.jsonl", "[]")}), "train.jsonl:1: "},
		{"absent", evalError(t, files.Predictions{Gold: files.File{Name: "absent.jsonl"}, Pred: stream("p", "")}, files.Options{}), "open absent.jsonl: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.err == nil || !strings.HasPrefix(tc.err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", tc.err, tc.want)
			}
		})
	}
}

func evalError(t *testing.T, p files.Predictions, o files.Options) error {
	t.Helper()
	_, err := p.Eval(t.Context(), o)
	return err
}

func TestEvalEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := predictions(twoDocuments, twoPredictions).Eval(ctx, files.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// TestParseEndsWithItsContext: an interrupt while the next line is awaited is an error,
// not the end of the input.
func TestParseEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, parse := range map[string]func() error{
		"parse": func() error {
			return files.Parse(ctx, files.File{Name: "in", In: strings.NewReader("")}, io.Discard, files.ParseOptions{Family: "uniner", Types: answers.ParseTypeNames("person")})
		},
		"align": func() error {
			return files.Align(ctx, files.File{Name: "in", In: strings.NewReader("")}, io.Discard, answers.Alignment{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := parse(); !errors.Is(err, context.Canceled) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestParse(t *testing.T) {
	types := answers.ParseTypeNames("person,city")
	for _, tc := range []struct {
		name, in string
		options  files.ParseOptions
		want     string
	}{
		{"mentions", `{"text": "[\"Zoë\"]"}`, files.ParseOptions{Family: "uniner", Type: "city"},
			`{"outcome":"ok","step":"strict","flags":[],"mentions":[{"text":"Zoë","type":"city","flags":[]}],"dropped":[]}`},
		{"spans in code points", "\n" + `{"text": "[\"Oslo\"]", "document": "Zoë saw Oslo", "type": "city"}`, files.ParseOptions{Family: "uniner"},
			`{"outcome":"ok","step":"strict","flags":[],"mentions":[{"text":"Oslo","type":"city","flags":[]}],"dropped":[],"spans":[{"start":8,"end":12,"type":"city"}],"unaligned":0}`},
		{"published", `{"text": "[\"the Port\"]"}`, files.ParseOptions{Family: "uniner", Parser: "published"},
			`{"outcome":"ok","mentions":[{"text":"port","type":"person"}]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.options.Types = types
			var out strings.Builder
			if err := files.Parse(t.Context(), stream("answers", tc.in), &out, tc.options); err != nil {
				t.Fatal(err)
			}
			if out.String() != tc.want+"\n" {
				t.Errorf("wrote %s, want %s", out.String(), tc.want)
			}
		})
	}
}

// TestFilter checks the output up to an error, and the error.
func TestFilter(t *testing.T) {
	const line = `{"text": "a b", "mentions": [{"text": "b", "type": "x"}]}` + "\n"
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		name  string
		ctx   context.Context
		in    string
		lines int
		err   string
	}{
		{"lines", t.Context(), line + "\n" + line, 2, ""},
		{"a bad line", t.Context(), line + "\n{}\n" + line, 1, `texts:3: want {"text"`},
		{"cancelled", cancelled, line, 0, "context canceled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out strings.Builder
			err := files.Align(tc.ctx, stream("texts", tc.in), &out, answers.Alignment{})
			if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.err)) {
				t.Errorf("error is %v, want %q", err, tc.err)
			}
			if n := strings.Count(out.String(), "\n"); n != tc.lines {
				t.Errorf("wrote %d lines, want %d", n, tc.lines)
			}
			for line := range strings.Lines(out.String()) {
				var got files.AlignedText
				if err := json.Unmarshal([]byte(line), &got); err != nil || !slices.Equal(got.Spans, []ner.PointSpan{{Start: 2, End: 3, Type: "x"}}) {
					t.Errorf("wrote %s: %v", line, err)
				}
			}
		})
	}
}

var errFull = errors.New("disk full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// TestFilterReportsWriteErrors checks that an error of the output does not name the input.
func TestFilterReportsWriteErrors(t *testing.T) {
	for _, lines := range []int{1, 10_000} { // at the end, and before it
		in := strings.Repeat(`{"text": "a", "mentions": []}`+"\n", lines)
		if err := files.Align(t.Context(), stream("texts", in), fullDisk{}, answers.Alignment{}); err != errFull {
			t.Errorf("%d lines: error is %v", lines, err)
		}
	}
}

func TestPredictionPair(t *testing.T) {
	pair := files.PredictionPair{
		Gold: stream("gold", twoDocuments), A: stream("a", twoPredictions),
		B: stream("b", `{"id": "1", "spans": [{"start": 0, "end": 3, "type": "person"}]}`), Partial: true,
	}
	d, missing, err := pair.Compare(t.Context(), files.CompareOptions{Metric: "span_f1", By: metrics.By{Types: true}})
	if err != nil {
		t.Fatal(err)
	}
	if want := (ner.Score{TP: 1, NPred: 2, NGold: 2}); missing != 1 || d.Passages != 2 || !slices.Equal(d.A, []ner.Score{want}) {
		t.Errorf("%d missing of %d, A is %v", missing, d.Passages, d.A)
	}
	if want := (ner.Score{TP: 1, NPred: 1, NGold: 2}); !slices.Equal(d.B, []ner.Score{want}) {
		t.Errorf("B is %v", d.B)
	}
}
