package reports

import (
	"slices"
	"strings"
	"testing"
)

func TestSystemNamesHaveTheKeysThatDiffer(t *testing.T) {
	trained := func(dataset, training string) Result {
		return result("tagger", dataset, 1, 2, 2).with("training", training).with("digest", "0123456789abcdef of "+training).tagger()
	}
	for _, test := range []struct {
		name    string
		results []Result
		want    []string // systems
		differ  string   // the warning about keys that differ
	}{
		{
			"a model that is trained on each dataset is one system",
			[]Result{trained("stars", "perceptron seed=0 data=s"), trained("courts", "perceptron seed=0 data=c")},
			[]string{"tagger"}, "",
		},
		{
			"its seeds split a system, its data does not",
			[]Result{
				trained("stars", "perceptron seed=0 data=s"), trained("stars", "perceptron seed=7 data=s"),
				trained("courts", "perceptron seed=0 data=c"),
			},
			[]string{"tagger (training seed=0)", "tagger (training seed=7)"}, "cells differ in: training",
		},
		{
			"imported files of several datasets are one system",
			[]Result{result("imported/m", "stars", 1, 2, 2).with("imported", "sha256:01 jsonl"), result("imported/m", "courts", 1, 2, 2).with("imported", "sha256:02 jsonl")},
			[]string{"imported/m"}, "",
		},
		{
			"two imported files of one dataset",
			[]Result{
				result("imported/m", "stars", 1, 2, 2).with("imported", "sha256:0123456789abcdef jsonl"), result("imported/m", "stars", 1, 2, 3).with("imported", "sha256:12 jsonl"),
			},
			[]string{"imported/m (imported=sha256:0123456789ab)", "imported/m (imported=sha256:12 jsonl)"}, "cells differ in: imported",
		},
		{
			"a model that was changed",
			[]Result{result("m", "stars", 1, 2, 2), result("m", "stars", 1, 2, 3).with("digest", "0123456789abcdef")},
			[]string{"m (digest=0123456789ab)", "m (digest=digest-of-m)"}, "cells differ in: digest",
		},
		{
			"layouts belong to the family",
			[]Result{result("m", "stars", 1, 2, 2).with("layout", "per-type"), result("m", "stars", 1, 2, 3).with("family", "gner").with("layout", "all")},
			[]string{"m (family=gner)", "m (family=uniner)"}, "cells differ in: family",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := build(t, test.results, Spec{Cols: KeySystem, Benchmark: benchmark()})
			if systems := table.Cols; !slices.Equal(systems, test.want) {
				t.Errorf("systems %q, want %q", systems, test.want)
			}
			differ := slices.DeleteFunc(table.Warnings, func(w string) bool { return !strings.HasPrefix(w, "cells differ") })
			if got := strings.Join(differ, "; "); got != test.differ {
				t.Errorf("warning %q, want %q", got, test.differ)
			}
		})
	}
}
