package prompts_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/prompts"
)

// vectorDocument is a document with its gold, offsets in code points.
type vectorDocument struct {
	ID, Text string
	Tokens   []string // of the text, one blank between two; nil: none
	Gold     [][3]any
}

func (v vectorDocument) document(t testing.TB) *ner.Document {
	t.Helper()
	d := &ner.Document{ID: v.ID, Text: v.Text}
	at := 0
	for _, token := range v.Tokens {
		d.Tokens = append(d.Tokens, ner.Range{Start: at, End: at + len(token)})
		at += len(token) + 1
	}
	points := ner.NewCodePoints(v.Text)
	for _, g := range v.Gold {
		start, err1 := points.Byte(int(g[0].(float64)))
		end, err2 := points.Byte(int(g[1].(float64)))
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		d.Spans = append(d.Spans, ner.Span{Start: start, End: end, Type: ner.EntityType(g[2].(string))})
	}
	return d
}

type vectorType struct {
	Native, Natural, Definition, Phrase, Guidelines string
	Examples                                        []string
}

type vectorDocuments struct {
	Documents, Demonstrations []vectorDocument
	TypeSets                  map[string][]vectorType `json:"type_sets"`
}

// types returns a type set; "t1_2" are the first two types of t1.
func (v vectorDocuments) types(name string) []prompts.TypeInfo {
	set, n := v.TypeSets[name], 0
	if set == nil {
		fmt.Sscanf(name[3:], "%d", &n)
		set = v.TypeSets[name[:2]][:n]
	}
	var out []prompts.TypeInfo
	for _, t := range set {
		out = append(out, prompts.TypeInfo{
			Name: ner.EntityType(t.Natural), Native: t.Native, Definition: t.Definition, Phrase: t.Phrase, Guidelines: t.Guidelines, Examples: t.Examples,
		})
	}
	return out
}

func find(t testing.TB, list []vectorDocument, id string) *ner.Document {
	t.Helper()
	i := slices.IndexFunc(list, func(d vectorDocument) bool { return d.ID == id })
	if i < 0 {
		t.Fatalf("document %s: unknown", id)
	}
	return list[i].document(t)
}

type renderCase struct {
	Variant, Document, Types, Type, Dataset, Wording string
	Demonstrations                                   []string
	Prompt, SHA256, Error                            string
	Messages                                         []ner.Message
}

// withoutVectors are the families of which the reference has no vectors.
var withoutVectors = []string{"spans"}

// TestRender holds every prompt of the vectors byte for byte.
func TestRender(t *testing.T) { reference.EachSet(t, renderVectors) }

func renderVectors(t *testing.T, set reference.Set) {
	var docs vectorDocuments
	set.Read(t, &docs, "vectors-prompts", "documents.json")
	tested := 0
	for _, f := range prompts.Families {
		if slices.Contains(withoutVectors, f.Name) {
			continue
		}
		var file struct{ Cases []renderCase }
		set.Read(t, &file, "vectors-prompts", "render-"+f.Name+".json")
		if len(file.Cases) == 0 {
			t.Errorf("%s: no cases", f.Name)
		}
		tested += len(file.Cases)
		t.Run(f.Name, func(t *testing.T) {
			for i, c := range file.Cases {
				t.Run(fmt.Sprintf("%03d-%s-%s-%s-%s", i, c.Variant, c.Document, c.Types, c.Type), func(t *testing.T) {
					checkRender(t, docs, f.Name, c)
				})
			}
		})
	}
	if set.Whole && tested != 1042 {
		t.Errorf("%d prompts were tested, want 1042", tested)
	}
}

