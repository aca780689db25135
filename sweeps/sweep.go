// Package sweeps runs ablations: runs that differ in some keys, and a table of the
// differences. A [Sweep] is a plan, read from one TOML file; docs/sweeps.md
// describes every field.
//
//	s, err := sweeps.Find("order")
//	err = s.Override(sweeps.Overrides{Models: []string{"ollama/llama3.2"}, Datasets: []string{"mit-movie"}})
//	p, err := sweeps.Prepare(ctx, bench, s, harness.Request{})
//	w, err := p.Workload(ctx)        // before any query is sent
//	incomplete, err := p.Run(ctx)    // send queries and score
//	r, err := p.Result(ctx, sweeps.Options{Resamples: 10_000})
package sweeps

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/internal/fault"
	"nerbench/internal/strict"
	"nerbench/ner"
)

// Sweep is one plan of runs.
type Sweep struct {
	// Name is the file's name without .toml.
	Name string `toml:"-"`
	// Title is the title of every output. Meaning describes the sweep in one line.
	Title   string `toml:"title"`
	Meaning string `toml:"meaning"`
	// Warning is a note below every output.
	Warning string `toml:"warning"`
	// Negatives is the kind of negative sampling that varies: [Training], [Inference],
	// or empty (docs/spec/prompts.md §2.9).
	Negatives string `toml:"negatives"`
	// Models describes the models that the user must name; empty: the sweep does not
	// compare models.
	Models string `toml:"models"`
	// Published names the tables and figures of the paper below the result.
	Published []string `toml:"published"`
	// Metrics are the ids to score by; empty: span_f1.
	Metrics []string `toml:"metrics"`
	// Datasets or Suite are the default datasets.
	Datasets []string `toml:"datasets"`
	Suite    string   `toml:"suite"`
	// Seeds are values of the key seed. Every point has a run for each of them.
	Seeds []int `toml:"seeds"`

	// Fixed are the keys of all points.
	Fixed map[string]any `toml:"fixed"`
	// Grid combines all values of its keys. Zip takes the values of its keys in
	// parallel. Points are listed one by one. If a plan has several of these tables,
	// all of their points are combined.
	Grid   map[string][]any `toml:"grid"`
	Zip    map[string][]any `toml:"zip"`
	Points []map[string]any `toml:"point"`
	// Baseline has the keys of the point to compare the others with; empty: the first
	// point.
	Baseline map[string]any `toml:"baseline"`

	file, text string // name and text of the file, for errors
}

// ParsingKeys are the keys of parsing and alignment. Points that differ only in these
// keys share all answers (docs/spec/metrics.md §7, §8).
var ParsingKeys = []string{"align", "boundary", "tiers", "unknown", "reader"}

// The values of Negatives.
const (
	Training  = "training"
	Inference = "inference"
)

// All stands for every value of the key paraphrase: every other name of a type in the
// type descriptions of a dataset.
const All = "*"

//go:embed plans/*.toml
var plans embed.FS

// Names lists the embedded plans.
func Names() []string {
	files, _ := fs.Glob(plans, "plans/*.toml") // the pattern is valid
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(path.Base(f), ".toml")
	}
	return names
}

