package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/prompts"
)

// evalPlan says what eval counts, and how answers are read for it.
type evalPlan struct {
	family   string // of the answers
	metrics  []scoredMetric
	readings []*evalReading
	byType   bool
	// attributes are those of --by bucket:NAME.
	attributes []metrics.Attribute
	train      *metrics.Training
	taxonomy   bool
	confusion  bool
	intervals  intervals
	// partial: passages without prediction are left out.
	partial bool
}

// scoredMetric is a metric with the reading that its id names.
type scoredMetric struct {
	id      string
	metric  metrics.Metric
	reading int
	// plain is the id where nothing is read: a preset compares imported mentions
	// as they are, so that no reader is part of its id.
	plain string
}

// intervals says how intervals and tests are drawn.
type intervals struct {
	resamples int // 0: no intervals
	seed      uint64
}

// intervalFlags are the flags of commands that draw.
func intervalFlags(resamples int) []cli.Flag {
	usage := "95 % intervals of `B` resamples, at least 1000"
	if resamples == 0 {
		usage += " (default: none)"
	}
	return []cli.Flag{
		&cli.IntFlag{Name: "ci", Value: resamples, Usage: usage},
		&cli.IntFlag{Name: "seed", Usage: "`SEED` of intervals and tests"},
		&cli.StringFlag{Name: "row", Usage: "`ID` of the dataset, whose stream intervals and tests draw from"},
		&cli.Uint64Flag{Name: "stream-seed", Usage: "the seed of the stream itself, instead of --seed and --row: a `NUMBER` of 64 bits, to check the streams; any number of resamples"},
	}
}

func readIntervals(c *cli.Context) (intervals, error) {
	n := intervals{resamples: c.Int("ci"), seed: stats.DatasetSeed(c.Int("seed"), c.String("row"))}
	if c.IsSet("stream-seed") {
		if c.IsSet("seed") || c.IsSet("row") {
			return n, fault.Usagef("--stream-seed excludes --seed and --row")
		}
		n.seed = c.Uint64("stream-seed")
		if n.resamples < 0 {
			return n, fault.Usagef("--ci %d: want 0 or more", n.resamples)
		}
		return n, nil
	}
	var err error
	n.resamples, err = readResamples(n.resamples)
	return n, err
}

// evalReading is one way of reading, with what it needs of types that come with
// the answers.
type evalReading struct {
	how       loop.ParseOptions
	protocols []metrics.Protocol
	mutex     sync.Mutex
	readers   map[string]*loop.PassageParser // by the types that were added
}

