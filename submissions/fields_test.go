package submissions

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"nerbench/bundles"
	"nerbench/ner"
)

// claims are the fields of a bundle that do not follow from the answers and the data: what
// is said about the model, the submitter, the prompts, and the server that answered. A change
// of any other field is refused.
var claims = map[string]bool{
	".tool": true,

	".model.licence": true, ".model.open_weights": true, ".model.organisation": true, ".model.parameters": true,
	".model.title": true, ".model.training[]": true, ".model.url": true,
	".submitter.affiliation": true, ".submitter.contact": true, ".submitter.name": true, ".declarations.configurations": true,

	".runs[].keys.address": true, ".runs[].keys.root": true, ".runs[].keys.server": true, ".runs[].keys.server_version": true,
	".runs[].keys.family_hash": true, ".runs[].keys.layout": true, ".runs[].keys.variant": true,

	".runs[].facts.decoding": true, ".runs[].facts.identity": true, ".runs[].facts.lists": true, ".runs[].facts.special_tokens": true,
	".runs[].facts.prompt_tokens": true, ".runs[].facts.prompt_tokens_computed": true,
	".answers[].answer_tokens": true, ".answers[].prompt_tokens": true,

	// The writer computes them. TestLies of bundles changes them.
	".runs[].answers.bytes": true, ".runs[].answers.sha256": true,
	// A wrong entity at another wrong place has the same counts.
	".spans[].end": true, ".spans[].start": true,
}

// TestEachFieldInTurn changes each field of a bundle in turn, as a submitter who lies and
// signs the lie: one value in the manifest or in a line. A changed key is a changed id and
// changed signature lines, too. All but the claims are refused.
func TestEachFieldInTurn(t *testing.T) {
	w := newWorkplace(t)
	runs := w.run(t, tiny, "open", "shut")
	accepted, refused := map[string]bool{}, 0
	for _, run := range runs {
		path := w.bundle(t, "x.nbz", run)
		m, lines := content(t, path)
		dataset := m.Runs[0].Dataset()
		yes := true
		m.Model.About = bundles.About{Organisation: "o", Title: "t", URL: "https://zoo.example/", Licence: "MIT", OpenWeights: &yes, Parameters: "7B", Released: "2026", Training: []string{"shut"}}
		m.Submitter = bundles.Submitter{Name: "n", Affiliation: "a", Contact: "c"}
		m.Declarations = bundles.Declarations{TrainedOn: "train", Configurations: 2}
		for _, tree := range []any{asTree(t, m), asTree(t, lines[dataset][0])} {
			for _, field := range fieldsOf(tree, "") {
				changed, line := *m, *lines[dataset][0]
				if _, isManifest := tree.(map[string]any)["runs"]; isManifest {
					changed = fromTree[bundles.Manifest](t, field.changed)
				} else {
					line = fromTree[bundles.Passage](t, field.changed)
				}
				if strings.HasPrefix(field.name, ".runs[].keys") {
					r := &changed.Runs[0]
					r.ID = ner.Run{Keys: r.Keys}.ID()
					resign(t, r)
				}
				list := slices.Clone(lines[dataset])
				list[0] = &line
				file, err := w.pack(t, &changed, map[string][]*bundles.Passage{changed.Runs[0].Dataset(): list})
				if err == nil {
					_, err = Verify(t.Context(), w.Bench, file)
				}
				if err == nil {
					accepted[field.name] = true
				} else {
					refused++
				}
			}
		}
	}
	if !maps.Equal(accepted, claims) || refused < 50 {
		t.Errorf("%d changes are refused; accepted are %v, want %v", refused, slices.Sorted(maps.Keys(accepted)), slices.Sorted(maps.Keys(claims)))
	}
}

// changedField is a value in a tree of JSON, and the tree in which it is another one.
type changedField struct {
	name    string
	changed any
}

// fieldsOf lists the values of a tree, each with the tree in which it is changed.
func fieldsOf(tree any, name string) (list []changedField) {
	switch v := tree.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			for _, f := range fieldsOf(v[key], name+"."+key) {
				other := maps.Clone(v)
				other[key] = f.changed
				list = append(list, changedField{f.name, other})
			}
		}
	case []any:
		for i := range v {
			for _, f := range fieldsOf(v[i], name+"[]") {
				other := slices.Clone(v)
				other[i] = f.changed
				list = append(list, changedField{f.name, other})
			}
		}
	case string:
		list = append(list, changedField{name, v + "x"})
	case float64:
		list = append(list, changedField{name, v + 1})
	case bool:
		list = append(list, changedField{name, !v})
	default:
		panic(fmt.Sprintf("%s: %v", name, v))
	}
	return list
}

func asTree(t testing.TB, v any) (tree any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &tree)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func fromTree[T any](t testing.TB, tree any) (v T) {
	t.Helper()
	text, err := json.Marshal(tree)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}
