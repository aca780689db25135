package sweeps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
)

// Prepared is a sweep with all its runs prepared. It is made before the first query,
// so that all faults are reported first.
type Prepared struct {
	Sweep *Sweep

	bench    *harness.Bench
	varied   []string
	datasets []*datasets.Dataset
	points   []preparedPoint
	runs     []*run
	digests  map[string]string // of models in files, by name
}

// preparedPoint is a point with its runs.
type preparedPoint struct {
	Point
	// metrics are the ids with the options of the point.
	metrics []string
	// runs are the runs by dataset id, one per seed.
	runs map[string][]*run
}

// run is one run. Points that differ only in parsing and alignment share it.
type run struct {
	*harness.Prepared
	name string // for people: dataset, point, seed
	// request is the request of the run. Its metrics are those of all its points.
	request harness.Request
	// keys are the keys of the run that do not depend on its model.
	keys map[string]string
	id   string // in the store; empty: unknown, or not run
}

// model returns the name of the model in the request.
func (r *run) model() string { return r.Prepared.Request.Plan.Model }

// Prepare prepares the runs of a sweep. The sweep sets the plan, datasets and metrics
// of their requests; shared sets the rest. The error joins all faults, each with
// dataset and point.
func Prepare(ctx context.Context, bench *harness.Bench, s *Sweep, shared harness.Request) (*Prepared, error) {
	if err := s.completeMetrics(); err != nil {
		return nil, err
	}
	p := &Prepared{Sweep: s, bench: bench, varied: s.Varied()}
	var err error
	if p.datasets, err = bench.AskedDatasets(s.Datasets, s.Suite); err != nil {
		return nil, err
	}
	b := &builder{
		out: p, shared: shared, preparer: harness.Preparer{Bench: bench},
		byKeys: map[string]*run{}, byContent: map[string]string{}, reported: map[string]bool{},
	}
	for _, dataset := range p.datasets {
		for _, point := range s.All() {
			expanded, err := expand(bench, dataset, point)
			if err != nil {
				return nil, err
			}
			for _, point := range expanded {
				if err := b.add(ctx, dataset, point); err != nil {
					b.fault(dataset, point.Name(p.varied), err)
				}
			}
		}
	}
	if len(b.faults) > 0 {
		return nil, fmt.Errorf("sweep %s: %w", s.Name, errors.Join(b.faults...))
	}
	models := p.models()
	slices.SortStableFunc(p.runs, func(a, b *run) int { // by model, because loading one may take minutes
		return slices.Index(models, a.model()) - slices.Index(models, b.model())
	})
	return p, nil
}

// models returns the models in the order of the runs.
func (p *Prepared) models() []string {
	var models []string
	for _, r := range p.runs {
		if !slices.Contains(models, r.model()) {
			models = append(models, r.model())
		}
	}
	return models
}

// expand replaces a point for all paraphrases by one point per paraphrase of the
// dataset.
func expand(bench *harness.Bench, dataset *datasets.Dataset, point Point) ([]Point, error) {
	if point.Keys["paraphrase"] != All {
		return []Point{point}, nil
	}
	pr := harness.PromptDataset(dataset)
	if err := bench.Describe(&pr); err != nil {
		return nil, err
	}
	var out []Point
	for _, t := range pr.Types {
		for _, other := range t.Paraphrases {
			keys := maps.Clone(point.Keys)
			keys["paraphrase"] = string(t.Name) + "=" + other
			out = append(out, Point{Keys: keys})
		}
	}
	if out == nil {
		return nil, fault.Usagef("sweep: dataset %s: no paraphrases of its types (write types/%s.toml in the folder of --prompts)", dataset.ID, dataset.ID)
	}
	return out, nil
}

// builder makes the runs of the points.
type builder struct {
	out       *Prepared
	shared    harness.Request
	preparer  harness.Preparer
	byKeys    map[string]*run
	byContent map[string]string // names of points, by all that determines their results
	faults    []error
	reported  map[string]bool // faults without their points
}