// withTypes is the reading of answers to questions about types. Where the dataset's
// types are not named, those that were asked for are the dataset's.
func (r *evalReading) withTypes(named bool, asked []ner.EntityType) (*loop.PassageParser, error) {
	key := ""
	if !named {
		var b strings.Builder
		for _, t := range asked {
			b.WriteString(string(t) + "\x1f")
		}
		key = b.String()
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if reading, ok := r.readers[key]; ok {
		return reading, nil
	}
	how := r.how
	if !named {
		for _, t := range asked {
			if !slices.ContainsFunc(how.Types, func(n answers.TypeName) bool { return n.Natural == t }) {
				how.Types = append(slices.Clip(how.Types), answers.TypeName{Natural: t})
			}
		}
	}
	reading, err := loop.NewPassageParser(how, r.protocols...)
	if err == nil {
		r.readers[key] = reading
	}
	return reading, err
}

// how reads the flags that say how answers are read and placed.
func evalHow(c *cli.Context) (loop.ParseOptions, error) {
	how := loop.ParseOptions{
		Unknown:   c.String("unknown"),
		Alignment: answers.Alignment{Mode: c.String("align"), Boundary: c.String("boundary"), Tiers: c.Int("tiers")},
		Types:     readTypeNames(c.String("types")),
	}
	if u := how.Unknown; u != "" && u != "drop" && u != "fp" {
		return how, fault.Usagef("--unknown %s: want drop or fp", u)
	}
	if err := how.Alignment.Check(); err != nil {
		return how, fault.Usagef("%v", err)
	}
	if known := prompts.Names(prompts.Families); !slices.Contains(known, c.String("family")) {
		return how, fault.Usagef("--family %s: unknown (known: %s)", c.String("family"), strings.Join(known, ", "))
	}
	return how, nil
}

// optionsOf are the choices of flags that become part of the ids of metrics.
func optionsOf(how loop.ParseOptions) map[string]string {
	chosen := map[string]string{}
	for name, value := range map[string]string{"align": how.Alignment.Mode, "boundary": how.Alignment.Boundary, "unknown": how.Unknown} {
		if value != "" {
			chosen[name] = value
		}
	}
	if how.Alignment.Tiers != 0 {
		chosen["tiers"] = fmt.Sprint(how.Alignment.Tiers)
	}
	return chosen
}

// newEvalPlan reads the flags that all kinds of input share. defaults are the
// metrics of a call that names none, applicable those that an input can have.
func newEvalPlan(c *cli.Context, how loop.ParseOptions, defaults, applicable []string) (*evalPlan, error) {
	p := &evalPlan{taxonomy: c.Bool("taxonomy"), confusion: c.Bool("confusion"), partial: c.Bool("partial")}
	var err error
	if p.intervals, err = readIntervals(c); err != nil {
		return nil, err
	}
	if err := p.readBy(splitList(c.StringSlice("by"))); err != nil {
		return nil, err
	}
	ids := splitList(c.StringSlice("metric"))
	all := slices.Equal(ids, []string{"all"})
	switch {
	case all:
		ids = applicable
	case len(ids) == 0:
		ids = defaults
	}
	how = p.parseAs(c, how, ids, all)
	for _, id := range ids {
		if err := p.addMetric(id, how, all || c.IsSet("family"), applicable); err != nil {
			return nil, err
		}
	}
	if len(p.attributes) > 0 && len(p.spanMetrics()) == 0 {
		return nil, fault.Usagef("--by bucket: buckets are of span_f1: name it with --metric")
	}
	return p, nil
}

// parseAs adds the form of the answers: that of the family that is named, else of the
// one that the first metric is a preset of.
func (p *evalPlan) parseAs(c *cli.Context, how loop.ParseOptions, ids []string, all bool) loop.ParseOptions {
	var variant string
	p.family, variant = c.String("family"), c.String("variant")
	if !c.IsSet("family") && !all && len(ids) > 0 {
		id, _, _ := strings.Cut(ids[0], "[")
		if family, of, ok := prompts.AnsweredAs(id); ok {
			p.family, variant = family, of
		}
	}
	a, _ := prompts.AnswersOf(p.family, variant) // where answers are read, the family was checked
	how.Form, how.Presets = a.Form, a.Presets
	return how
}

// addMetric finds a metric and the reading that it needs. chosen: the family of
// the answers was chosen; then a preset of another grammar compares what the
// ladder reads of them, and its id says so.
func (p *evalPlan) addMetric(id string, how loop.ParseOptions, chosen bool, applicable []string) error {
	m, options, err := metrics.ParseID(id)
	if err != nil {
		return fault.Usagef("%v", err)
	}
	if !slices.Contains(applicable, m.ID) {
		return fault.Usagef("metric %s: this input has nothing that it could compare (it can have: %s)", id, strings.Join(applicable, ", "))
	}
	options = mergeKeys(optionsOf(how), options)
	plain, err := m.WithOptions(options)
	if err != nil {
		return fault.Usagef("%v", err)
	}
	if _, named := options["reader"]; !named && m.Protocol != "" && chosen && !slices.Contains(how.Presets, m.ID) {
		options["reader"] = "ladder"
	}
	full, err := m.WithOptions(options)
	if err != nil {
		return fault.Usagef("%v", err)
	}
	how = how.With(options)
	at := slices.IndexFunc(p.readings, func(r *evalReading) bool { return sameReading(r.how, how) })
	if at < 0 {
		at = len(p.readings)
		p.readings = append(p.readings, &evalReading{how: how, readers: map[string]*loop.PassageParser{}})
	}
	r := p.readings[at]
	if m.Protocol != "" && !slices.Contains(r.protocols, m.Protocol) {
		r.protocols = append(r.protocols, m.Protocol)
	}
	p.metrics = append(p.metrics, scoredMetric{id: full, metric: m, reading: at, plain: plain})
	return nil
}

// sameReading: the choices of a call that differ between readings are equal.
func sameReading(a, b loop.ParseOptions) bool {
	return a.Alignment == b.Alignment && a.Unknown == b.Unknown && a.Reader == b.Reader
}

// readBy reads --by: type, none, or bucket:NAME, several of them with commas.
func (p *evalPlan) readBy(names []string) error {
	if len(names) == 0 {
		p.byType = true
	}
	for _, name := range names {
		attribute, isBucket := strings.CutPrefix(name, "bucket:")
		switch {
		case name == "type" || name == "bucket:type":
			p.byType = true
		case name == "none":
		case isBucket:
			a, known := metrics.FindAttribute(attribute)
			if !known {
				return fault.Usagef("--by %s: unknown attribute (known: %s)", name, strings.Join(attributeNames(), ", "))
			}
			p.attributes = append(p.attributes, a)
		default:
			return fault.Usagef("--by %s: want type, none, or bucket:NAME with one of %s", name, strings.Join(attributeNames(), ", "))
		}
	}
	return nil
}

func attributeNames() []string {
	var names []string
	for _, a := range metrics.Attributes {
		names = append(names, a.Name)
	}
	return append(names, "type")
}

// needsTrain names the first attribute that needs the train split.
func (p *evalPlan) needsTrain() string {
	for _, a := range p.attributes {
		if a.NeedsTrain {
			return a.Name
		}
	}
	return ""
}

// needsSpans names the first thing that compares places; empty if nothing does.
func (p *evalPlan) needsSpans() string {
	for _, m := range p.metrics {
		if m.metric.OfSpans() {
			return m.id
		}
	}
	switch {
	case p.taxonomy:
		return "--taxonomy"
	case p.confusion:
		return "--confusion"
	}
	return ""
}

// spanMetrics are the places of the metrics that buckets can split.
func (p *evalPlan) spanMetrics() []int {
	var at []int
	for i, m := range p.metrics {
		if m.metric.ID == "span_f1" {
			at = append(at, i)
		}
	}
	return at
}

// metricIDs lists the ids of metrics that a condition holds for.
func metricIDs(where func(metrics.Metric) bool) []string {
	var ids []string
	for _, m := range metrics.Metrics {
		if where == nil || where(m) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}
