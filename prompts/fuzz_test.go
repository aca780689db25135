package prompts_test

import (
	"testing"

	"nerbench/ner"
	"nerbench/prompts"
)

// FuzzReadFamily: each family of a user's own is refused, or renders a prompt.
func FuzzReadFamily(f *testing.F) {
	f.Add(header, "{text}|{type}", "", "")
	f.Add("fewshot = true\ndataset_line = true\nstop = [\"x\"]\n"+header, "{demonstrations}{dataset}{text}|{types}", "{text} {answer};", "{type} {description}")
	f.Add(header, "{{{text}}} {type}{", "{", "}")
	train := []*ner.Document{{ID: "t", Text: "Bo saw Rome .", Spans: []ner.Span{{Start: 0, End: 2, Type: "person"}}}}
	dataset := prompts.Dataset{ID: "r", Types: []prompts.TypeInfo{{Name: "person"}, {Name: "city"}}, Train: train}
	f.Fuzz(func(t *testing.T, family, template, demonstration, types string) {
		files := map[string]string{"family.toml": family, "a.txt": template}
		if demonstration != "" {
			files["a.demonstration.txt"] = demonstration
		}
		if types != "" {
			files["a.type.txt"] = types
		}
		own, err := prompts.ReadFamilies(folderOf("mine", files))
		if err != nil {
			t.Fatal(err)
		}
		for _, shots := range []string{"", "1"} {
			r, err := prompts.New(dataset, prompts.Settings{Family: "mine", Own: own.Items, Shots: shots})
			if err != nil {
				continue
			}
			queries, err := r.Queries(&ner.Document{ID: "d", Text: "Ann left {text} ."})
			if err == nil && len(queries) == 0 {
				t.Error("no query and no error")
			}
		}
	})
}