// fault adds a fault, once for all points of a dataset.
func (b *builder) fault(dataset *datasets.Dataset, point string, err error) {
	if text := dataset.ID + err.Error(); !b.reported[text] {
		b.reported[text] = true
		b.faults = append(b.faults, fmt.Errorf("dataset %s: %s: %w", dataset.ID, point, err))
	}
}

// add makes the runs of a point on one dataset, one for each seed.
func (b *builder) add(ctx context.Context, dataset *datasets.Dataset, p Point) error {
	keys, parsing := b.out.Sweep.FixedKeys(), map[string]string{}
	maps.Copy(keys, p.Keys)
	for _, k := range ParsingKeys {
		if v := keys[k]; v != "" {
			parsing[k] = v
		}
		delete(keys, k)
	}
	at, err := b.point(p, parsing)
	if err != nil {
		return err
	}
	seeds := []string{keys["seed"]}
	if len(b.out.Sweep.Seeds) > 0 {
		seeds = nil
		for _, s := range b.out.Sweep.Seeds {
			seeds = append(seeds, strconv.Itoa(s))
		}
	}
	name := p.Name(b.out.varied)
	for _, seed := range seeds {
		keys["seed"] = seed
		r, err := b.run(ctx, dataset, keys)
		if err != nil {
			return err
		}
		content := r.model() + " " + keysText(r.keys) + strings.Join(at.metrics, " ")
		if other, twice := b.byContent[content]; twice && other != name {
			return fault.Usagef("the same run as the point %s", other)
		}
		b.byContent[content] = name
		title := strings.TrimSpace(dataset.ID + " " + name)
		switch {
		case r.name == "":
			r.name = title + seedText(b.out.Sweep.Seeds, seed)
		case slices.Contains(at.runs[dataset.ID], r) && strings.HasPrefix(r.name, title): // its prompts do not use the seed
			r.name = title
		}
		at.runs[dataset.ID] = append(at.runs[dataset.ID], r)
		for _, id := range at.metrics {
			if !slices.Contains(r.request.Metrics, id) {
				r.request.Metrics = append(r.request.Metrics, id)
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
func (b *builder) point(p Point, parsing map[string]string) (*preparedPoint, error) {
	name := p.Name(b.out.varied)
	for i := range b.out.points {
		if b.out.points[i].Name(b.out.varied) == name {
			return &b.out.points[i], nil
		}
	}
	added := preparedPoint{Point: p, runs: map[string][]*run{}}
	for _, id := range b.out.Sweep.Metrics {
		metric, options, err := metrics.ParseID(id)
		if err != nil {
			return nil, fault.Usagef("%v", err)
		}
		maps.Copy(options, parsing)
		full, err := metric.WithOptions(options)
		if err != nil {
			return nil, fault.Usagef("%v", err)
		}
		added.metrics = append(added.metrics, full)
	}
	b.out.points = append(b.out.points, added)
	return &b.out.points[len(b.out.points)-1], nil
}

// run finds the run of a dataset with these keys, or makes it.
func (b *builder) run(ctx context.Context, dataset *datasets.Dataset, keys map[string]string) (*run, error) {
	plan, err := ner.PlanOf(keys)
	if err != nil {
		return nil, fault.Usagef("%v", err)
	}
	r := &run{request: b.shared}
	r.request.Plan, r.request.Datasets, r.request.Metrics = plan, []*datasets.Dataset{dataset}, nil
	if r.Prepared, err = b.preparer.Prepare(ctx, r.request, dataset); err != nil {
		return nil, err
	}
	r.keys = r.Prepared.Keys()
	asked := r.Prepared.Request.Plan.Keys()
	for _, k := range ner.KeyNames(ner.InPart(ner.DecodingPart)) {
		if v := asked[k]; v != "" {
			r.keys[k] = v
		}
	}
	content := r.model() + " " + keysText(r.keys)
	if same, there := b.byKeys[content]; there {
		return same, nil
	}
	b.byKeys[content] = r
	b.out.runs = append(b.out.runs, r)
	return r, nil
}

// keysText formats keys in order.
func keysText(keys map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if keys[k] != "" {
			fmt.Fprintf(&b, "%s=%s ", k, keys[k])
		}
	}
	return b.String()
}
