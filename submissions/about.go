package submissions

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"

	"nerbench/bundles"
	"nerbench/internal/fault"
	"nerbench/internal/strict"
)

// About is what a submitter says in a file of --about. docs/bundles.md describes it.
type About struct {
	Model        bundles.About        `toml:"model"`
	Submitter    bundles.Submitter    `toml:"submitter"`
	Declarations bundles.Declarations `toml:"declarations"`
}

// ReadAbout reads a file. Unknown keys are errors.
func ReadAbout(path string) (About, error) {
	var a About
	if err := strict.ReadTOML(os.DirFS(filepath.Dir(path)), filepath.Base(path), &a); err != nil {
		return a, &fault.UsageError{Err: fmt.Errorf("about: %w", err)}
	}
	if err := a.check(); err != nil {
		return a, &fault.UsageError{Err: fmt.Errorf("about: %s: %w", path, err)}
	}
	return a, nil
}

var released = regexp.MustCompile(`^\d{4}(-\d\d){0,2}$`)

func (a *About) check() error {
	var faults []error
	if u := a.Model.URL; u != "" {
		if p, err := url.Parse(u); err != nil || p.Scheme != "https" && p.Scheme != "http" || p.Host == "" || p.User != nil {
			faults = append(faults, fmt.Errorf("model.url %q: want an address https://…", u))
		}
	}
	if r := a.Model.Released; r != "" && !released.MatchString(r) {
		faults = append(faults, fmt.Errorf("model.released %q: want 2006, 2006-01 or 2006-01-02", r))
	}
	return errors.Join(faults...)
}
