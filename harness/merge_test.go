package harness

import (
	"reflect"
	"strings"
	"testing"

	"nerbench/results"
)

// TestRunsApart: incomplete runs that differ only in what identifies the model or the data
// are named, since they may have been meant as parts of one.
func TestRunsApart(t *testing.T) {
	run := func(id string, complete int, pairs ...string) results.MergedRun {
		keys := map[string]string{"model": "vllm/x", "dataset": "mit-movie", "data": "d"}
		for i := 0; i < len(pairs); i += 2 {
			keys[pairs[i]] = pairs[i+1]
		}
		return results.MergedRun{ID: id, Keys: keys, Passages: 10, Complete: complete}
	}
	for name, c := range map[string]struct {
		runs []results.MergedRun
		want []RunsApart
		note string
	}{
		"addresses":      {[]results.MergedRun{run("1", 5, "address", "http://a"), run("2", 5, "address", "http://b", "server_version", "0.2")}, []RunsApart{{[]string{"1", "2"}, []string{"server_version", "address"}}}, "runs 1, 2 are incomplete, and differ only in server_version, address: their answers do not join (run --weights"},
		"data":           {[]results.MergedRun{run("1", 5), run("2", 5, "data", "e"), run("3", 0, "data", "f")}, []RunsApart{{[]string{"1", "2", "3"}, []string{"data"}}}, "differ only in data: their answers do not join"},
		"one is whole":   {[]results.MergedRun{run("1", 10), run("2", 5, "data", "e")}, []RunsApart{}, ""},
		"other settings": {[]results.MergedRun{run("1", 5), run("2", 5, "temperature", "1"), run("3", 5, "dataset", "mit-restaurant")}, []RunsApart{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := runsApart(c.runs)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("apart %+v, want %+v", got, c.want)
			}
			if c.note != "" && !strings.Contains(got[0].Note(), c.note) {
				t.Errorf("note %q", got[0].Note())
			}
		})
	}
}
