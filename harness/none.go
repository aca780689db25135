package harness

import (
	"fmt"
	"maps"
	"slices"

	"nerbench/ner"
	"nerbench/results"
)

// WhyNone is the reason why no run fits conditions: a value that no run has, with the
// values that the user may have meant.
func WhyNone(runs []results.RunInfo, where map[string][]string) string {
	for _, key := range slices.Sorted(maps.Keys(where)) {
		for _, value := range where[key] {
			if len(fitting(runs, map[string][]string{key: {value}})) > 0 {
				continue
			}
			known := map[string]bool{}
			for _, r := range runs {
				for _, v := range []string{r.Keys[key], r.Shown()[key], ner.KeyValue(r.Keys, key)} {
					if v != "" && v != "-" {
						known[v] = true
					}
				}
			}
			if value == "" {
				return fmt.Sprintf("no run matches: all runs have the key %s", key)
			}
			return fmt.Sprintf("no run matches: no run has %s=%s%s", key, value, ner.DidYouMean(value, slices.Sorted(maps.Keys(known))))
		}
	}
	return "no run matches"
}
