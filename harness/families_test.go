package harness

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"nerbench/datasets"
	"nerbench/prompts"
	"nerbench/runners/cards"
)

// TestDescriptions lints the embedded descriptions of types: each file is about a dataset
// of the benchmark, describes every type, and has no duplicate names.
func TestDescriptions(t *testing.T) {
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(prompts.Descriptions(), "types/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		id := strings.TrimSuffix(path.Base(file), ".toml")
		t.Run(id, func(t *testing.T) {
			dataset, err := datasets.Find(ds, id)
			if err != nil {
				t.Fatal(err)
			}
			pr := PromptDataset(dataset)
			if _, err := prompts.Describe(&pr, prompts.Descriptions()); err != nil {
				t.Fatal(err)
			}
			for i, info := range pr.Types {
				if info.Definition == "" || info.Phrase == "" || len(info.Paraphrases) == 0 {
					t.Errorf("type %q: no definition, phrase or paraphrases", info.Name)
				}
				for _, other := range info.Paraphrases {
					for k, t2 := range pr.Types {
						if k != i && strings.EqualFold(other, string(t2.Name)) {
							t.Errorf("type %q: paraphrase %q is another type", info.Name, other)
						}
					}
				}
			}
		})
	}
}

// TestCards lints the model cards: family, variant and datasets exist, and the shape is
// that of the variant in docs/spec/prompts.md §1.
func TestCards(t *testing.T) {
	list, err := cards.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	b := &Bench{}
	for _, c := range list {
		t.Run(c.Name, func(t *testing.T) {
			if err := b.lintCard(&c); err != nil {
				t.Error(err)
			}
			if v, err := b.variant(c.Family, c.Variant); err != nil || v.Shape != c.Shape {
				t.Errorf("shape is %s, the variant's %s, %v", c.Shape, v.Shape, err)
			}
		})
	}
}
