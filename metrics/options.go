package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/ner"
)

// Option is a choice that changes the value of a metric. If it is not the default,
// it is part of the metric's id (docs/spec/metrics.md §1.5).
type Option struct {
	Name    string
	Meaning string
	// Values are the valid values; nil if any value is valid.
	Values []string
	// Default is empty if it depends on the metric or on the passage.
	Default string
}

// Options is the table of options, in the order of ids.
var Options = []Option{
	{"align", "which occurrences of a mention become spans (§7.4)", []string{"all", "first", "leftmost", "cursor", "longest"}, "all"},
	{"boundary", "where an occurrence may begin and end (§7.2); default: token if the passage has tokens, else word", []string{"token", "word", "word_strict", "substring"}, ""},
	{"queries", "queried types, if not all types of the dataset (§1.4)", nil, "all"},
	{"reader", "parser of answers (§8.1); the default depends on the metric", []string{"ladder", "published"}, ""},
	{"tiers", "1: exact occurrences only; 4: also with other blanks and signs (§7.3)", []string{"3", "1", "4"}, "3"},
	{"unknown", "treatment of a predicted type that the dataset does not have (§1.3)", []string{"drop", "fp"}, "drop"},
}

// WithOptions is the id of the metric with options:
// "span_f1[align=cursor,tiers=1]". Options with their default value and options
// that cannot change this metric are omitted; the others are sorted by name. Two
// ids never share a column, an average, a test or a rank.
func (m Metric) WithOptions(chosen map[string]string) (string, error) {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(chosen)) {
		value := chosen[name]
		option, known := findOption(name)
		if !known {
			return "", fmt.Errorf("metric %s: option %q: unknown (known: %s)", m.ID, name, optionNames())
		}
		if option.Values != nil && !slices.Contains(option.Values, value) {
			return "", fmt.Errorf("metric %s: option %s=%s: want one of %s%s", m.ID, name, value, strings.Join(option.Values, ", "), ner.DidYouMean(value, option.Values))
		}
		if slices.Contains(m.Options, name) && value != m.defaultOf(option) {
			parts = append(parts, name+"="+value)
		}
	}
	if len(parts) == 0 {
		return m.ID, nil
	}
	return m.ID + "[" + strings.Join(parts, ",") + "]", nil
}

// ParseID splits an id such as "span_f1[align=cursor]" into its metric and the
// options with other values than the default. It is the inverse of
// [Metric.WithOptions].
func ParseID(id string) (Metric, map[string]string, error) {
	name, rest, bracket := strings.Cut(id, "[")
	m, ok := Find(name)
	if !ok {
		return Metric{}, nil, fmt.Errorf("metric %q: unknown%s", name, ner.Choices(name, ids()))
	}
	chosen := map[string]string{}
	if !bracket {
		return m, chosen, nil
	}
	list, closed := strings.CutSuffix(rest, "]")
	if !closed {
		return Metric{}, nil, fmt.Errorf("metric %q: want name[option=value,...]", id)
	}
	for pair := range strings.SplitSeq(list, ",") {
		option, value, ok := strings.Cut(pair, "=")
		if _, twice := chosen[option]; !ok || twice {
			return Metric{}, nil, fmt.Errorf("metric %q: %q: want option=value, each option once", id, pair)
		}
		if !slices.Contains(m.Options, option) {
			return Metric{}, nil, fmt.Errorf("metric %q: option %q: does not apply (options of this metric: %s)", id, option, strings.Join(m.Options, ", "))
		}
		chosen[option] = value
	}
	if _, err := m.WithOptions(chosen); err != nil {
		return Metric{}, nil, err
	}
	return m, chosen, nil
}

// defaultOf is the default of an option for this metric.
func (m Metric) defaultOf(o Option) string {
	if o.Name == "reader" {
		return m.Reader
	}
	return o.Default
}

func findOption(name string) (Option, bool) {
	for _, o := range Options {
		if o.Name == name {
			return o, true
		}
	}
	return Option{}, false
}

func optionNames() string {
	names := make([]string, len(Options))
	for i, o := range Options {
		names[i] = o.Name
	}
	return strings.Join(names, ", ")
}

func ids() []string {
	ids := make([]string, len(Metrics))
	for i, m := range Metrics {
		ids[i] = m.ID
	}
	return ids
}