// Find reads a plan: a file if the name ends in .toml, else an embedded plan.
func Find(name string) (*Sweep, error) {
	if !strings.HasSuffix(name, ".toml") {
		return Named(name)
	}
	s, err := Read(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	return s, nil
}

// Named reads an embedded plan.
func Named(name string) (*Sweep, error) {
	if !slices.Contains(Names(), name) {
		return nil, fault.Usagef("sweep %q: neither an embedded plan nor a .toml file%s", name, ner.Choices(name, Names()))
	}
	sub, err := fs.Sub(plans, "plans")
	if err != nil {
		return nil, err
	}
	return Read(sub, name+".toml")
}

// Read reads a plan. Reading is strict: unknown keys and invalid values are errors
// with file and line. The error joins all faults.
func Read(fsys fs.FS, file string) (*Sweep, error) {
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	s := &Sweep{Name: strings.TrimSuffix(path.Base(file), ".toml"), file: file, text: string(text)}
	fields := struct {
		*Sweep
		Rows any `toml:"rows"` // the former name of datasets
	}{Sweep: s}
	if err := strict.ReadTOML(fsys, file, &fields); err != nil {
		return nil, err
	}
	return s, s.lint(fields.Rows != nil)
}

// Point is one combination of values.
type Point struct {
	// Keys are the keys that vary, with their values.
	Keys map[string]string
	// Baseline is set for the point to compare the others with.
	Baseline bool
}

// Name returns the keys that vary with their values.
func (p Point) Name(varied []string) string {
	parts := make([]string, len(varied))
	for i, k := range varied {
		parts[i] = k + "=" + p.Value(k)
	}
	return strings.Join(parts, " ")
}

// Value returns the value of a key, "–" for the default.
func (p Point) Value(key string) string {
	if v := p.Keys[key]; v != "" {
		return v
	}
	return "–"
}

// Varied returns the keys that vary, in the order of the file.
func (s *Sweep) Varied() []string {
	found := map[string]int{}
	add := func(table string, keys []string) {
		for _, k := range keys {
			if _, there := found[k]; !there {
				found[k] = s.line(table, k)
			}
		}
	}
	add("grid", slices.Collect(maps.Keys(s.Grid)))
	add("zip", slices.Collect(maps.Keys(s.Zip)))
	for _, p := range s.Points {
		add("point", slices.Collect(maps.Keys(p)))
	}
	keys := slices.Collect(maps.Keys(found))
	slices.SortFunc(keys, func(a, b string) int {
		if found[a] != found[b] {
			return found[a] - found[b]
		}
		return strings.Compare(a, b)
	})
	return keys
}

// All returns the points of the sweep, in the order of the file. Exactly one is the
// baseline.
func (s *Sweep) All() []Point {
	sets := []map[string]string{{}}
	for _, k := range s.Varied() {
		if values, there := s.Grid[k]; there {
			sets = cross(sets, len(values), func(i int) map[string]string { return map[string]string{k: texts(values[i])} })
		}
	}
	if n := s.zipped(); n > 0 {
		sets = cross(sets, n, func(i int) map[string]string {
			of := map[string]string{}
			for k, values := range s.Zip {
				of[k] = texts(values[i])
			}
			return of
		})
	}
	if len(s.Points) > 0 {
		sets = cross(sets, len(s.Points), func(i int) map[string]string {
			of := map[string]string{}
			for k, v := range s.Points[i] {
				of[k] = texts(v)
			}
			return of
		})
	}
	points := make([]Point, len(sets))
	base := s.baseline(sets)
	for i, set := range sets {
		points[i] = Point{Keys: set, Baseline: i == base}
	}
	return points
}

// cross combines every set with each of n others. The others change fastest.
func cross(sets []map[string]string, n int, other func(int) map[string]string) []map[string]string {
	out := make([]map[string]string, 0, len(sets)*n)
	for _, set := range sets {
		for i := range n {
			joined := maps.Clone(set)
			maps.Copy(joined, other(i))
			out = append(out, joined)
		}
	}
	return out
}

// zipped returns the number of values of each key of zip.
func (s *Sweep) zipped() int {
	n := 0
	for _, values := range s.Zip {
		n = max(n, len(values))
	}
	return n
}

// baseline returns the index of the point with the keys of the baseline; -1: no such
// point.
func (s *Sweep) baseline(sets []map[string]string) int {
	return slices.IndexFunc(sets, func(set map[string]string) bool {
		for k, v := range s.Baseline {
			if set[k] != texts(v) {
				return false
			}
		}
		return true
	})
}

// FixedKeys returns the keys of all points.
func (s *Sweep) FixedKeys() map[string]string {
	keys := map[string]string{}
	for k, v := range s.Fixed {
		keys[k] = texts(v)
	}
	return keys
}

// Fix sets a key of all points.
func (s *Sweep) Fix(key, value string) {
	if s.Fixed == nil {
		s.Fixed = map[string]any{}
	}
	s.Fixed[key] = value
}

// Vary sets the values of a key that varies. The first value is the baseline, unless
// other keys determine the baseline.
func (s *Sweep) Vary(key string, values []string) {
	delete(s.Fixed, key)
	delete(s.Baseline, key)
	if s.Grid == nil {
		s.Grid = map[string][]any{}
	}
	s.Grid[key] = nil
	for _, v := range values {
		s.Grid[key] = append(s.Grid[key], v)
	}
}

// known reports whether a plan may have a key.
func known(key string) bool { return slices.Contains(knownKeys(), key) }

func knownKeys() []string {
	return slices.Concat([]string{"model"}, ner.KeyNames(ner.Settable), ParsingKeys)
}