func checkRender(t *testing.T, docs vectorDocuments, family string, c renderCase) {
	dataset := prompts.Dataset{ID: "row", Types: docs.types(c.Types)}
	s := prompts.Settings{Family: family, Variant: c.Variant, Dataset: c.Dataset, Wording: c.Wording}
	if c.Demonstrations != nil {
		dataset.Train, s.Shots, s.Seed = demonstrations(t, docs, c.Demonstrations)
	}
	r, err := prompts.New(dataset, s)
	if c.Error != "" {
		var refusal *prompts.Refusal
		if !errors.As(err, &refusal) || refusal.Code != c.Error {
			t.Fatalf("error is %v, want %s", err, c.Error)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	queries, err := r.Queries(find(t, docs.Documents, c.Document))
	if err != nil {
		t.Fatal(err)
	}
	q := queries[0]
	if c.Type != "" {
		q = queries[slices.Index(r.Words(), c.Type)]
	}
	if q.Prompt.Text != c.Prompt {
		t.Errorf("prompt is\n%q\nwant\n%q", q.Prompt.Text, c.Prompt)
	}
	if !slices.Equal(q.Prompt.Messages, c.Messages) {
		t.Errorf("messages are\n%q\nwant\n%q", q.Prompt.Messages, c.Messages)
	}
	sum := sha256.New()
	io.WriteString(sum, q.Prompt.Text)
	for _, m := range q.Prompt.Messages {
		fmt.Fprintf(sum, "%s\x1f%s\x1e", m.Role, m.Content)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != c.SHA256 {
		t.Errorf("sha256 is %s, want %s", got, c.SHA256)
	}
}

// demonstrations finds a seed whose random choice is the wanted list: the
// vectors name demonstrations, not how they were chosen.
func demonstrations(t *testing.T, docs vectorDocuments, ids []string) ([]*ner.Document, string, int) {
	t.Helper()
	var train []*ner.Document
	for _, id := range ids {
		train = append(train, find(t, docs.Demonstrations, id))
	}
	for seed := range 1000 {
		if slices.Equal(prompts.Order(seed, "fewshot", []string{"row"}, ids), ids) {
			return train, fmt.Sprintf("%d:random", len(ids)), seed
		}
	}
	t.Fatal("no seed gives the order of the demonstrations")
	return nil, "", 0
}

func TestChoices(t *testing.T) { reference.EachSet(t, choiceVectors) }

func choiceVectors(t *testing.T, set reference.Set) {
	var v struct {
		Hash []struct {
			Seed    int
			Purpose string
			Parts   []string
			H       string
		}
		TypeOrder []struct {
			Mode, Row, Document string
			Seed                int
			Types, Result       []string
		} `json:"type_order"`
		Draw []struct {
			Seed    int
			Purpose string
			Context []string
			Pool    [][2]any
			N       int
			Result  []string
		}
		QuerySets struct {
			Frequency map[ner.EntityType]int
			Types     []string
			Cases     []struct {
				Mode, Row, Document string
				Seed                int
				Gold, Result        []string
			}
		} `json:"query_sets"`
		Demonstrations struct {
			Row   string
			Train []struct {
				ID, Text string
				Types    []string
			}
			Cases []struct {
				Seed, K, Empty int
				Mode           string
				TestText       string `json:"test_text"`
				Result         []string
			}
		}
	}
	set.Read(t, &v, "vectors-prompts", "choices.json")
	for i, c := range v.Hash {
		t.Run(fmt.Sprintf("hash-%d", i), func(t *testing.T) {
			if got := fmt.Sprint(ner.Hash(c.Seed, c.Purpose, c.Parts...)); got != c.H {
				t.Errorf("hash is %s, want %s", got, c.H)
			}
		})
	}
	for i, c := range v.Draw {
		t.Run(fmt.Sprintf("draw-%d", i), func(t *testing.T) {
			var pool []prompts.Weighted
			for _, p := range c.Pool {
				pool = append(pool, prompts.Weighted{Item: p[0].(string), Weight: uint64(p[1].(float64))})
			}
			if got := prompts.Draw(c.Seed, c.Purpose, c.Context, pool, c.N); !slices.Equal(got, c.Result) {
				t.Errorf("drawn %q, want %q", got, c.Result)
			}
		})
	}
	for i, c := range v.TypeOrder {
		t.Run(fmt.Sprintf("order-%d-%s", i, c.Mode), func(t *testing.T) {
			checkAsked(t, prompts.Dataset{ID: c.Row, Types: named(c.Types)}, prompts.Settings{Order: c.Mode, Seed: c.Seed}, &ner.Document{ID: c.Document}, c.Result)
		})
	}
	for i, c := range v.QuerySets.Cases {
		t.Run(fmt.Sprintf("queries-%d-%s", i, c.Mode), func(t *testing.T) {
			d := &ner.Document{ID: c.Document, Text: "x"}
			for _, g := range c.Gold {
				d.Spans = append(d.Spans, ner.Span{Start: 0, End: 1, Type: ner.EntityType(g)})
			}
			dataset := prompts.Dataset{ID: c.Row, Types: named(v.QuerySets.Types), Frequency: v.QuerySets.Frequency}
			checkAsked(t, dataset, prompts.Settings{Queries: c.Mode, Seed: c.Seed}, d, c.Result)
		})
	}
	for i, c := range v.Demonstrations.Cases {
		t.Run(fmt.Sprintf("demonstrations-%d-%s", i, c.Mode), func(t *testing.T) {
			dataset := prompts.Dataset{ID: v.Demonstrations.Row}
			for _, d := range v.Demonstrations.Train {
				doc := &ner.Document{ID: d.ID, Text: d.Text}
				for _, typ := range d.Types {
					doc.Spans = append(doc.Spans, ner.Span{Start: 0, End: 1, Type: ner.EntityType(typ)})
				}
				dataset.Train = append(dataset.Train, doc)
			}
			shots := fmt.Sprintf("%d:%s", c.K, c.Mode)
			if c.Empty > 0 {
				shots += fmt.Sprintf(":%d", c.Empty)
			}
			chosen, err := prompts.Chosen(dataset, shots, c.Seed, c.TestText)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range chosen {
				got = append(got, d.ID)
			}
			if !slices.Equal(got, c.Result) {
				t.Errorf("shown %q, want %q", got, c.Result)
			}
		})
	}
}

func named(types []string) []prompts.TypeInfo {
	var out []prompts.TypeInfo
	for _, t := range types {
		out = append(out, prompts.TypeInfo{Name: ner.EntityType(t)})
	}
	return out
}

func checkAsked(t *testing.T, dataset prompts.Dataset, s prompts.Settings, d *ner.Document, want []string) {
	t.Helper()
	r, err := prompts.New(dataset, s)
	if err != nil {
		t.Fatal(err)
	}
	queries, err := r.Queries(d)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range queries {
		got = append(got, string(q.Types[0]))
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// TestSchemas holds the schemas, and the order of their members.
func TestSchemas(t *testing.T) { reference.EachSet(t, schemaVectors) }

func schemaVectors(t *testing.T, set reference.Set) {
	var docs vectorDocuments
	set.Read(t, &docs, "vectors-prompts", "documents.json")
	var v struct {
		Schemas map[string]map[string]json.RawMessage
	}
	set.Read(t, &v, "vectors-prompts", "schemas.json")
	for family, kind := range map[string]string{
		"uniner": "per_type_list", "json_per_type": "per_type_list", "json_by_type": "by_type_object", "json_list": "list_of_objects",
	} {
		for types, schemas := range v.Schemas {
			t.Run(family+"-"+types, func(t *testing.T) {
				r, err := prompts.New(prompts.Dataset{ID: "row", Types: docs.types(types)}, prompts.Settings{Family: family, Constrained: "schema"})
				if err != nil {
					t.Fatal(err)
				}
				q, err := r.Queries(&ner.Document{Text: "x"})
				if err != nil {
					t.Fatal(err)
				}
				var want bytes.Buffer
				if err := json.Compact(&want, schemas[kind]); err != nil {
					t.Fatal(err)
				}
				if got := string(q[0].Prompt.Schema); got != want.String() {
					t.Errorf("schema is %s, want %s", got, want.String())
				}
			})
		}
	}
}

// TestSampling holds the sample under the cap (docs/spec/metrics.md §10.5) against the
// vectors.
func TestSampling(t *testing.T) { reference.EachSet(t, samplingVectors) }

func samplingVectors(t *testing.T, set reference.Set) {
	var v struct {
		Cases []struct {
			Name, Row   string
			Seed, Types int
			Cap         int `json:"cap_pairs"`
			Passages    []string
			Expected    struct {
				Passages []string
				Pairs    int
			}
		}
	}
	set.Read(t, &v, "vectors", "sampling.json")
	for _, c := range v.Cases {
		t.Run(c.Name, func(t *testing.T) {
			var got []string
			for _, i := range prompts.Sample(c.Seed, c.Row, c.Passages, c.Types, c.Cap) {
				got = append(got, c.Passages[i])
			}
			if !slices.Equal(got, c.Expected.Passages) {
				t.Errorf("sampled %q, want %q", got, c.Expected.Passages)
			}
			if pairs := len(got) * c.Types; pairs != c.Expected.Pairs {
				t.Errorf("%d pairs, want %d", pairs, c.Expected.Pairs)
			}
		})
	}
}
