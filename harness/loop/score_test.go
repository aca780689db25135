package loop

import (
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
)

var scoreTypes = []answers.TypeName{{Natural: "person", Native: "PER"}, {Natural: "place", Native: "LOC"}}

// told is a document with the answers to its questions.
type told struct {
	doc     *ner.Document
	answers []ner.Answer
}

func answer(types []ner.EntityType, text string, finish ner.Finish) ner.Answer {
	return ner.Answer{Types: types, Completion: ner.Completion{Text: text, Finish: finish}}
}

func one(t ner.EntityType, text string) ner.Answer {
	return answer([]ner.EntityType{t}, text, ner.FinishStop)
}

func gold(id, text string, spans ...ner.Span) *ner.Document {
	return &ner.Document{ID: id, Text: text, Spans: spans}
}

func sequences(all []told) (iter.Seq2[*ner.Document, error], iter.Seq2[ner.Passage, error]) {
	docs := func(yield func(*ner.Document, error) bool) {
		for _, x := range all {
			if !yield(x.doc, nil) {
				return
			}
		}
	}
	passages := func(yield func(ner.Passage, error) bool) {
		for i, x := range all {
			if x.answers != nil && !yield(ner.Passage{Index: i, Document: x.doc.ID, Answers: x.answers}, nil) {
				return
			}
		}
	}
	return docs, passages
}

