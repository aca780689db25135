package datasets

import (
	"fmt"
	"slices"

	"nerbench/ner"
)

// Suite is a named list of datasets.
type Suite struct {
	Name  string `toml:"name"`
	Title string `toml:"title"`
	// By is "dataset" if the datasets of one corpus count once in an average.
	By       string   `toml:"by"`
	Note     string   `toml:"note"`
	Datasets []string `toml:"datasets"` // ids, in the order in which they are shown
}

// Suites returns the embedded suites in the order of their file: those of the paper
// and its comparisons, the open datasets, then the nine domains.
func Suites() ([]Suite, error) {
	var file struct {
		Suites []Suite `toml:"suite"`
	}
	if err := decode(embedded, "suites.toml", &file); err != nil {
		return nil, err
	}
	return file.Suites, nil
}

// FindSuite returns the suite of that name.
func FindSuite(name string) (*Suite, error) {
	suites, err := Suites()
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range suites {
		if suites[i].Name == name {
			return &suites[i], nil
		}
		names = append(names, suites[i].Name)
	}
	return nil, fmt.Errorf("suite %q: unknown%s", name, ner.Choices(name, names))
}

// Select returns the datasets of the suite, in its order.
func (s *Suite) Select(ds []*Dataset) ([]*Dataset, error) {
	selected := make([]*Dataset, 0, len(s.Datasets))
	for _, id := range s.Datasets {
		r, err := Find(ds, id)
		if err != nil {
			return nil, fmt.Errorf("suite %s: %w", s.Name, err)
		}
		selected = append(selected, r)
	}
	return selected, nil
}

// Has reports whether a dataset is in the suite.
func (s *Suite) Has(id string) bool { return slices.Contains(s.Datasets, id) }
