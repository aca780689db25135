package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/harness/files"
	"nerbench/metrics"
	"nerbench/ner"
)

// evalOutput is what the tests read of eval's JSON.
type evalOutput struct {
	Metrics   map[string]metrics.Figures
	ByType    map[ner.EntityType]map[string]metrics.Figures `json:"by_type"`
	TypeMacro map[string]*float64                           `json:"type_macro"`
	ByBucket  map[string][]map[string]any                   `json:"by_bucket"`
	Passages  int
	Tokens    int
}

func evalJSON(t *testing.T, stdin string, args ...string) evalOutput {
	t.Helper()
	var out evalOutput
	if err := json.Unmarshal([]byte(filtered(t, stdin, append([]string{"eval", "--json"}, args...)...)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// vectorCounts is a score as the vectors write it.
type vectorCounts struct {
	TP        float64             `json:"tp"`
	Exact     float64             `json:"exact"`
	Half      float64             `json:"half"`
	NPred     int                 `json:"n_pred"`
	NGold     int                 `json:"n_gold"`
	Precision float64             `json:"precision"`
	Recall    float64             `json:"recall"`
	F1        float64             `json:"f1"`
	PerType   map[string][3]int   `json:"per_type"`
	TypeMacro *float64            `json:"type_macro_f1"`
	Error     string              `json:"error"`
	Gold      [][]json.RawMessage `json:"gold"`
	Pred      [][]json.RawMessage `json:"pred"`
}

func (want vectorCounts) check(t *testing.T, got metrics.Figures) {
	t.Helper()
	near := func(p *float64, want float64) bool {
		return p == nil && want == 0 || p != nil && math.Abs(*p-want) <= 1e-12
	}
	tp := want.TP + want.Exact + want.Half/2
	if got.TP != tp || got.NPred != want.NPred || got.NGold != want.NGold ||
		!near(got.Precision, want.Precision) || !near(got.Recall, want.Recall) || !near(got.F1, want.F1) {
		t.Errorf("got %s, want %+v", jsonLine(t, got), want)
	}
}

func writeLines(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTagsFilterVectors scores the tag vectors as column files.
func TestTagsFilterVectors(t *testing.T) {
	var files []string
	for _, scheme := range []string{"IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"} {
		files = append(files, "tags_"+scheme+"_wellformed.json", "tags_"+scheme+"_malformed.json")
	}
	eachVector(t, "tags", tagsFilterVector, files...)
}

type tagsVector struct {
	Scheme             string
	Tokens, Gold, Pred [][]string
	Expected           map[string]vectorCounts
}

func tagsFilterVector(t *testing.T, c tagsVector) {
	for mode, want := range c.Expected {
		if want.Error == "length" || !columnTags(c.Gold) || !columnTags(c.Pred) {
			continue // no column file can hold it
		}
		columns := columnFile(c.Tokens, c.Gold, c.Pred)
		args := []string{"--tags", "-", "--scheme", c.Scheme, "--mode", mode}
		if want.Error == "prefix" {
			failing(t, columns, "prefix outside the scheme "+c.Scheme, append([]string{"eval"}, args...)...)
			failing(t, columns, "prefix outside the scheme "+c.Scheme, append([]string{"eval", "--taxonomy"}, args...)...)
			continue
		}
		for _, metric := range []string{"span_f1", "span_f1,semeval_strict_f1"} { // the fast way, and the other one
			want.checkTypes(t, evalJSON(t, columns, append(args, "--metric", metric)...), "span_f1")
		}
	}
}

// columnTags reports whether tags can stand in a column.
func columnTags(sentences [][]string) bool {
	return !slices.ContainsFunc(slices.Concat(sentences...), func(tag string) bool { return tag == "" || strings.ContainsAny(tag, " \t\n\r") })
}

// checkTypes checks the whole, each type, and the mean over types.
func (want vectorCounts) checkTypes(t *testing.T, got evalOutput, metric string) {
	t.Helper()
	want.check(t, got.Metrics[metric])
	for typ, n := range want.PerType {
		c := got.ByType[ner.EntityType(typ)][metric]
		if [3]int{int(c.TP), c.NPred, c.NGold} != n {
			t.Errorf("type %s: %+v, want %v", typ, c, n)
		}
	}
	macro := got.TypeMacro[metric]
	if (macro == nil) != (want.TypeMacro == nil) || macro != nil && math.Abs(*macro-*want.TypeMacro) > 1e-12 {
		t.Errorf("type_macro is %v, want %v", macro, want.TypeMacro)
	}
}

func columnFile(tokens, gold, pred [][]string) string {
	var b strings.Builder
	for i := range gold {
		for k := range gold[i] {
			fmt.Fprintf(&b, "%s %s %s\n", strings.Map(noSpace, tokens[i][k]), gold[i][k], pred[i][k])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// noSpace: a token of a column file holds no separator.
func noSpace(r rune) rune {
	if r == ' ' || r == '\t' || r == '\n' {
		return '_'
	}
	return r
}

// TestPairsFilterVectors scores each case of the string vectors, and reads its
// answers with the official parser.
func TestPairsFilterVectors(t *testing.T) {
	eachVector(t, "uniner", func(t *testing.T, c struct {
		Pairs    [][2]string
		Expected struct {
			UniNER    vectorCounts `json:"uniner"`
			Partial   vectorCounts `json:"paper_partial"`
			ParsePred [][]string   `json:"parse_pred"`
			ParseGold [][]string   `json:"parse_gold"`
		}
	}) {
		var in, answers strings.Builder
		for _, p := range c.Pairs {
			in.WriteString(jsonLine(t, map[string]string{"pred": p[0], "gold": p[1]}))
			answers.WriteString(jsonLine(t, map[string]string{"text": p[0]}) + jsonLine(t, map[string]string{"text": p[1]}))
		}
		got := evalJSON(t, in.String(), "--pairs", "-", "--metric", "all")
		c.Expected.UniNER.check(t, got.Metrics["uniner_f1"])
		c.Expected.Partial.check(t, got.Metrics["paper_partial_f1"])
		got = evalJSON(t, in.String(), "--pairs", "-")
		c.Expected.UniNER.check(t, got.Metrics["uniner_f1"])

		lines := strings.SplitAfter(filtered(t, answers.String(), "parse", "--reader", "official", "--types", "x"), "\n")
		for i := range c.Pairs {
			for side, want := range [][]string{c.Expected.ParsePred[i], c.Expected.ParseGold[i]} {
				if texts := publishedTexts(t, lines[2*i+side]); !slices.Equal(texts, want) {
					t.Errorf("pair %d: %q is read as %q, want %q", i, c.Pairs[i][side], texts, want)
				}
			}
		}
	}, "uniner_answers.json")
}

// TestPresetPairsFilterVectors scores answers "type: entity; …" with the gold
// strings of the vectors, and reads them.
func TestPresetPairsFilterVectors(t *testing.T) {
	eachVector(t, "instructuie", presetPairsVector, "instructuie_outputs.json", "b2ner_outputs.json")
}

type pairsVector struct {
	Rows     [][2]string
	Expected struct {
		Original, Corrected, B2NER *vectorCounts
		GoldItems                  [][]string `json:"gold_items"`
		PredItems                  [][]string `json:"pred_items"`
	}
}

func presetPairsVector(t *testing.T, c pairsVector) {
	var in strings.Builder
	for _, r := range c.Rows {
		in.WriteString(jsonLine(t, map[string]string{"gold": r[0], "pred": r[1]}))
	}
	got := evalJSON(t, in.String(), "--pairs", "-", "--metric", "instructuie_original_f1,instructuie_f1,b2ner_f1")
	for id, want := range map[string]*vectorCounts{
		"instructuie_original_f1": c.Expected.Original, "instructuie_f1": c.Expected.Corrected, "b2ner_f1": c.Expected.B2NER,
	} {
		if want != nil {
			want.check(t, got.Metrics[id])
		}
	}
	for i := range c.Expected.GoldItems {
		for side, want := range [][]string{c.Expected.GoldItems[i], c.Expected.PredItems[i]} {
			items := publishedTexts(t, filtered(t, jsonLine(t, map[string]string{"text": c.Rows[i][side]}), "parse", "--reader", "published", "--family", "b2ner", "--types", "x"))
			slices.Sort(items)
			if !slices.Equal(items, want) {
				t.Errorf("dataset %d: items are %q, want %q", i, items, want)
			}
		}
	}
}

// publishedTexts are the mentions of a line that parse printed.
func publishedTexts(t *testing.T, line string) []string {
	t.Helper()
	var got files.PublishedAnswer
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatal(err)
	}
	texts := []string{}
	for _, m := range got.Mentions {
		texts = append(texts, m.Text)
	}
	return texts
}

// TestGNERFilterVectors scores answers "word(label) …" against documents whose
// gold are the entities of the labels.
func TestGNERFilterVectors(t *testing.T) {
	eachVector(t, "gner", func(t *testing.T, c struct {
		Examples []struct {
			Words, Labels, Types []string
			Answer               string
		}
		Expected struct{ GNER vectorCounts }
	}) {
		var gold, pred strings.Builder
		for i, e := range c.Examples {
			id := fmt.Sprint(i)
			gold.WriteString(jsonLine(t, labelledDocument(id, e.Words, e.Labels)))
			pred.WriteString(jsonLine(t, map[string]any{"id": id, "answers": []map[string]any{{"types": e.Types, "text": e.Answer}}}))
		}
		got := evalJSON(t, pred.String(), "--gold", writeLines(t, "gold.jsonl", gold.String()), "--pred", "-", "--metric", "gner_f1")
		c.Expected.GNER.check(t, got.Metrics["gner_f1"])
	}, "gner_outputs.json")
}

// labelledDocument is a line of a file of documents; an entity has the type of
// its last label.
func labelledDocument(id string, words, labels []string) map[string]any {
	tokens, spans := [][2]int{}, []map[string]any{}
	at := 0
	for _, w := range words {
		n := len([]rune(w))
		tokens = append(tokens, [2]int{at, at + n})
		at += n + 1
	}
	for i := 0; i < len(labels); {
		if labels[i] == "O" {
			i++
			continue
		}
		first := i
		for i++; i < len(labels) && strings.HasPrefix(labels[i], "I"); i++ {
		}
		spans = append(spans, map[string]any{"start": tokens[first][0], "end": tokens[i-1][1], "type": labels[i-1][2:]})
	}
	return map[string]any{"id": id, "text": strings.Join(words, " "), "tokens": tokens, "spans": spans}
}

// TestReasoningNERFilterVectors scores answers against gold without places.
func TestReasoningNERFilterVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, Answer string
			Types        []string
			Gold         [][2]string
			Expected     struct{ ReasoningNER vectorCounts }
		}
	}
	readVectors(t, &file, "vectors", "reasoningner_outputs.json")
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			gold := jsonLine(t, map[string]any{"id": "x", "text": "", "mentions": mentionLines(c.Gold)})
			pred := jsonLine(t, map[string]any{"id": "x", "answers": []map[string]any{{"types": c.Types, "text": c.Answer}}})
			got := evalJSON(t, pred, "--gold", writeLines(t, "gold.jsonl", gold), "--pred", "-", "--metric", "reasoningner_f1")
			c.Expected.ReasoningNER.check(t, got.Metrics["reasoningner_f1"])
		})
	}
}

