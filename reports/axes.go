package reports

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// Keys of tables: [ner.Keys] and those that are computed, the domain and the system.
const (
	KeyDataset = "dataset"
	KeyModel   = "model"
	KeyDomain  = "domain" // the domain of the dataset: cells are domain means
	KeySystem  = "system" // the model with the keys in which its runs differ, see [SystemNames]
)

func knownAxis(key string) bool {
	return key == KeyDomain || key == KeySystem || ner.KnownKey(key)
}

// run is a result with the keys that are computed for tables.
type run struct {
	*Result
	domain string
	system string
}

func (r *run) key(name string) string {
	switch name {
	case KeyDomain:
		return r.domain
	case KeySystem:
		return r.system
	}
	return ner.KeyValue(r.Keys, name)
}

// owner is the value of the key that a key belongs to. A model that is trained on
// each dataset has a training and a digest of its own there: the training belongs to
// the dataset, and the digest to the training. A file of imported predictions belongs to
// its dataset, too.
func (r *run) owner(name string) string {
	training := r.key("training")
	switch {
	case training != "" && name == "training", name == "imported":
		return r.key(KeyModel) + "\x1f" + r.key(KeyDataset)
	case training != "" && name == "digest":
		return r.key(KeyModel) + "\x1f" + r.key(KeyDataset) + "\x1f" + training
	}
	key, _ := ner.FindKey(name)
	return r.key(key.Of)
}

// differing returns the keys in which runs differ, except some, in the order of
// [ner.Keys].
func differing(runs []*run, except ...string) []string {
	var names []string
	for _, name := range KeyNames(keysOf(runs)...) {
		if !slices.Contains(except, name) && differ(runs, name) {
			names = append(names, name)
		}
	}
	return names
}

// differ reports whether two runs under the same owner of a key differ in it.
func differ(runs []*run, name string) bool {
	seen := map[string]string{}
	for _, r := range runs {
		under, value := r.owner(name), r.key(name)
		if first, ok := seen[under]; ok && first != value {
			return true
		}
		seen[under] = value
	}
	return false
}

// keysOf returns the keys of each run.
func keysOf(runs []*run) []map[string]string {
	keys := make([]map[string]string, len(runs))
	for i, r := range runs {
		keys[i] = r.Keys
	}
	return keys
}

// KeyNames lists the names of the keys that any of some runs has: first those of
// [ner.Keys] in their order, then others by name.
func KeyNames(keys ...map[string]string) []string {
	has := set{}
	for _, of := range keys {
		for name := range of {
			has[name] = true
		}
	}
	var names []string
	for _, k := range ner.Keys {
		if has[k.Name] {
			names = append(names, k.Name)
			delete(has, k.Name)
		}
	}
	return append(names, sortedKeys(has)...)
}

type set map[string]bool

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// natural orders values of a key: first numbers by size, then other values by their
// bytes.
func natural(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX == nil && errY == nil:
		return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	}
	return strings.Compare(a, b)
}
