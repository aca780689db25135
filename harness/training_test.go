package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nerbench/distill"
	"nerbench/internal/fault"
	"nerbench/ner"
)

// constructed writes a folder of constructed data with one entity a passage.
func constructed(t *testing.T, change func(*distill.Corpus), texts ...string) string {
	t.Helper()
	dir := t.TempDir()
	c := distill.Corpus{Passages: distill.Sample{Passages: len(texts)}, Teacher: distill.Teacher{Model: "ollama/mira", Variant: "type"}}
	if change != nil {
		change(&c)
	}
	var kept []*distill.Kept
	for i, text := range texts {
		first, _, _ := strings.Cut(text, " ")
		k := &distill.Kept{Passage: distill.Passage{ID: fmt.Sprint("p/", i), Text: text}, Entities: []distill.Entity{{Text: first, Type: fmt.Sprint("type ", i)}}}
		kept = append(kept, k)
	}
	err := errors.Join(c.Write(dir), distill.WriteRecords(filepath.Join(dir, distill.KeptFile), kept), distill.WriteRecords(filepath.Join(dir, distill.DroppedFile), []distill.Dropped{}))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestTrainingEqualsPrompts: what a student is trained on, and what the harness asks it, is
// one text, with each dataset line.
func TestTrainingEqualsPrompts(t *testing.T) {
	b := &Bench{}
	dir := constructed(t, nil, "Ada met Bo", "Essa is big")
	for _, variant := range []string{"", "repo", "repo+nl", "repo+nl_sp", "repo+sp_nl", "repo+sp_nl_sp"} {
		t.Run(variant, func(t *testing.T) {
			s := distill.DefaultSettings()
			s.Variant, s.Dev = variant, 0
			set, err := b.Training(t.Context(), TrainingRequest{Dirs: []string{dir}, Settings: s, Datasets: []string{"sample-law"}})
			if err != nil {
				t.Fatal(err)
			}
			if variant == "" && set.Build.Settings.Variant != "repo+nl" {
				t.Errorf("the variant is %s, want repo+nl", set.Build.Settings.Variant)
			}
			dataset, err := b.FindDataset("sample-law")
			if err != nil {
				t.Fatal(err)
			}
			renderer, err := b.Renderer(t.Context(), ner.Plan{Dataset: "sample-law", Family: "uniner", Variant: set.Build.Settings.Variant}, dataset)
			if err != nil {
				t.Fatal(err)
			}
			compared := 0
			for _, c := range set.Train {
				if c.Source != "sample-law" {
					continue
				}
				queries, err := renderer.Queries(&ner.Document{ID: c.ID, Text: c.Text})
				if err != nil {
					t.Fatal(err)
				}
				for _, q := range c.Questions {
					alone := c
					alone.Questions = []distill.Question{q}
					m := alone.Chat().Messages
					text := m[0].Content + " USER: " + m[1].Content + " ASSISTANT: " + m[2].Content + "</s>USER: " + m[3].Content + " ASSISTANT:"
					if !slices.ContainsFunc(queries, func(query ner.Query) bool { return query.Prompt.Text == text }) {
						t.Fatalf("no query has the text %q, the first is %q", text, queries[0].Prompt.Text)
					}
					compared++
				}
			}
			if compared == 0 {
				t.Error("no question was compared")
			}
		})
	}
}

// TestTrainingMix: the mix takes the first documents of a seeded order, is marked as seen,
// and is the same again.
func TestTrainingMix(t *testing.T) {
	b := &Bench{}
	s := distill.DefaultSettings()
	s.Cap = 3
	r := TrainingRequest{Dirs: []string{constructed(t, nil, "Ada met Bo", "Essa is big")}, Settings: s, Datasets: []string{"sample-law", "sample-biomed"}}
	set, err := b.Training(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	build := set.Build
	if !reflect.DeepEqual(build.Seen, []string{"sample-law", "sample-biomed"}) || len(build.Mix) != 2 || build.Mix[0].Taken != 3 || build.Mix[0].Asked != 3 || build.Mix[0].Documents <= 3 || build.Mix[0].Fingerprint == "" {
		t.Errorf("seen %v, mix %+v", build.Seen, build.Mix)
	}
	if build.Counts.Passages != 8 || build.Table1.Passages != 2 || len(build.Sources) != 1 {
		t.Errorf("counts are %+v, table 1 has %d, %d sources", build.Counts, build.Table1.Passages, len(build.Sources))
	}
	again, err := b.Training(t.Context(), r)
	if err != nil || !reflect.DeepEqual(again, set) {
		t.Errorf("the same request gives another set (%v)", err)
	}
	r.Settings.Seed = 1
	if other, err := b.Training(t.Context(), r); err != nil || reflect.DeepEqual(other.Train, set.Train) {
		t.Errorf("another seed gives the same set (%v)", err)
	}
	r.Settings.MaxTokens = 60 // some documents leave no room for a question
	short, err := b.Training(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if n := short.Build.Counts; n.PassagesLeft == 0 || short.Build.Mix[0].Asked+short.Build.Mix[1].Asked+2 != n.Passages || n.Passages+n.PassagesLeft != 8 {
		t.Errorf("asked %d and %d documents, counts are %+v", short.Build.Mix[0].Asked, short.Build.Mix[1].Asked, n)
	}
	only, err := b.Training(t.Context(), TrainingRequest{Settings: s, Datasets: []string{"sample-law"}})
	if err != nil || only.Build.Counts.Passages != 3 {
		t.Errorf("datasets alone: %v", err)
	}
}

// TestTrainingOfTwoFolders: ids may be equal where texts differ.
func TestTrainingOfTwoFolders(t *testing.T) {
	b := &Bench{}
	one, two := constructed(t, nil, "Ada met Bo"), constructed(t, nil, "Bo met Ada")
	set, err := b.Training(t.Context(), TrainingRequest{Dirs: []string{one, two}, Settings: distill.DefaultSettings()})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Train) != 2 || set.Train[0].ID != "p/0" || set.Train[1].ID != "p/0@2" {
		t.Errorf("conversations are %+v", set.Train)
	}
}

func TestTrainingRefuses(t *testing.T) {
	b := &Bench{}
	dir := constructed(t, nil, "Ada met Bo")
	for name, tc := range map[string]struct {
		dirs     []string
		datasets []string
		change   func(*distill.Settings)
		want     string
		usage    bool
	}{
		"nothing":              {want: "want DIR", usage: true},
		"not a folder of data": {dirs: []string{t.TempDir()}, want: "no corpus.toml in it"},
		"no kept passage":      {dirs: []string{constructed(t, nil)}, want: "no kept passage in"},
		"one folder twice":     {dirs: []string{dir, dir}, want: "both have the passage p/0"},
		"variants": {
			dirs: []string{dir, constructed(t, func(c *distill.Corpus) { c.Teacher.Variant = "definition" }, "Bo ran")}, want: "want folders of one variant", usage: true},
		"filters": {
			dirs: []string{dir, constructed(t, func(c *distill.Corpus) { c.Filters.DropConflicts = true }, "Bo ran")}, want: "have different filters", usage: true},
		"names as definitions":     {dirs: []string{dir}, change: func(s *distill.Settings) { s.Variant = "definition" }, want: "--variant definition", usage: true},
		"a line without a dataset": {dirs: []string{dir}, change: func(s *distill.Settings) { s.Variant = "repo+nl" }, want: "only datasets have a dataset line", usage: true},
		"ratio":                    {dirs: []string{dir}, change: func(s *distill.Settings) { s.Ratio = -1 }, want: "--ratio -1: want 0 or more", usage: true},
		"filter":                   {dirs: []string{dir}, change: func(s *distill.Settings) { s.Unclosed = "some" }, want: "--unclosed=some: want keep or drop", usage: true},
		"held out":                 {datasets: []string{"mit-movie", "crossner-ai"}, want: "mit-movie, crossner-ai: the paper held out CrossNER and MIT", usage: true},
		"suite with held out":      {change: func(s *distill.Settings) { s.Suite = "full49" }, want: "the paper held out", usage: true},
		"no files":                 {datasets: []string{"ace04", "sample-law"}, want: "1 of 2 datasets of the mix have no train split here: ace04 (no files: needs a paid licence)"},
		"no definition":            {datasets: []string{"sample-law"}, change: func(s *distill.Settings) { s.Variant = "definition+nl" }, want: "has no definition", usage: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := distill.DefaultSettings()
			if tc.change != nil {
				tc.change(&s)
			}
			_, err := b.Training(t.Context(), TrainingRequest{Dirs: tc.dirs, Settings: s, Datasets: tc.datasets})
			if err == nil || !strings.Contains(err.Error(), tc.want) || tc.usage != errors.As(err, new(*fault.UsageError)) {
				t.Errorf("error is %v, want %q (usage: %v)", err, tc.want, tc.usage)
			}
		})
	}
	set := distill.Set{Train: []distill.Conversation{{ID: "a"}}}
	if err := set.Write(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "the folder has constructed data") {
		t.Errorf("a set in the folder of its data: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "train.jsonl")); err == nil {
		t.Error("there is a train.jsonl")
	}
}
