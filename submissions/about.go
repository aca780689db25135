package submissions

import (
	"fmt"
	"os"
	"path/filepath"

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
	if err := a.Model.Check(); err != nil {
		return a, &fault.UsageError{Err: fmt.Errorf("about: %s: %w", path, err)}
	}
	return a, nil
}
