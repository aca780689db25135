// Package boards reads board.toml, which defines a leaderboard: its suites of datasets,
// the tracks with their fixed keys, tiers and prices. docs/board.md describes every key.
package boards

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/internal/strict"
	"nerbench/ner"
)

// Board is the definition of a leaderboard.
type Board struct {
	Title string `toml:"title"`
	// Metrics are ids; the first one ranks.
	Metrics []string `toml:"metrics"`
	// SuiteNames lists the suites in order; the first one is on the index page. They are
	// suites of the program or those of Own.
	SuiteNames []string `toml:"suites"`
	// Own are suites of this board.
	Own []datasets.Suite `toml:"suite"`
	// Family and Variant are the prompts of models whose card names none; an empty
	// variant is any of the family.
	Family  string `toml:"family"`
	Variant string `toml:"variant"`
	// Tiers are the tiers whose results are ranked.
	Tiers  []string `toml:"tiers"`
	Tracks []Track  `toml:"track"`
	// Currency is that of the prices; empty: not named.
	Currency string  `toml:"currency"`
	Prices   []Price `toml:"price"`
	// Addresses are those under which the files of submissions are published.
	Addresses []string `toml:"addresses"`
	// References are models, as given to run -m, with which new submissions are compared.
	References []string `toml:"references"`
}

// Track is a set of runs that are ranked with each other.
type Track struct {
	Name  string `toml:"name"`
	Title string `toml:"title"`
	// Keys are the values that a run of the track may have, by key. The empty value is a
	// run without the key, which has its default.
	Keys map[string][]string `toml:"keys"`
	// Open: the track takes the runs that no other track takes, whatever their keys are.
	Open bool `toml:"open"`
}

// Price is the price of a million tokens of a model.
type Price struct {
	Model string  `toml:"model"` // as given to run -m
	In    float64 `toml:"in"`
	Out   float64 `toml:"out"`
}

// Tiers are all tiers of results, from the weakest.
var Tiers = []string{"published", "self-reported", "spot-checked", "reproduced", "withdrawn"}

//go:embed default.toml
var embedded embed.FS

//go:embed default.toml
var defaultText string

// DefaultText returns the file of the embedded board, from which others begin.
func DefaultText() []byte { return []byte(defaultText) }

// Default returns the embedded board.
func Default() (*Board, error) { return Read(embedded, "default.toml") }

// Read reads a board. Reading is strict: the error joins all faults, with the file and
// the line of unknown keys.
func Read(fsys fs.FS, name string) (*Board, error) {
	var b Board
	if err := strict.ReadTOML(fsys, name, &b); err != nil {
		return nil, err
	}
	var faults []error
	for _, err := range b.lint() {
		faults = append(faults, fmt.Errorf("%s: %w", path.Base(name), err))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &b, nil
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

func (b *Board) lint() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if b.Title == "" || strings.ContainsAny(b.Title, "\r\n") {
		fault("title: want one line")
	}
	if len(b.Metrics) == 0 {
		fault("metrics: want one or more")
	}
	if len(b.SuiteNames) == 0 {
		fault("suites: want one or more")
	}
	for name, list := range map[string][]string{"metrics": b.Metrics, "suites": b.SuiteNames, "tiers": b.Tiers, "references": b.References} {
		if twice := repeated(list); twice != "" {
			fault("%s: %q is listed twice", name, twice)
		}
	}
	for i, s := range b.Own {
		switch {
		case !namePattern.MatchString(s.Name):
			fault("suite %q: want lower-case letters, digits, hyphens and full stops", s.Name)
		case len(s.Datasets) == 0 || repeated(s.Datasets) != "":
			fault("suite %s: datasets: want one or more, each once", s.Name)
		case s.Title == "":
			fault("suite %s: title: missing", s.Name)
		case slices.ContainsFunc(b.Own[:i], func(o datasets.Suite) bool { return o.Name == s.Name }) || builtIn(s.Name):
			fault("suite %s: a suite of that name exists", s.Name)
		}
	}
	for _, name := range b.SuiteNames {
		if _, err := b.Suite(name); err != nil {
			fault("suites: %v", err)
		}
	}
	if b.Family == "" {
		fault("family: missing")
	}
	for _, tier := range b.Tiers {
		if !slices.Contains(Tiers, tier) || tier == "published" || tier == "withdrawn" {
			fault("tiers: %q: want self-reported, spot-checked or reproduced", tier)
		}
	}
	if slices.Contains(b.References, "") {
		fault("references: want names of models")
	}
	faults = append(faults, b.lintTracks()...)
	for i, p := range b.Prices {
		switch {
		case p.Model == "":
			fault("price: model: missing")
		case p.In < 0 || p.Out < 0 || p.In+p.Out == 0:
			fault("price of %s: want in and out, numbers from 0, not both 0", p.Model)
		case slices.ContainsFunc(b.Prices[:i], func(o Price) bool { return o.Model == p.Model }):
			fault("price of %s: is listed twice", p.Model)
		}
	}
	for _, address := range b.Addresses {
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			fault("addresses: %q: want https://HOST/PATH", address)
		}
	}
	return faults
}

