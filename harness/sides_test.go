package harness

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"nerbench/results"
)

// runsWith are runs whose keys are written "key=value key=value"; their ids are their
// places.
func runsWith(keys ...string) []results.RunInfo {
	var runs []results.RunInfo
	for i, text := range keys {
		r := results.RunInfo{ID: string(rune('a' + i)), Keys: map[string]string{"model": "m"}}
		for pair := range strings.FieldsSeq(text) {
			key, value, _ := strings.Cut(pair, "=")
			r.Keys[key] = strings.ReplaceAll(value, "_", " ")
		}
		runs = append(runs, r)
	}
	return runs
}

// TestChoices checks that the proposed conditions select one run on each dataset, and
// that they are as few as possible.
func TestChoices(t *testing.T) {
	for _, tc := range []struct {
		name string
		runs []results.RunInfo
		want []string
	}{
		{"one key", runsWith("dataset=x temperature=0", "dataset=x temperature=1"), []string{"model=m,temperature=0", "model=m,temperature=1"}},
		{"absent key", runsWith("dataset=x", "dataset=x limit=5"), []string{"model=m,limit=", "model=m,limit=5"}},
		{"several datasets", runsWith("dataset=x limit=5", "dataset=x", "dataset=y", "dataset=y limit=5", "dataset=z"), []string{"model=m,limit=5", "model=m,limit="}},
		{"value of another dataset", runsWith("dataset=x limit=5", "dataset=x", "dataset=y limit=7"), []string{"model=m,limit=5", "model=m,limit="}},
		{"keys of the user first", runsWith("dataset=x family=a family_hash=1", "dataset=x family=b family_hash=2"), []string{"model=m,family=a", "model=m,family=b"}},
		{"one of two keys", runsWith("dataset=x think=off limit=1", "dataset=x think=on limit=1", "dataset=x think=on limit=2"), []string{
			"model=m,think=off,limit=1", "model=m,think=on,limit=1", "model=m,think=on,limit=2",
		}},
		{"seed of training", runsWith("dataset=x digest=1 training=p_seed=0", "dataset=x digest=2 training=p_seed=5"), []string{"model=m,sampling_seed=0", "model=m,sampling_seed=5"}},
		{"dependent key", runsWith("dataset=x digest=1", "dataset=x digest=2"), []string{"model=m,digest=1", "model=m,digest=2"}},
		{"values with commas", runsWith("dataset=x stop=a,b", "dataset=x stop=c,d"), []string{"a", "b"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			where := map[string][]string{"model": {"m"}}
			_, err := byDataset("m", tc.runs, where)
			several, ok := err.(*AmbiguousError)
			if !ok {
				t.Fatalf("error is %v, want an AmbiguousError", err)
			}
			var names []string
			for _, c := range several.Choices {
				names = append(names, c.Name)
			}
			if !slices.Equal(names, tc.want) {
				t.Fatalf("choices are %q, want %q", names, tc.want)
			}
			for i, choice := range names {
				if !strings.Contains(choice, "=") {
					continue
				}
				conditions, err := ParseWhere(strings.Split(choice, ","), func(string) bool { return true })
				if err != nil {
					t.Fatal(err)
				}
				one, err := byDataset(choice, fitting(tc.runs, conditions), conditions)
				if err != nil || len(one) == 0 {
					t.Errorf("%s selects %v, %v", choice, one, err)
				}
				if datasets := several.Choices[i].Datasets; !slices.Equal(datasets, slices.Sorted(maps.Keys(one))) {
					t.Errorf("%s: datasets %q, and it selects %v", choice, datasets, one)
				}
			}
		})
	}
	if one, err := byDataset("m", runsWith("dataset=x", "dataset=y"), nil); err != nil || len(one) != 2 {
		t.Errorf("runs on two datasets: %v, %v", one, err)
	}
}

// TestWhyNone: the reason names a value that no run has, and similar ones.
func TestWhyNone(t *testing.T) {
	runs := runsWith("dataset=crossner-ai model=tiny think=off", "dataset=mit-movie model=tagger training=p_seed=5")
	for _, tc := range []struct {
		name  string
		where map[string][]string
		want  string
	}{
		{"a typing error", map[string][]string{"dataset": {"crosner-ai"}}, `no run matches: no run has dataset=crosner-ai; did you mean "crossner-ai"?`},
		{"the second value", map[string][]string{"model": {"tiny", "taggr"}}, `no run matches: no run has model=taggr; did you mean "tagger"?`},
		{"a seed of training", map[string][]string{"sampling_seed": {"55"}}, `no run matches: no run has sampling_seed=55; did you mean "5"?`},
		{"nothing similar", map[string][]string{"model": {"gguf/other.gguf"}}, `no run matches: no run has model=gguf/other.gguf`},
		{"no value", map[string][]string{"dataset": {""}}, `no run matches: all runs have the key dataset`},
		{"each value, and never together", map[string][]string{"model": {"tiny"}, "dataset": {"mit-movie"}}, `no run matches`},
	} {
		if got := WhyNone(runs, tc.where); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestNamedModels(t *testing.T) {
	runs := runsWith("dataset=x model=gguf/m/a.gguf", "dataset=x model=gguf/b.gguf", "dataset=x model=tagger")
	for _, tc := range []struct{ given, want string }{
		{"gguf/b.gguf", "gguf/b.gguf"},
		{"gguf/./b.gguf", "gguf/b.gguf"},
		{"gguf//elsewhere/m/a.gguf", "gguf/m/a.gguf"},
		{"gguf/models/m/a.gguf", "gguf/m/a.gguf"}, // named by an older version
		{"gguf/c.gguf", "gguf/c.gguf"},
		{"tagger", "tagger"},
		{"", ""},
	} {
		where := namedModels(runs, map[string][]string{"model": {tc.given}, "limit": {"5"}})
		if got := strings.Join(where["model"], "|"); got != tc.want || where["limit"] == nil {
			t.Errorf("%s: model is %s, want %s", tc.given, got, tc.want)
		}
	}
}
