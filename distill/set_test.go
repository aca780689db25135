package distill

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func exampleSet() *Set {
	return &Set{
		Build: Build{
			Settings: Settings{Negatives: "frequency", Ratio: 1.5, Guard: "none", Order: "shuffled", Dev: 0.02, Variant: "repo"},
			Counts:   Counts{Passages: 2, Conversations: 2, Questions: 3, Negatives: 1},
			Seen:     []string{"ncbi"},
			Table1:   Statistics(map[string]int{"person": 2, "city": 1}, 2),
			Sources:  []Source{{Dir: "data", Kept: "aa", Passages: 2, Dropped: map[Reason]int{Repeat: 2, Echo: 1}}},
			Mix:      []Mixed{{Dataset: "ncbi", Name: "NCBI", Documents: 3, Taken: 1}},
		},
		Train: []Conversation{{ID: "a", Text: "Ada <met> Bo .", Questions: []Question{{Type: "person", Answers: []string{"Ada", "Bo"}}}}},
		Dev:   []Conversation{{ID: "b", Text: "Essa", Source: "wiki", Questions: []Question{{Type: "city", Answers: []string{"Essa"}}, {Type: "person", Answers: []string{}, Negative: true}}}},
	}
}

func TestSetIsReadAsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "set")
	set := exampleSet()
	if err := set.Write(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	got, err := ReadSet(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, set) {
		t.Errorf("read %+v, want %+v", got, set)
	}
	if err := exampleSet().Write(t.Context(), dir); err != nil {
		t.Errorf("the same set again: %v", err)
	}
	other := exampleSet()
	other.Build.Settings.Seed = 1
	if err := other.Write(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "build.toml exists, and differs") {
		t.Errorf("another set: %v", err)
	}
	if again, err := ReadSet(dir); err != nil || !reflect.DeepEqual(again, set) {
		t.Errorf("the set changed: %v", err)
	}
}

func TestReadSetRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(dir string) error
		want   string
	}{
		"no set":        {func(dir string) error { return os.Remove(filepath.Join(dir, "build.toml")) }, "no file build.toml"},
		"no train file": {func(dir string) error { return os.Remove(filepath.Join(dir, "train.jsonl")) }, "train.jsonl"},
		"changed":       {func(dir string) error { return os.WriteFile(filepath.Join(dir, "dev.jsonl"), []byte("{}\n"), 0o666) }, "the file was changed"},
		"unknown key": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "build.toml"), []byte("speed = 1\n"), 0o666)
		}, `build.toml:1: key "speed": unknown`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := exampleSet().Write(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			if err := tc.change(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := ReadSet(dir); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}