// mentionLines are pairs of text and type.
func mentionLines(pairs [][2]string) []map[string]string {
	list := []map[string]string{}
	for _, p := range pairs {
		list = append(list, map[string]string{"text": p[0], "type": p[1]})
	}
	return list
}

// TestGoLLIEOutputsFilterVectors: gold and predictions are mentions with types.
func TestGoLLIEOutputsFilterVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name      string
			Documents []struct {
				Text       string
				Gold, Pred [][2]string // type, text
			}
			Expected struct {
				Filtered   vectorCounts `json:"gollie"`
				Unfiltered vectorCounts `json:"gollie_unfiltered"`
			}
		}
	}
	readVectors(t, &file, "vectors", "gollie_outputs.json")
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			var gold, pred strings.Builder
			for i, d := range c.Documents {
				id := fmt.Sprint(i)
				gold.WriteString(jsonLine(t, map[string]any{"id": id, "text": d.Text, "mentions": mentionLines(exchanged(d.Gold))}))
				pred.WriteString(jsonLine(t, map[string]any{"id": id, "mentions": mentionLines(exchanged(d.Pred))}))
			}
			got := evalJSON(t, pred.String(), "--gold", writeLines(t, "gold.jsonl", gold.String()), "--pred", "-", "--metric", "gollie_f1,gollie_unfiltered_f1")
			c.Expected.Filtered.check(t, got.Metrics["gollie_f1"])
			c.Expected.Unfiltered.check(t, got.Metrics["gollie_unfiltered_f1"])
		})
	}
}

