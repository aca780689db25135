// Package sweeps runs ablations: runs that differ in some keys, and a table of the
// differences. A [Sweep] is a plan, read from one TOML file; docs/sweeps.md
// describes every field.
//
//	s, err := sweeps.Find("order")
//	err = s.Override(sweeps.Overrides{Models: []string{"ollama/llama3.2"}, Datasets: []string{"mit-movie"}})
//	p, err := sweeps.Prepare(ctx, bench, s, harness.Request{})
//	w, err := p.Workload(ctx)        // before anything is asked
//	incomplete, err := p.Run(ctx)    // ask and score
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
	// Title stands above every output, Meaning is the question in one line.
	Title   string `toml:"title"`
	Meaning string `toml:"meaning"`
	// Warning is a caveat below every output.
	Warning string `toml:"warning"`
	// Negatives says whether the sweep is about negative sampling: in training, at
	// inference; empty: it is not (docs/spec/prompts.md §2.9).
	Negatives string `toml:"negatives"`
	// Models describes how the models differ that the user names; empty: the sweep is
	// not one over models.
	Models string `toml:"models"`
	// Published names the tables and figures of the literature that stand beside the
	// result.
	Published []string `toml:"published"`
	// Metrics are the ids to score by; empty: span_f1.
	Metrics []string `toml:"metrics"`
	// Datasets or Suite are asked about, unless the user names others.
	Datasets []string `toml:"datasets"`
	Suite    string   `toml:"suite"`
	// Seeds repeat every point: values of the key seed.
	Seeds []int `toml:"seeds"`

	// Fixed are the keys that all points share.
	Fixed map[string]any `toml:"fixed"`
	// Grid varies every key with every other, Zip its keys together, Points are
	// listed one by one. If a plan has several of them, all are combined.
	Grid   map[string][]any `toml:"grid"`
	Zip    map[string][]any `toml:"zip"`
	Points []map[string]any `toml:"point"`
	// Baseline are the keys of the point that the others are compared with; empty:
	// the first point.
	Baseline map[string]any `toml:"baseline"`

	file, text string // where it was read, for errors
}

// ParsingKeys say how answers are parsed and aligned. Points that differ only in
// these share all answers: they are scored, not asked (docs/spec/metrics.md §7, §8).
var ParsingKeys = []string{"align", "boundary", "tiers", "unknown", "reader"}

// Negatives of a sweep.
const (
	Training  = "training"
	Inference = "inference"
)

// All stands for every value of the key paraphrase: every other name that the type
// descriptions of a dataset have for its types.
const All = "*"

//go:embed plans/*.toml
var plans embed.FS

// Names lists the plans of the program.
func Names() []string {
	files, _ := fs.Glob(plans, "plans/*.toml") // the pattern is good
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(path.Base(f), ".toml")
	}
	return names
}

// Find reads a plan: a file, if the name ends in .toml, else a plan of the program.
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

// Named reads a plan of the program.
func Named(name string) (*Sweep, error) {
	if !slices.Contains(Names(), name) {
		return nil, fault.Usagef("sweep %q: unknown (a file, or one of %s)", name, strings.Join(Names(), ", "))
	}
	sub, err := fs.Sub(plans, "plans")
	if err != nil {
		return nil, err
	}
	return Read(sub, name+".toml")
}

// Read reads a plan. Reading is strict: an unknown key is an error with file and
// line, and so are values that nothing varies or nothing can be compared with. The
// error joins all faults.
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

// Point is one way of asking and reading.
type Point struct {
	// Keys are those that vary, with their values.
	Keys map[string]string
	// Baseline: the others are compared with this one.
	Baseline bool
}

// Name lists the values of the keys that vary, in their order.
func (p Point) Name(varied []string) string {
	parts := make([]string, len(varied))
	for i, k := range varied {
		parts[i] = k + "=" + p.Value(k)
	}
	return strings.Join(parts, " ")
}

// Value is the value of a key, for people: "–" where the key is at its default.
func (p Point) Value(key string) string {
	if v := p.Keys[key]; v != "" {
		return v
	}
	return "–"
}

// Varied are the keys that vary, in the order of the file.
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

// All are the points of the sweep, in the order of the file. Exactly one is the
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

// cross joins every set with every one of n others; those of the earlier sets
// change most slowly.
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

// zipped is the number of values that the keys of zip have: all the same.
func (s *Sweep) zipped() int {
	n := 0
	for _, values := range s.Zip {
		n = max(n, len(values))
	}
	return n
}

// baseline is the place of the point that has the keys of the baseline; -1: there
// is none.
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

// FixedKeys are the keys that all points share.
func (s *Sweep) FixedKeys() map[string]string {
	keys := map[string]string{}
	for k, v := range s.Fixed {
		keys[k] = texts(v)
	}
	return keys
}

// Fix gives all points a value of a key that does not vary.
func (s *Sweep) Fix(key, value string) {
	if s.Fixed == nil {
		s.Fixed = map[string]any{}
	}
	s.Fixed[key] = value
}

// Vary makes a key vary over some values, in place of those of the plan: for models
// that the user names. The first one is the baseline, unless another key
// says which point is.
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

// known reports whether a key may stand in a plan.
func known(key string) bool { return slices.Contains(knownKeys(), key) }

func knownKeys() []string {
	return slices.Concat([]string{"model"}, ner.KeyNames(ner.Settable), ParsingKeys)
}
