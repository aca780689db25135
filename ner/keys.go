package ner

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Part is the part of a run that a key describes.
type Part string

// The parts of a run. The model, the decoding and the exact prompt identify an
// answer in the cache; the data part selects the documents.
const (
	ModelPart    Part = "model"
	DataPart     Part = "data"
	PromptPart   Part = "prompt"
	DecodingPart Part = "decoding"
)

// Key describes one key of a run, or one item of its metadata.
type Key struct {
	Name    string
	Meaning string // one line, for help, lint, and reports
	Part    Part
	// Settable: the user can set the key; the program determines the others.
	// Flag: the command line has a flag of that name.
	Settable, Flag bool
	// Of is the key that this one depends on: it usually differs where that one
	// differs. Empty if there is no such key.
	Of string
	// Pooled: an average over datasets may pool runs that differ in this key.
	Pooled bool
	// Named keys are part of the short name of a system.
	Named bool
	// Summed: an item of the metadata that is a count, which adds up over the sessions of
	// a run.
	Summed bool
	// Default describes the effect if a settable key is absent. It is for people: some
	// defaults depend on other keys.
	Default string

	values []string // nil: any
	form   string   // of the values, if values is nil
	least  *int     // nil: any
}

// Keys is the table of the keys of a run, read from [Plan]. Help texts, filters,
// report axes and sweep dimensions are read from it.
var Keys = keysOf(reflect.TypeFor[Plan]())

func keysOf(plan reflect.Type) []Key {
	keys := make([]Key, plan.NumField())
	for i := range keys {
		tag := plan.Field(i).Tag
		keys[i] = Key{
			Name: tag.Get("key"), Meaning: tag.Get("about"), Part: Part(tag.Get("part")),
			Settable: tag.Get("set") != "", Flag: tag.Get("set") == "flag",
			Of: tag.Get("of"), Pooled: tag.Get("pool") == "yes", Named: tag.Get("name") == "yes",
			Default: tag.Get("default"), form: tag.Get("values"),
		}
		if one := tag.Get("one"); one != "" {
			keys[i].values = strings.Split(one, "|")
		}
		if n, err := strconv.Atoi(tag.Get("min")); err == nil {
			keys[i].least = &n
		}
	}
	return keys
}

// FindKey returns the key of that name; ok is false for an unknown one.
func FindKey(name string) (key Key, ok bool) {
	i := slices.IndexFunc(Keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return Keys[i], true
}

// KeyNames returns the names of the keys that match all conditions, in the order
// of [Keys].
func KeyNames(conditions ...func(Key) bool) []string {
	var names []string
	for _, k := range Keys {
		if !slices.ContainsFunc(conditions, func(c func(Key) bool) bool { return !c(k) }) {
			names = append(names, k.Name)
		}
	}
	return names
}

// Values returns the values that the key can have; nil: any.
func (k Key) Values() []string { return slices.Clone(k.values) }

// ValuesText describes the values that the key can have, for help; empty for keys that
// the program determines.
func (k Key) ValuesText() string {
	switch {
	case k.values != nil:
		return strings.Join(k.values, ", ")
	case k.least != nil:
		return "a number from " + strconv.Itoa(*k.least)
	}
	return k.form
}

// Settable selects the keys that a user can set.
func Settable(k Key) bool { return k.Settable }

// InPart selects the keys of some parts.
func InPart(parts ...Part) func(Key) bool {
	return func(k Key) bool { return slices.Contains(parts, k.Part) }
}
