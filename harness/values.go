package harness

import (
	"nerbench/datasets"
	"nerbench/metrics"
	"nerbench/prompts"
	"nerbench/runners/cards"
	"nerbench/runners/open"
)

// Value is one of the values that a user can choose, with its meaning; empty: the name
// says all. The lists of values have what the program has in itself, without the user's
// own.
type Value struct{ Name, Meaning string }

// DatasetValues lists the datasets of the benchmark and the embedded samples.
func DatasetValues() []Value {
	embedded, _ := datasets.Embedded() // tests read them
	var found []Value
	for _, d := range embedded {
		found = append(found, Value{d.ID, d.Title})
	}
	for _, domain := range datasets.Domains {
		found = append(found, Value{SamplePrefix + domain, "embedded sample"})
	}
	return found
}

// SuiteValues lists the suites of datasets.
func SuiteValues() []Value {
	suites, _ := datasets.Suites() // tests read them
	var found []Value
	for _, s := range suites {
		found = append(found, Value{s.Name, s.Title})
	}
	return found
}

// FamilyValues lists the prompt families.
func FamilyValues() []Value {
	var found []Value
	for _, f := range prompts.Families {
		found = append(found, Value{f.Name, f.Meaning})
	}
	return found
}

// VariantValues lists the variants of a family, with and without its dataset lines; none
// of an unknown family.
func VariantValues(family string) []Value {
	f, err := prompts.Find(family)
	if err != nil {
		return nil
	}
	var found []Value
	for _, v := range f.Variants {
		found = append(found, Value{v.Name, v.Meaning})
		for _, line := range f.DatasetLine {
			found = append(found, Value{v.Name + "+" + line, v.Meaning + ", with a dataset line"})
		}
	}
	return found
}

// CardValues lists the model cards.
func CardValues() []Value { return cardValues(func(cards.Card) bool { return true }) }

// cardValues lists the model cards that fit.
func cardValues(fits func(cards.Card) bool) []Value {
	embedded, _ := cards.Embedded() // tests read them
	var found []Value
	for _, c := range embedded {
		if fits(c) {
			found = append(found, Value{c.Name, c.Title})
		}
	}
	return found
}

// ModelValues lists the beginnings of the names of models, and the cards that name one.
func ModelValues() []Value {
	var found []Value
	for _, prefix := range open.Prefixes() {
		found = append(found, Value{Name: prefix})
	}
	return append(found, cardValues(func(c cards.Card) bool { return c.Model != "" })...)
}

// MetricValues lists the metrics.
func MetricValues() []Value {
	var found []Value
	for _, m := range metrics.Metrics {
		found = append(found, Value{m.ID, m.Meaning})
	}
	return found
}