func (b *Board) lintTracks() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(b.Tracks) == 0 {
		fault("track: want one or more")
	}
	open := 0
	for i, t := range b.Tracks {
		switch {
		case !namePattern.MatchString(t.Name):
			fault("track %q: want lower-case letters, digits, hyphens and full stops", t.Name)
		case slices.ContainsFunc(b.Tracks[:i], func(o Track) bool { return o.Name == t.Name }):
			fault("track %s: is listed twice", t.Name)
		case t.Title == "":
			fault("track %s: title: missing", t.Name)
		case t.Open && len(t.Keys) > 0:
			fault("track %s: an open track takes any keys", t.Name)
		case !t.Open && len(t.Keys) == 0:
			fault("track %s: keys: missing", t.Name)
		}
		if t.Open {
			open++
		}
		for key, values := range t.Keys {
			if !ner.KnownKey(key) {
				fault("track %s: %v", t.Name, ner.UnknownKey(key, ner.KeyNames()))
			} else if len(values) == 0 {
				fault("track %s: key %s: want one or more values", t.Name, key)
			}
		}
	}
	if open > 1 {
		fault("track: %d open tracks: want one at most", open)
	}
	return faults
}

func repeated(list []string) string {
	for i, s := range list {
		if slices.Contains(list[:i], s) {
			return s
		}
	}
	return ""
}

func builtIn(name string) bool {
	_, err := datasets.FindSuite(name)
	return err == nil
}

// Suite returns a suite of the board or of the program.
func (b *Board) Suite(name string) (*datasets.Suite, error) {
	for i := range b.Own {
		if b.Own[i].Name == name {
			return &b.Own[i], nil
		}
	}
	return datasets.FindSuite(name)
}

// Track returns the first track that takes a run with these keys, whose prompts are those
// that the board wants of its model; empty: none does.
func (b *Board) Track(keys map[string]string, ownPrompts bool) string {
	open := ""
	for _, t := range b.Tracks {
		switch {
		case t.Open:
			open = t.Name
		case ownPrompts && t.takes(keys):
			return t.Name
		}
	}
	return open
}

// takes reports whether a run has the keys of the track. A model that answers with spans
// has no prompt and no decoding.
func (t *Track) takes(keys map[string]string) bool {
	for name, values := range t.Keys {
		key, _ := ner.FindKey(name)
		if WithoutPrompts(keys) && key.Part != ner.DataPart {
			continue
		}
		if !slices.Contains(values, keys[name]) {
			return false
		}
	}
	return true
}

// WithoutPrompts reports whether the model of a run answers with spans, without prompts. Of
// imported answers nobody knows how they were made.
func WithoutPrompts(keys map[string]string) bool {
	return keys["family"] == "spans" && !ner.Imported(keys)
}

// PriceOf returns the price of a model; ok is false if the board has none.
func (b *Board) PriceOf(model string) (p Price, ok bool) {
	i := slices.IndexFunc(b.Prices, func(p Price) bool { return p.Model == model })
	if i < 0 {
		return p, false
	}
	return b.Prices[i], true
}
