package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/prompts"
	"nerbench/results"
	"nerbench/runners/local/llamacpp"
	"nerbench/sweeps"
)

// sweepPlan is a sweep with everything that its runs need: made before anything is
// asked, so that whatever is wrong with it is said first.
type sweepPlan struct {
	*sweeps.Sweep
	metrics []string
	varied  []string
	points  []sweepPoint
	ds      []*datasets.Dataset
	asks    []*sweepAsk
}

// sweepPoint is a point with what answers it.
type sweepPoint struct {
	sweeps.Point
	// metrics are the ids to score by, with what the point says of reading.
	metrics []string
	// asks are those of each dataset (by its id), one a seed.
	asks map[string][]*sweepAsk
}

// sweepAsk is one run: points that differ in how answers are read share it.
type sweepAsk struct {
	name     string // for people: dataset, point, seed
	model    string // as the store has it
	dataset  *datasets.Dataset
	plan     runPlan // its metrics are those of all points that share it
	renderer *prompts.Renderer
	found    survey
	// keys are those of the run that are known without its model.
	keys map[string]string
	run  string // its id in the store; empty: not known, or not there
}

// readSweepPlan reads the sweep that a call names, and makes its runs.
func (env *environment) readSweepPlan(c *cli.Context) (*sweepPlan, error) {
	s, err := env.readSweep(c)
	if err != nil {
		return nil, err
	}
	return env.materialise(c.Context, s)
}

// materialise makes the runs of a sweep. An error joins all that is wrong, each
// with dataset and point.
func (env *environment) materialise(ctx context.Context, s sweepSettings) (*sweepPlan, error) {
	p := &sweepPlan{Sweep: s.sweep, metrics: s.metrics, varied: s.sweep.Varied()}
	var err error
	if p.ds, err = env.bench.AskedDatasets(s.datasets, s.suite); err != nil {
		return nil, err
	}
	m := &materialiser{env: env, plan: p, base: s.base, byKeys: map[string]*sweepAsk{}, surveys: map[string]survey{}, seen: map[string]string{}, said: map[string]bool{}}
	for _, dataset := range p.ds {
		for _, point := range s.sweep.All() {
			expanded, err := env.expand(dataset, point)
			if err != nil {
				return nil, err
			}
			for _, point := range expanded {
				if err := m.add(ctx, dataset, point); err != nil {
					m.fault(dataset, point.Name(p.varied), err)
				}
			}
		}
	}
	if len(m.faults) > 0 {
		return nil, fmt.Errorf("sweep %s: %w", p.Name, errors.Join(m.faults...))
	}
	var models []string
	for _, a := range p.asks {
		if !slices.Contains(models, a.plan.model) {
			models = append(models, a.plan.model)
		}
	}
	slices.SortStableFunc(p.asks, func(a, b *sweepAsk) int { // one model after another: loading one may take minutes
		return slices.Index(models, a.plan.model) - slices.Index(models, b.plan.model)
	})
	return p, nil
}

// expand writes out the points that stand for all values of a dataset: paraphrases.
func (env *environment) expand(dataset *datasets.Dataset, point sweeps.Point) ([]sweeps.Point, error) {
	if point.Keys["paraphrase"] != sweeps.All {
		return []sweeps.Point{point}, nil
	}
	pr := promptDataset(dataset)
	if err := env.bench.Describe(&pr); err != nil {
		return nil, err
	}
	var out []sweeps.Point
	for _, t := range pr.Types {
		for _, other := range t.Paraphrases {
			keys := maps.Clone(point.Keys)
			keys["paraphrase"] = string(t.Name) + "=" + other
			out = append(out, sweeps.Point{Keys: keys})
		}
	}
	if out == nil {
		return nil, fault.Usagef("sweep: dataset %s: no other names of its types are known (write types/%s.toml, and name its folder with --prompts)", dataset.ID, dataset.ID)
	}
	return out, nil
}

type materialiser struct {
	env     *environment
	plan    *sweepPlan
	base    runPlan
	byKeys  map[string]*sweepAsk
	surveys map[string]survey
	seen    map[string]string // what is counted, and the point that does
	faults  []error
	said    map[string]bool // the faults, without the points that have them
}

// fault keeps a fault, once for all points of a dataset that have it.
func (m *materialiser) fault(dataset *datasets.Dataset, point string, err error) {
	if said := dataset.ID + err.Error(); !m.said[said] {
		m.said[said] = true
		m.faults = append(m.faults, fmt.Errorf("dataset %s: %s: %w", dataset.ID, point, err))
	}
}

// add makes the runs of a point on a dataset.
func (m *materialiser) add(ctx context.Context, dataset *datasets.Dataset, point sweeps.Point) error {
	keys, reading := m.plan.FixedKeys(), map[string]string{}
	maps.Copy(keys, point.Keys)
	for _, k := range sweeps.ReadingKeys {
		if v := keys[k]; v != "" {
			reading[k] = v
		}
		delete(keys, k)
	}
	at, err := m.point(point, reading)
	if err != nil {
		return err
	}
	seeds := []string{keys["seed"]}
	if len(m.plan.Seeds) > 0 {
		seeds = nil
		for _, s := range m.plan.Seeds {
			seeds = append(seeds, strconv.Itoa(s))
		}
	}
	for _, seed := range seeds {
		ofRun := maps.Clone(keys)
		if ofRun["seed"] = seed; seed == "0" || seed == "" {
			delete(ofRun, "seed")
		}
		ask, err := m.ask(ctx, dataset, ofRun)
		if err != nil {
			return err
		}
		what := dataset.ID + " " + keysText(ask.keys) + " " + ask.plan.model + " " + strings.Join(at.metrics, " ")
		name := point.Name(m.plan.varied)
		if other, twice := m.seen[what]; twice && other != name {
			return fault.Usagef("asks and reads the same as the point %s: they are one run", other)
		}
		m.seen[what] = name
		if ask.name == "" {
			ask.name = strings.TrimSpace(dataset.ID + " " + name + seedText(m.plan.Seeds, seed))
		}
		at.asks[dataset.ID] = append(at.asks[dataset.ID], ask)
		for _, id := range at.metrics {
			if !slices.Contains(ask.plan.metrics, id) {
				ask.plan.metrics = append(ask.plan.metrics, id)
			}
		}
	}
	return nil
}