func exchanged(pairs [][2]string) [][2]string {
	out := make([][2]string, len(pairs))
	for i, p := range pairs {
		out[i] = [2]string{p[1], p[0]}
	}
	return out
}

// TestProjectionFilterVectors: gold given back as spans is perfect as strings,
// and gold strings given back as mentions reach the ceilings of every mode.
func TestProjectionFilterVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name      string
			Documents []struct {
				Text   string
				Tokens [][2]int
				Gold   [][3]any
			}
			Expected struct {
				AsPred  [3]int `json:"uniner_gold_as_prediction"`
				Void    int    `json:"void_gold_answers"`
				Ceiling map[string]vectorCounts
			}
		}
	}
	readVectors(t, &file, "vectors", "projection.json")
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			var gold, spans strings.Builder
			mentions := map[string]*strings.Builder{"dedup": {}, "repeats": {}}
			for i, d := range c.Documents {
				id := fmt.Sprint(i)
				document := map[string]any{"id": id, "text": d.Text, "tokens": d.Tokens, "spans": spanLines(d.Gold)}
				gold.WriteString(jsonLine(t, document))
				spans.WriteString(jsonLine(t, map[string]any{"id": id, "spans": spanLines(d.Gold)}))
				for name, b := range mentions {
					b.WriteString(jsonLine(t, map[string]any{"id": id, "mentions": surfaceLines(d.Text, d.Gold, name == "dedup")}))
				}
			}
			goldFile := writeLines(t, "gold.jsonl", gold.String())
			var perfect struct {
				Metrics  map[string]metrics.Figures
				GoldVoid int `json:"gold_void"`
			}
			out := filtered(t, spans.String(), "eval", "--gold", goldFile, "--pred", "-", "--metric", "uniner_f1", "--json")
			if err := json.Unmarshal([]byte(out), &perfect); err != nil {
				t.Fatal(err)
			}
			m := perfect.Metrics["uniner_f1"]
			if [3]int{int(m.TP), m.NPred, m.NGold} != c.Expected.AsPred || perfect.GoldVoid != c.Expected.Void {
				t.Errorf("gold as prediction counts %+v, %d void, want %v, %d", m, perfect.GoldVoid, c.Expected.AsPred, c.Expected.Void)
			}
			for name, want := range c.Expected.Ceiling {
				mode, repeats, _ := strings.Cut(name, ".")
				got := evalJSON(t, mentions[repeats].String(), "--gold", goldFile, "--pred", "-", "--metric", "span_f1", "--align", mode, "--boundary", "token")
				for _, counts := range got.Metrics {
					want.check(t, counts)
				}
			}
		})
	}
}

