package reports

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

// PublishedValue is a number that a paper or a project page prints. It stands
// beside own runs, in another style, and never enters an average of theirs.
type PublishedValue struct {
	// Source is the publication, Table where in it.
	Source string `json:"source"`
	Table  string `json:"table"`
	// System is the model, as the source names it; empty for statistics of data.
	System string `json:"system"`
	// Setting is zero-shot, supervised, and so on.
	Setting string `json:"setting"`
	// Protocol is how the source scores; empty: it does not say.
	Protocol string `json:"protocol"`
	// Row, Domain or Group say what the value is of: a dataset (its domain is
	// there, too), a domain, or something else, such as a printed average.
	Dataset string `json:"row"`
	Domain  string `json:"domain"`
	Group   string `json:"group"`
	// Printed is the name that the source prints.
	Printed string `json:"printed"`
	// Metric is f1, f1_partial, f1_difference, precision, recall, n_test, …; ratios
	// are percentages.
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	// Note says what a reader must know before comparing.
	Note string `json:"note"`
	// Verified: read in the source itself, and nothing in it contradicts the value.
	Verified bool `json:"verified"`
}

// PaperSource is the paper whose benchmark this is.
const PaperSource = "UniversalNER, arXiv 2308.03279v2"

// printedAverage is the group of an average that a source prints.
const printedAverage = "average (printed)"

//go:embed published.json
var publishedFile []byte

// Published are the published values. Reading is strict, and is done once.
var Published = sync.OnceValues(func() ([]PublishedValue, error) {
	dec := json.NewDecoder(bytes.NewReader(publishedFile))
	dec.DisallowUnknownFields()
	var values []PublishedValue
	if err := dec.Decode(&values); err != nil {
		return nil, fmt.Errorf("published.json: %w", err)
	}
	return values, nil
})
