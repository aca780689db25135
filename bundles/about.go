package bundles

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
)

// About is what the submitter says about a model. Empty fields are unknown.
type About struct {
	Organisation string `json:"organisation,omitempty" toml:"organisation"`
	Title        string `json:"title,omitempty" toml:"title"`     // short name for people
	URL          string `json:"url,omitempty" toml:"url"`         // page of the model
	Licence      string `json:"licence,omitempty" toml:"licence"` // of the weights
	OpenWeights  *bool  `json:"open_weights,omitempty" toml:"open_weights"`
	Parameters   string `json:"parameters,omitempty" toml:"parameters"` // such as "7B"
	Released     string `json:"released,omitempty" toml:"released"`     // 2006, 2006-01 or 2006-01-02
	// Training are the ids of the datasets whose train split was in the training data;
	// nil: unknown, empty: none.
	Training []string `json:"training" toml:"training"`
}

var released = regexp.MustCompile(`^\d{4}(-\d\d){0,2}$`)

// Check reports values that pages could not show: a page of the model that is no address
// of the web, and a release that is no date.
func (a *About) Check() error {
	var faults []error
	if u := a.URL; u != "" {
		if p, err := url.Parse(u); err != nil || p.Scheme != "https" && p.Scheme != "http" || p.Host == "" || p.User != nil {
			faults = append(faults, fmt.Errorf("model: url %q: want an address https://…", u))
		}
	}
	if r := a.Released; r != "" && !released.MatchString(r) {
		faults = append(faults, fmt.Errorf("model: released %q: want 2006, 2006-01 or 2006-01-02", r))
	}
	return errors.Join(faults...)
}
