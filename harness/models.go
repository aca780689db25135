package harness

import (
	"context"
	"maps"
	"slices"

	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners/open"
)

// nameModel sets the name of an opened model in its run. A model in a file or folder is
// named as it was given. If the store has the same weights under a name of an older
// version, that name is kept, so that its runs are continued. If the store has other
// weights under the name, the beginning of the digest is added: two models never share
// a name.
func (b *Bench) nameModel(ctx context.Context, store *results.Store, m *open.Model, given string) error {
	names := open.StoredNames(given)
	if !open.InFile(given) || m.Identity.Digest == "" || store == nil {
		return nil
	}
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return err
	}
	known := append([]string{names[0], open.WithDigest(names[0], m.Identity.Digest)}, names[1:]...)
	for i, name := range known {
		if slices.ContainsFunc(runs, func(r results.RunInfo) bool { return r.Keys["model"] == name && r.Keys["digest"] == m.Identity.Digest }) {
			m.Identity.Model = name
			if i > 1 {
				b.note("%s is named %s, as in earlier runs of the same weights", names[0], name)
			}
			return nil
		}
	}
	if slices.ContainsFunc(runs, func(r results.RunInfo) bool { return r.Keys["model"] == names[0] }) {
		m.Identity.Model = open.WithDigest(names[0], m.Identity.Digest)
		b.note("the store has another model named %s: this one is named %s", names[0], m.Identity.Model)
	}
	return nil
}

// namedModels returns the conditions on runs. A name of a model in a file, or of an imported
// one, that no run has is replaced by the names that the model can have in runs.
func namedModels(runs []results.RunInfo, where map[string][]string) map[string][]string {
	given, there := where["model"]
	if !there {
		return where
	}
	stored := map[string]bool{}
	for _, r := range runs {
		stored[r.Keys["model"]] = true
	}
	var names []string
	for _, name := range given {
		others := slices.DeleteFunc(append(open.StoredNames(name), ner.ImportedPrefix+name), func(n string) bool { return !stored[n] })
		if stored[name] || len(others) == 0 {
			others = []string{name}
		}
		names = append(names, others...)
	}
	out := maps.Clone(where)
	out["model"] = names
	return out
}
