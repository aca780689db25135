package reference

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the slice of the vectors")

// sliced holds the number of bytes of cases that the slice keeps of a file. All
// cases with a new trait are kept, and then the next cases up to this size. 0 keeps
// the whole file. Files of other projects are never included.
var sliced = map[string]int{
	"vectors/handmade.json":             0,
	"vectors/sampling.json":             0,
	"vectors/bench/expected.json":       0,
	"vectors/aggregates.json":           20_000,
	"vectors/align_mentions.json":       50_000,
	"vectors/align_tiers.json":          50_000,
	"vectors/b2ner_outputs.json":        15_000,
	"vectors/buckets.json":              20_000,
	"vectors/gner_outputs.json":         20_000,
	"vectors/gollie_outputs.json":       15_000,
	"vectors/instructuie_outputs.json":  15_000,
	"vectors/projection.json":           25_000,
	"vectors/reasoningner_outputs.json": 20_000,
	"vectors/spans_flat.json":           30_000,
	"vectors/spans_nested.json":         40_000,
	"vectors/stats_paired.json":         20_000,
	"vectors/stats_seeded.json":         60_000,
	"vectors/tags_*.json":               15_000,
	"vectors/uniner_answers.json":       30_000,

	"vectors-prompts/answers.json":   0,
	"vectors-prompts/choices.json":   0,
	"vectors-prompts/distill.json":   0,
	"vectors-prompts/documents.json": 0,
	"vectors-prompts/schemas.json":   0,
	"vectors-prompts/render-*.json":  20_000,
}

// TestSlice compares the slice with the vectors that it was cut from. With -update
// it rewrites the slice.
func TestSlice(t *testing.T) {
	for pattern, size := range sliced {
		files, err := filepath.Glob(Path(t, filepath.FromSlash(filepath.Dir(pattern))) + "/" + filepath.Base(pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files: %v", pattern, err)
		}
		for _, whole := range files {
			name := filepath.Dir(pattern) + "/" + filepath.Base(whole)
			t.Run(name, func(t *testing.T) { checkSlice(t, whole, filepath.Join("testdata", name), size) })
		}
	}
}

func checkSlice(t *testing.T, whole, kept string, size int) {
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	want, err := cut(data, size)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(kept, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not a slice of %s: go test ./internal/reference -update rewrites it", kept, whole)
	}
}

// cut returns a file of vectors with some of its cases, one per line. It removes
// the outcomes of other evaluators, and those of the corpus, which are only valid
// for all cases.
func cut(file []byte, size int) ([]byte, error) {
	var head map[string]json.RawMessage
	if err := json.Unmarshal(file, &head); err != nil {
		return nil, err
	}
	list := "cases"
	if bytes.HasPrefix(head["answers"], []byte("[")) {
		list = "answers"
	}
	delete(head, "peers")
	delete(head, "corpus")
	if head[list] == nil { // another structure: keep all of it
		whole, err := compact(head)
		return append(whole, '\n'), err
	}
	var cases []json.RawMessage
	if err := json.Unmarshal(head[list], &cases); err != nil {
		return nil, err
	}
	for i, c := range cases {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(c, &members); err != nil {
			return nil, err
		}
		delete(members, "peers")
		var err error
		if cases[i], err = compact(members); err != nil {
			return nil, err
		}
	}
	if size > 0 {
		var err error
		if cases, err = choose(cases, size); err != nil {
			return nil, err
		}
	}
	delete(head, list)
	begin, err := compact(head)
	if err != nil {
		return nil, err
	}
	out := fmt.Appendf(nil, "%s,%q:[", begin[:len(begin)-1], list)
	for i, c := range cases {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, '\n'), c...)
	}
	return append(out, "\n]}\n"...), nil
}

// compact writes a value without white space and does not escape "<".
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// choose keeps the cases with a trait that no case before them has, and then the
// first others until they have size bytes, in the order of the file.
func choose(cases []json.RawMessage, size int) ([]json.RawMessage, error) {
	seen, keep, kept := map[string]bool{}, make([]bool, len(cases)), 0
	for i, c := range cases {
		var v map[string]any
		if err := json.Unmarshal(c, &v); err != nil {
			return nil, err
		}
		for _, trait := range traits(v) {
			if !seen[trait] {
				seen[trait], keep[i] = true, true
			}
		}
		if keep[i] {
			kept += len(c)
		}
	}
	var out []json.RawMessage
	for i, c := range cases {
		if !keep[i] && kept+len(c) <= size {
			keep[i] = true
			kept += len(c)
		}
		if keep[i] {
			out = append(out, c)
		}
	}
	return out, nil
}

var digits = regexp.MustCompile(`\d+`)

// traits are the features that a case covers: the family of its name, the values of
// members that name a kind, pairs of them for a prompt, and the members that are
// absent, null, empty or true.
func traits(c map[string]any) []string {
	var out []string
	name, _ := c["name"].(string)
	if family := digits.ReplaceAllString(name, "#"); strings.HasPrefix(name, "systems-") {
		out = append(out, name) // each has a different number of systems
	} else {
		out = append(out, family)
	}
	if c["variant"] != nil {
		out = append(out, fmt.Sprint(c["variant"], c["types"], c["error"]), fmt.Sprint(c["variant"], c["document"]))
	}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case nil:
			out = append(out, key+" null")
		case bool:
			out = append(out, fmt.Sprint(key, v))
		case string:
			if v == "" || slices.Contains([]string{"kind", "kinds", "form", "status", "error", "wording", "dataset", "scheme", "demonstrations"}, key) {
				out = append(out, key+" "+v)
			}
		case []any:
			if len(v) == 0 {
				out = append(out, key+" empty")
			}
			for _, item := range v {
				walk(key, item)
			}
		case map[string]any:
			for k, item := range v {
				if key == "per_type" || key == "econ" || key == "efre" || key == "rows" || key == "domain_mean" {
					k = key // names that only this case has
				}
				walk(k, item)
			}
		}
	}
	for k, v := range c {
		out = append(out, "has "+k)
		walk(k, v)
	}
	return out
}