// surfaceLines are gold strings in order of their places, each once if asked.
func surfaceLines(text string, gold [][3]any, once bool) []map[string]string {
	gold = slices.Clone(gold)
	slices.SortStableFunc(gold, func(a, b [3]any) int {
		return cmp.Or(cmp.Compare(a[0].(float64), b[0].(float64)), cmp.Compare(a[1].(float64), b[1].(float64)))
	})
	points := []rune(text)
	list := []map[string]string{}
	for _, g := range gold {
		m := map[string]string{"text": string(points[int(g[0].(float64)):int(g[1].(float64))]), "type": g[2].(string)}
		if !once || !slices.ContainsFunc(list, func(o map[string]string) bool { return maps.Equal(o, m) }) {
			list = append(list, m)
		}
	}
	return list
}

// TestGoLLIEFilterVectors: mentions against documents, where the gold strings
// are in the text.
func TestGoLLIEFilterVectors(t *testing.T) {
	eachVector(t, "align", func(t *testing.T, c alignVector) {
		spans, mentions := []map[string]any{}, []map[string]any{}
		for _, s := range c.Gold {
			spans = append(spans, map[string]any{"start": s[0], "end": s[1], "type": "x"})
		}
		for _, m := range c.Mentions {
			mentions = append(mentions, map[string]any{"text": m, "type": "x"})
		}
		gold := writeLines(t, "gold.jsonl", jsonLine(t, map[string]any{"id": "d", "text": c.Text, "spans": spans}))
		pred := jsonLine(t, map[string]any{"id": "d", "mentions": mentions})
		ids := []string{"gollie_f1", "gollie_unfiltered_f1", "uniner_f1"}
		for _, boundary := range []string{"word", "word_strict", "substring"} {
			for _, mode := range []string{"all", "first", "leftmost", "cursor", "longest"} {
				ids = append(ids, fmt.Sprintf("span_f1[align=%s,boundary=%s,tiers=1]", mode, boundary))
			}
		}
		var got evalOutput
		args := []string{"--gold", gold, "--pred", "-"}
		for _, id := range ids {
			args = append(args, "--metric", id)
		}
		got = evalJSON(t, pred, args...)
		check := func(id string, raw json.RawMessage) {
			var want vectorCounts
			var loose struct{ Spans, Unaligned any } // shapes of no interest here
			if err := json.Unmarshal(raw, &loose); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			want.check(t, got.Metrics[id])
		}
		check("gollie_f1", c.Expected["gollie"])
		check("gollie_unfiltered_f1", c.Expected["gollie_unfiltered"])
		check("uniner_f1", c.Expected["uniner"])
		for _, boundary := range []string{"word", "word_strict", "substring"} {
			var modes map[string]json.RawMessage
			if err := json.Unmarshal(c.Expected[boundary], &modes); err != nil {
				t.Fatal(err)
			}
			for mode, raw := range modes {
				m := "align=" + mode + ","
				if mode == "all" {
					m = ""
				}
				check(fmt.Sprintf("span_f1[%sboundary=%s,tiers=1]", m, boundary), raw)
			}
		}
	}, "align_mentions.json")
}

