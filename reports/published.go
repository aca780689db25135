package reports

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

// PublishedValue is a number that a paper or a project page prints. Reports show it
// beside own runs, in another style, and never average it with them.
type PublishedValue struct {
	// Source is the publication, Table the table or figure in it.
	Source string `json:"source"`
	Table  string `json:"table"`
	// System is the model, as the source names it; empty for statistics of data.
	System string `json:"system"`
	// Setting is zero-shot, supervised, and so on.
	Setting string `json:"setting"`
	// Protocol is the source's way of scoring; empty if it is not described.
	Protocol string `json:"protocol"`
	// Dataset, Domain or Group is the subject of the value: a dataset (with its
	// domain), a domain, or something else, such as a printed average.
	Dataset string `json:"row"`
	Domain  string `json:"domain"`
	Group   string `json:"group"`
	// Printed is the name that the source prints.
	Printed string `json:"printed"`
	// Metric is f1, f1_partial, f1_difference, precision, recall, n_test, …; ratios
	// are percentages.
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	// Note is a warning about comparisons with the value.
	Note string `json:"note"`
	// Verified is set if the value was checked in the source, which has no
	// contradiction to it.
	Verified bool `json:"verified"`
}

// PaperSource is the source of the values of the UniversalNER paper.
const PaperSource = "UniversalNER, arXiv 2308.03279v2"

//go:embed published.json
var publishedFile []byte

// Published returns the published values. The first call parses them, strictly.
var Published = sync.OnceValues(func() ([]PublishedValue, error) {
	dec := json.NewDecoder(bytes.NewReader(publishedFile))
	dec.DisallowUnknownFields()
	var values []PublishedValue
	if err := dec.Decode(&values); err != nil {
		return nil, fmt.Errorf("published.json: %w", err)
	}
	return values, nil
})