func seedText(seeds []int, seed string) string {
	if len(seeds) == 0 {
		return ""
	}
	return " seed=" + seed
}

// point finds a point, or adds it.
func (m *materialiser) point(point sweeps.Point, reading map[string]string) (*sweepPoint, error) {
	name := point.Name(m.plan.varied)
	for i := range m.plan.points {
		if m.plan.points[i].Name(m.plan.varied) == name {
			return &m.plan.points[i], nil
		}
	}
	p := sweepPoint{Point: point, asks: map[string][]*sweepAsk{}}
	for _, id := range m.plan.metrics {
		metric, options, err := metrics.ParseID(id)
		if err != nil {
			return nil, fault.Usagef("%v", err)
		}
		full, err := metric.WithOptions(mergeKeys(options, reading))
		if err != nil {
			return nil, fault.Usagef("%v", err)
		}
		p.metrics = append(p.metrics, full)
	}
	m.plan.points = append(m.plan.points, p)
	return &m.plan.points[len(m.plan.points)-1], nil
}

// ask finds the run of a dataset with these keys, or makes it.
func (m *materialiser) ask(ctx context.Context, dataset *datasets.Dataset, keys map[string]string) (*sweepAsk, error) {
	plan := m.base
	plan.model, plan.ds = keys["model"], []*datasets.Dataset{dataset}
	plan.keys = maps.Clone(keys)
	delete(plan.keys, "model")
	if err := m.env.takeCard(&plan, ""); err != nil {
		return nil, err
	}
	if _, _, err := modelKind(plan.model); err != nil {
		return nil, err
	}
	if err := plan.complete(); err != nil {
		return nil, err
	}
	a := &sweepAsk{dataset: dataset, plan: plan, model: storedModel(plan.model)}
	var err error
	if a.found, err = m.survey(ctx, dataset, plan.selection); err != nil {
		return nil, err
	}
	if a.renderer, err = m.env.renderer(ctx, plan.keys, dataset); err != nil {
		return nil, err
	}
	a.keys = mergeKeys(a.found.part.keys(dataset), a.renderer.Keys(), map[string]string{"dataset": dataset.ID, "data": a.found.data, "labels": dataset.LabelsHash()})
	for _, k := range []string{"temperature", "sampling_seed", "think", "context"} {
		if v := plan.keys[k]; v != "" {
			a.keys[k] = v
		}
	}
	id := plan.model + " " + keysText(a.keys)
	if same, there := m.byKeys[id]; there {
		return same, nil
	}
	m.byKeys[id] = a
	m.plan.asks = append(m.plan.asks, a)
	return a, nil
}

// survey reads a selection of a dataset once.
func (m *materialiser) survey(ctx context.Context, dataset *datasets.Dataset, s selection) (survey, error) {
	key := dataset.ID + " " + keysText(s.keys(dataset))
	if found, there := m.surveys[key]; there {
		return found, nil
	}
	found, err := m.env.surveyDataset(ctx, dataset, s)
	if err == nil {
		m.surveys[key] = found
	}
	return found, err
}

// keysText writes keys in order.
func keysText(keys map[string]string) string {
	var b strings.Builder
	for _, k := range sortedKeys(keys) {
		if keys[k] != "" {
			fmt.Fprintf(&b, "%s=%s ", k, keys[k])
		}
	}
	return b.String()
}

// storedModel is the name that the runs of a model have in the store.
func storedModel(named string) string {
	if file, ok := strings.CutPrefix(named, "gguf/"); ok {
		return llamacpp.ModelName(file)
	}
	if folder, ok := strings.CutPrefix(named, "onnx/"); ok {
		if full, err := filepath.Abs(folder); err == nil {
			folder = full
		}
		return "onnx/" + filepath.Base(folder)
	}
	return named
}

// find looks the runs of a sweep up in the store, by what is known of them without
// their models. Of several that fit, such as those of an older build of a model,
// the last one counts.
func (p *sweepPlan) find(ctx context.Context, store *results.Store) error {
	all, err := store.Runs(ctx, nil)
	if err != nil {
		return err
	}
	byDataset := map[string][]results.RunInfo{}
	for _, r := range all {
		byDataset[r.Keys["dataset"]] = append(byDataset[r.Keys["dataset"]], r)
	}
	for _, a := range p.asks {
		for _, r := range byDataset[a.dataset.ID] {
			if r.Keys["model"] == a.model && a.fits(r.Keys) {
				a.run = r.ID
			}
		}
	}
	return nil
}

// fits reports whether a run in the store has the keys of this one, and no others
// but those that its model brings.
func (a *sweepAsk) fits(keys map[string]string) bool {
	ofModel := []string{"model", "digest", "server", "server_version", "address", "root", "temperature", "sampling_seed", "think", "context", "training", "aggregation"}
	for k, v := range keys {
		if a.keys[k] != v && !(slices.Contains(ofModel, k) && a.keys[k] == "") {
			return false
		}
	}
	for k, v := range a.keys {
		// A model that is trained here has its seed among the settings of its training.
		trained := k == "sampling_seed" && strings.Contains(keys["training"]+" ", " seed="+v+" ")
		if keys[k] != v && !trained {
			return false
		}
	}
	return true
}