type alignVector struct {
	Text     string
	Gold     [][2]int
	Mentions []string
	Expected map[string]json.RawMessage
}

// TestColumnsFilterVectors scores column files with their oddities.
func TestColumnsFilterVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Kind, Name, Data string
			Expected         json.RawMessage
		}
	}
	readVectors(t, &file, "vectors", "handmade.json")
	n := 0
	for _, c := range file.Cases {
		if c.Kind != "columns" {
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			var want struct {
				Sentences, Tokens int
				Lenient           vectorCounts
				Error             string
				Line              int
			}
			if err := json.Unmarshal(c.Expected, &want); err != nil {
				t.Fatal(err)
			}
			if want.Error != "" {
				failing(t, c.Data, fmt.Sprintf("standard input:%d: ", want.Line), "eval", "--tags", "-")
				failing(t, c.Data, fmt.Sprintf("standard input:%d: ", want.Line), "eval", "--tags", "-", "--taxonomy")
				return
			}
			for _, more := range [][]string{nil, {"--taxonomy"}} {
				got := evalJSON(t, c.Data, append([]string{"--tags", "-"}, more...)...)
				want.Lenient.check(t, got.Metrics["span_f1"])
				if got.Passages != want.Sentences || got.Tokens != want.Tokens {
					t.Errorf("%d sentences, %d tokens, want %d and %d", got.Passages, got.Tokens, want.Sentences, want.Tokens)
				}
			}
		})
	}
	if n == 0 {
		t.Fatal("no cases of kind columns")
	}
}