// TestCounted: the counts of passages are given away one by one, in order, and are not
// kept.
func TestCounted(t *testing.T) {
	var all []told
	for i := range 3*blockSize + 7 {
		d := gold(fmt.Sprint(i), "Mira", ner.Span{Start: 0, End: 4, Type: "person"})
		all = append(all, told{d, []ner.Answer{one("person", map[bool]string{true: `["Mira"]`, false: `[]`}[i%3 == 0])}})
	}
	docs, passages := sequences(all)
	plan := ScorePlan{Documents: docs, Passages: passages, Parsing: ParseOptions{Form: "uniner_list", Types: scoreTypes}, Metrics: []string{"uniner_f1", "span_f1"}}
	kept, err := Score(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	var counted [2][]ner.Score
	plan.Counted = func(index int, counts []ner.Score) {
		if index != len(counted[0]) || len(counts) != 2 {
			t.Errorf("passage %d with %d counts after %d passages", index, len(counts), len(counted[0]))
		}
		for i := range counted {
			counted[i] = append(counted[i], counts[i])
		}
	}
	given, err := Score(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"uniner_f1", "span_f1"} {
		if k, g := kept.Metrics[id], given.Metrics[id]; !slices.Equal(counted[i], k.Passages) || g.Passages != nil || g.Total != k.Total || !maps.Equal(g.ByType, k.ByType) {
			t.Errorf("%s: given %v, kept %v", id, counted[i], k.Passages)
		}
	}
}

func score(t *testing.T, how ParseOptions, ids []string, all ...told) Scored {
	t.Helper()
	docs, passages := sequences(all)
	how.Types = scoreTypes
	s, err := Score(t.Context(), ScorePlan{Documents: docs, Passages: passages, Parsing: how, Metrics: ids})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantTotal(t *testing.T, s Scored, id string, tp, pred, gold int) {
	t.Helper()
	if got := s.Metrics[id].Total; got != (ner.Score{TP: tp, NPred: pred, NGold: gold}) {
		t.Errorf("%s is %+v, want tp %d, n_pred %d, n_gold %d", id, got, tp, pred, gold)
	}
}

// TestScorePerType counts answers to queries about one type: spans, the paper's strings,
// and the lenient strings (docs/spec/metrics.md §3.7), by both kinds of parsers (§8.1).
func TestScorePerType(t *testing.T) {
	s := score(t, ParseOptions{Form: "uniner_list"}, nil,
		told{gold("d0", "Ada met Ada in Essa .", ner.Span{Start: 0, End: 3, Type: "person"}, ner.Span{Start: 8, End: 11, Type: "person"}, ner.Span{Start: 15, End: 19, Type: "place"}),
			[]ner.Answer{one("person", ` ["Ada"]`), one("place", `It is ["Essa"].`)}},
		told{gold("d1", "Bo left .", ner.Span{Start: 0, End: 2, Type: "person"}),
			[]ner.Answer{one("person", `["Bo", "Cy"]`), answer([]ner.EntityType{"place"}, "", ner.FinishTooLong)}},
		told{gold("d2", "not asked", ner.Span{Start: 0, End: 3, Type: "person"}), nil},
	)
	if s.Passages != 2 {
		t.Errorf("%d passages, want 2: one is incomplete", s.Passages)
	}
	wantTotal(t, s, "span_f1", 4, 5, 4)           // Cy has no place: one false positive
	wantTotal(t, s, "uniner_f1", 2, 3, 3)         // prose is void for the official parser
	wantTotal(t, s, "uniner_f1_lenient", 3, 4, 3) // and read by the ladder
	if want := map[ner.Outcome]int{ner.OK: 2, ner.Repaired: 1, ner.TooLong: 1}; !maps.Equal(s.Outcomes, want) {
		t.Errorf("outcomes are %v, want %v", s.Outcomes, want)
	}
	if s.Counters["void"] != 1 || s.Counters["unaligned"] != 1 || s.Counters["not_in_text"] != 1 || s.Counters["ambiguous"] != 1 {
		t.Errorf("counters are %v", s.Counters)
	}
	if got := s.Metrics["span_f1"].Passages; len(got) != 2 || got[0] != (ner.Score{TP: 3, NPred: 3, NGold: 3}) || got[1] != (ner.Score{TP: 1, NPred: 2, NGold: 1}) {
		t.Errorf("counts by passage are %+v", got)
	}
}

func TestScoreAllInOne(t *testing.T) {
	both := []ner.EntityType{"person", "place"}
	d := gold("d0", "Ada in Essa .", ner.Span{Start: 0, End: 3, Type: "person"}, ner.Span{Start: 7, End: 11, Type: "place"})
	x := told{d, []ner.Answer{answer(both, `[["Ada", "person"], ["Essa", "thing"]]`, ner.FinishStop)}}
	s := score(t, ParseOptions{Form: "uniner_pairs"}, []string{"span_f1", "uniner_f1", "span_f1[unknown=fp]", "uniner_f1[unknown=fp]"}, x)
	wantTotal(t, s, "span_f1", 1, 1, 2)
	wantTotal(t, s, "uniner_f1", 1, 1, 2)
	wantTotal(t, s, "span_f1[unknown=fp]", 1, 2, 2)
	wantTotal(t, s, "uniner_f1[unknown=fp]", 1, 2, 2)
	if s.Counters["unknown_type"] != 1 {
		t.Errorf("counters are %v", s.Counters)
	}
}

func TestScoreSpans(t *testing.T) {
	both := []ner.EntityType{"person", "place"}
	d := gold("d0", "Zoë in a[0] .", ner.Span{Start: 0, End: 4, Type: "person"}, ner.Span{Start: 8, End: 12, Type: "place"})
	s := score(t, ParseOptions{Form: "spans"}, nil, told{d, []ner.Answer{answer(both, `{"spans":[{"start":0,"end":3,"type":"person"},{"start":7,"end":11,"type":"place"}]}`, ner.FinishStop)}})
	wantTotal(t, s, "span_f1", 2, 2, 2)
	wantTotal(t, s, "uniner_f1", 1, 1, 1) // a bracket voids its query on both sides
	wantTotal(t, s, "uniner_f1_lenient", 2, 2, 2)
	if s.Counters["void"] != 1 || s.Counters["gold_void"] != 1 || len(s.Outcomes) != 0 {
		t.Errorf("counters are %v, outcomes %v", s.Counters, s.Outcomes)
	}
}

func TestScoreOptions(t *testing.T) {
	d := gold("d0", "York and york and York", ner.Span{Start: 0, End: 4, Type: "place"})
	x := told{d, []ner.Answer{one("place", `Sure: ["York"]`)}}
	s := score(t, ParseOptions{Form: "uniner_list"}, []string{"span_f1", "span_f1[align=first]", "span_f1[reader=published]"}, x)
	wantTotal(t, s, "span_f1", 1, 2, 1)
	wantTotal(t, s, "span_f1[align=first]", 1, 1, 1)
	wantTotal(t, s, "span_f1[reader=published]", 0, 0, 1)
	docs, passages := sequences([]told{x})
	partial, err := Score(t.Context(), ScorePlan{Documents: docs, Passages: passages, Parsing: ParseOptions{Form: "uniner_list", Types: scoreTypes}, Queries: "gold"})
	if err != nil {
		t.Fatal(err)
	}
	wantTotal(t, partial, "span_f1[queries=gold]", 1, 2, 1)
	// A metric that is named twice is counted once.
	twice := score(t, ParseOptions{Form: "uniner_list"}, []string{"span_f1", "span_f1[align=all]", "span_f1"}, x)
	wantTotal(t, twice, "span_f1", 1, 2, 1)
}

func TestMetricIDs(t *testing.T) {
	for _, tc := range []struct {
		ids     []string
		queries string
		how     ParseOptions
		want    string // ids, or part of the error
	}{
		{nil, "", ParseOptions{}, "span_f1 uniner_f1 uniner_f1_lenient"},
		{nil, "gold", ParseOptions{}, "span_f1[queries=gold] uniner_f1[queries=gold] uniner_f1_lenient[queries=gold]"},
		{[]string{"span_f1[queries=gold]", "span_f1"}, "gold", ParseOptions{}, "span_f1[queries=gold]"},
		{[]string{"span_f1[align=all]", "span_f1[align=first]"}, "all", ParseOptions{}, "span_f1 span_f1[align=first]"},
		{[]string{"span_f1[queries=gold]"}, "all", ParseOptions{}, "the run has queries=all"},
		{[]string{"nosuch"}, "", ParseOptions{}, "unknown"},
		{[]string{"gner_f1"}, "", ParseOptions{Form: "labels", Presets: []string{"gner_f1"}}, "gner_f1"},
		{[]string{"gner_f1", "b2ner_f1"}, "", ParseOptions{Form: "uniner_list"}, "gner_f1[reader=ladder] b2ner_f1[reader=ladder]"},
		{[]string{"reasoningner_f1"}, "", ParseOptions{Form: "wrapped_object", Presets: []string{"x_f1", "reasoningner_f1"}}, "reasoningner_f1"},
		{[]string{"reasoningner_f1"}, "", ParseOptions{Form: "object"}, "reasoningner_f1[reader=ladder]"},
	} {
		ids, err := MetricIDs(tc.ids, tc.queries, tc.how)
		if got := strings.Join(ids, " "); got != tc.want && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("MetricIDs(%q, %q) = %q, %v, want %s", tc.ids, tc.queries, got, err, tc.want)
		}
	}
}

// TestScoreDoesNotDependOnWorkers: equal answers have equal scores (docs/spec/metrics.md
// §8.4).
func TestScoreDoesNotDependOnWorkers(t *testing.T) {
	var all []told
	for i := range 500 {
		name := strings.Repeat("x", i%7+1)
		d := gold(fmt.Sprintf("d%d", i), name+" left", ner.Span{Start: 0, End: len(name), Type: "person"})
		all = append(all, told{d, []ner.Answer{one("person", fmt.Sprintf(`["%s", "y"]`, strings.Repeat("x", i%5+1)))}})
	}
	many := score(t, ParseOptions{Form: "uniner_list"}, nil, all...)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	single := score(t, ParseOptions{Form: "uniner_list"}, nil, all...)
	if fmt.Sprintf("%v", many) != fmt.Sprintf("%v", single) {
		t.Error("the number of workers changes the score")
	}
}

func TestScoreRefuses(t *testing.T) {
	x := told{gold("d0", "x"), []ner.Answer{one("person", "[]")}}
	docs, passages := sequences([]told{x})
	other, _ := sequences([]told{{gold("d9", "x"), nil}})
	none, _ := sequences(nil)
	broken := func(yield func(*ner.Document, error) bool) { yield(nil, fmt.Errorf("file:3: broken")) }
	for name, tc := range map[string]struct {
		plan ScorePlan
		want string
	}{
		"other data":     {ScorePlan{Documents: other, Passages: passages, Parsing: ParseOptions{Form: "uniner_list"}}, "the data is different"},
		"fewer data":     {ScorePlan{Documents: none, Passages: passages, Parsing: ParseOptions{Form: "uniner_list"}}, "the data is different"},
		"broken data":    {ScorePlan{Documents: broken, Passages: passages, Parsing: ParseOptions{Form: "uniner_list"}}, "file:3"},
		"unknown form":   {ScorePlan{Documents: docs, Passages: passages, Parsing: ParseOptions{Form: "nosuch"}}, "unknown"},
		"unknown metric": {ScorePlan{Documents: docs, Passages: passages, Parsing: ParseOptions{Form: "uniner_list"}, Metrics: []string{"f1"}}, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Score(t.Context(), tc.plan); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestImported(t *testing.T) {
	d := gold("d0", "Ada in Essa .", ner.Span{Start: 0, End: 3, Type: "person"})
	u, err := Imported(d, ner.Prediction{Mentions: []ner.FlaggedMention{{Mention: ner.Mention{Text: "Ada", Type: "person"}}, {Mention: ner.Mention{Text: "Cy", Type: "person"}}}}, ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Passage.Pred) != 1 || len(u.Passage.Unaligned) != 1 || len(u.Passage.Published) != 1 || len(u.Passage.Published[0].Pred) != 2 {
		t.Errorf("mentions give %+v", u.Passage)
	}
	u, err = Imported(d, ner.Prediction{Spans: []ner.Span{{Start: 0, End: 3, Type: "person"}, {Start: -9, End: -2, Type: "person"}}}, ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Passage.Pred) != 2 || len(u.Passage.Published[0].Pred) != 1 {
		t.Errorf("spans give %+v", u.Passage)
	}
}

// TestThinkingMarks checks the counters of thinking and of the token limit.
func TestThinkingMarks(t *testing.T) {
	counters := map[string]int{}
	d := &ner.Document{Text: "text"}
	plan := &ScorePlan{Parsing: ParseOptions{Thinking: []answers.ThinkingMark{{Open: "((", Close: "))"}}}}
	for _, c := range []ner.Completion{
		{Text: "((hm))[]", Finish: ner.FinishStop},
		{Text: "analysisHm.assistantfinal[]", Finish: ner.FinishStop},
		{Text: "[]", Finish: ner.FinishStop},
		{Text: "[]", Thinking: "hm", Finish: ner.FinishStop},
		{Text: " \n", Thinking: "hm", Finish: ner.FinishLength},
		{Text: "<Think>hm</Think>[]", Finish: ner.FinishStop},
		{Text: "[THINK]hm[/THINK][]", Finish: ner.FinishStop},
		{Text: `["thinking"]`, Finish: ner.FinishLength},
		{Text: "", Finish: ner.FinishStop},
		{Text: "400 Bad Request: <think>", Finish: ner.FinishRefused},
	} {
		plan.mark(counters, d, []ner.Answer{{Completion: c}})
	}
	for name, want := range map[string]int{WithThinking: 6, BlankWithThinking: 1, AtTokenLimit: 2} {
		if counters[name] != want {
			t.Errorf("%s is %d, want %d", name, counters[name], want)
		}
	}
}

// TestMarks checks the counters of queries that a model may misinterpret
// (docs/spec/prompts.md §2.4, §2.6).
func TestMarks(t *testing.T) {
	long := one("place", "[]")
	long.Completion.PromptTokens = 1025
	refused := answer([]ner.EntityType{"person"}, "", ner.FinishTooLong)
	refused.Completion.PromptTokens = 3000
	all := []told{
		{gold("d0", "She wrote </s> twice ."), []ner.Answer{one("person", "[]"), one("place", "[]")}},
		{gold("d1", "She wrote < /s> once ."), []ner.Answer{refused, long}},
	}
	docs, passages := sequences(all)
	how := ParseOptions{Form: "uniner_list", Types: scoreTypes}
	s, err := Score(t.Context(), ScorePlan{Documents: docs, Passages: passages, Parsing: how, TrainedTokens: 1024})
	if err != nil {
		t.Fatal(err)
	}
	if s.Counters["prompt_has_control"] != 2 || s.Counters["beyond_training_length"] != 1 {
		t.Errorf("counters are %v", s.Counters)
	}
	s = score(t, ParseOptions{Form: "list"}, nil, all...)
	if _, marked := s.Counters["beyond_training_length"]; marked || s.Counters["prompt_has_control"] != 2 {
		t.Errorf("counters of another family are %v", s.Counters)
	}
	s = score(t, ParseOptions{Form: "spans"}, nil, told{all[0].doc, []ner.Answer{one("person", "[]")}})
	if n, marked := s.Counters["prompt_has_control"]; marked {
		t.Errorf("%d queries without a prompt are marked", n)
	}
}
