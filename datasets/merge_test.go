package datasets_test

import (
	"strings"
	"testing"

	"nerbench/datasets"
)

// TestMergeReferences: entries of the user stay, and only those that are missing are added.
func TestMergeReferences(t *testing.T) {
	entry := func(key string) datasets.Reference {
		return datasets.Reference{Key: key, Type: "misc", Fields: []datasets.ReferenceField{{Name: "title", Value: key}}}
	}
	references := []datasets.Reference{entry("a2020"), entry("b2020")}
	both, changed := datasets.MergeReferences(nil, references)
	if !changed || strings.Count(string(both), "@misc{") != 2 {
		t.Errorf("changed is %v:\n%s", changed, both)
	}
	if again, changed := datasets.MergeReferences(both, references); changed || string(again) != string(both) {
		t.Errorf("changed is %v:\n%s", changed, again)
	}
	own := "@article{ a2020 ,\n  title = {mine},\n}\n\n\n"
	merged, changed := datasets.MergeReferences([]byte(own), references)
	if !changed || !strings.HasPrefix(string(merged), strings.TrimRight(own, "\n")+"\n\n@misc{b2020,") || strings.Contains(string(merged), "@misc{a2020") {
		t.Errorf("changed is %v:\n%s", changed, merged)
	}
}