// TestBucketFilter: bucket edges of the vectors through the program, entities of
// one token whose passages have as many tokens as the value says.
func TestBucketFilterVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name     string
			Values   []float64
			Buckets  int
			Expected struct {
				Continuous []struct{ Interval [2]float64 }
			}
		}
	}
	readVectors(t, &file, "vectors", "buckets.json")
	checked := 0
	for _, c := range file.Cases {
		whole := !slices.ContainsFunc(c.Values, func(v float64) bool { return v != math.Trunc(v) || v < 1 || v > 1000 })
		if c.Buckets != 4 || !whole || len(c.Values) == 0 {
			continue
		}
		checked++
		t.Run(c.Name, func(t *testing.T) {
			var columns strings.Builder
			for _, v := range c.Values {
				columns.WriteString("w B-x B-x\n" + strings.Repeat("w O O\n", int(v)-1) + "\n")
			}
			got := evalJSON(t, columns.String(), "--tags", "-", "--by", "bucket:sLen").ByBucket["sLen"]
			if len(got) != len(c.Expected.Continuous) {
				t.Fatalf("%d buckets, want %d", len(got), len(c.Expected.Continuous))
			}
			for i, want := range c.Expected.Continuous {
				if got[i]["low"] != want.Interval[0] || got[i]["high"] != want.Interval[1] {
					t.Errorf("bucket %d is %v, want %v", i, got[i], want.Interval)
				}
			}
		})
	}
	t.Logf("%d cases have whole values and four buckets", checked)
}

// TestConsistencyFilterVectors: the training passages of the vectors as --train,
// each of their entities asked for.
func TestConsistencyFilterVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name        string
			Words, Tags []string
			Expected    struct {
				ECon map[string]float64 `json:"econ"`
				EFre map[string]int     `json:"efre"`
			}
		}
	}
	readVectors(t, &file, "vectors", "buckets.json")
	n := 0
	for _, c := range file.Cases {
		if c.Words == nil {
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			train := writeLines(t, "train.conll", columnFile([][]string{c.Words}, [][]string{c.Tags}, [][]string{c.Tags}))
			for _, key := range slices.Sorted(maps.Keys(c.Expected.ECon)) {
				words, typ, _ := strings.Cut(key, "|||")
				if typ == "O" {
					continue
				}
				tags := []string{"B-" + typ}
				for range strings.Count(words, " ") {
					tags = append(tags, "I-"+typ)
				}
				columns := columnFile([][]string{strings.Split(words, " ")}, [][]string{tags}, [][]string{tags})
				got := evalJSON(t, columns, "--tags", "-", "--train", train, "--by", "bucket:eCon,bucket:eFre").ByBucket
				if b := fullBucket(t, got["eCon"]); c.Expected.ECon[key] < b["low"].(float64) || c.Expected.ECon[key] > b["high"].(float64) {
					t.Errorf("eCon of %q is %v, but is in bucket %v", key, c.Expected.ECon[key], b)
				}
				if b := fullBucket(t, got["eFre"]); b["low"] != float64(c.Expected.EFre[words]) {
					t.Errorf("eFre of %q is %v, but is in bucket %v", words, c.Expected.EFre[words], b)
				}
			}
		})
	}
	if n == 0 {
		t.Fatal("no cases of a training passage")
	}
}

// fullBucket is the one bucket with gold.
func fullBucket(t *testing.T, buckets []map[string]any) map[string]any {
	t.Helper()
	for _, b := range buckets {
		if b["span_f1"].(map[string]any)["n_gold"] == 1.0 {
			return b
		}
	}
	t.Fatalf("no bucket has the entity: %v", buckets)
	return nil
}
