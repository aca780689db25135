package files

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/prompts"
)

// evalPlan has the metrics of an evaluation, and the ways to parse answers.
type evalPlan struct {
	Options
	family   string // of the answers
	metrics  []scoredMetric
	parsings []*parsing
	train    *metrics.Training
}

// scoredMetric is a metric with the parsing that its id names.
type scoredMetric struct {
	id      string
	metric  metrics.Metric
	parsing int
	// plain is the id for imported mentions. They are not parsed, so it has no parser.
	plain string
}

// parsing is one way to parse answers, with a parser for each list of types in the
// answers.
type parsing struct {
	options   loop.ParseOptions
	protocols []metrics.Protocol
	mutex     sync.Mutex
	parsers   map[string]*loop.PassageParser // by the added types
}

// withTypes returns the parser of answers to queries about types. If the types of
// the dataset are not named, those of the query are used.
func (p *parsing) withTypes(named bool, asked []ner.EntityType) (*loop.PassageParser, error) {
	key := ""
	if !named {
		var b strings.Builder
		for _, t := range asked {
			b.WriteString(string(t) + "\x1f")
		}
		key = b.String()
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if parser, ok := p.parsers[key]; ok {
		return parser, nil
	}
	options := p.options
	if !named {
		for _, t := range asked {
			if !slices.ContainsFunc(options.Types, func(n answers.TypeName) bool { return n.Natural == t }) {
				options.Types = append(slices.Clip(options.Types), answers.TypeName{Natural: t})
			}
		}
	}
	parser, err := loop.NewPassageParser(options, p.protocols...)
	if err == nil {
		p.parsers[key] = parser
	}
	return parser, err
}

// checkParsing returns a usage error if an option of parsing is unknown.
func checkParsing(o Parsing) error {
	if u := o.Unknown; u != "" && u != "drop" && u != "fp" {
		return fault.Usagef("unknown %s: want drop or fp", u)
	}
	if err := o.Alignment.Check(); err != nil {
		return fault.Usagef("%v", err)
	}
	if known := prompts.Names(prompts.Families); o.Family != "" && !slices.Contains(known, o.Family) {
		return fault.Usagef("family %q: unknown%s", o.Family, ner.Choices(o.Family, known))
	}
	if err := prompts.CheckVariant(o.Family, o.Variant); err != nil {
		return fault.Usagef("%v", err)
	}
	return nil
}

// optionsOf returns the options of parsing that are part of the ids of metrics.
func optionsOf(o loop.ParseOptions) map[string]string {
	chosen := map[string]string{}
	for name, value := range map[string]string{"align": o.Alignment.Mode, "boundary": o.Alignment.Boundary, "unknown": o.Unknown} {
		if value != "" {
			chosen[name] = value
		}
	}
	if o.Alignment.Tiers != 0 {
		chosen["tiers"] = fmt.Sprint(o.Alignment.Tiers)
	}
	return chosen
}

// newPlan finds the metrics. defaults are the ids if o has none, applicable are the
// ids that the input can have. If parse has no family, it is that of the first metric,
// else the given one.
func newPlan(o Options, parse Parsing, family string, defaults, applicable []string) (*evalPlan, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	p := &evalPlan{Options: o}
	ids := o.Metrics
	all := slices.Equal(ids, []string{"all"})
	switch {
	case all:
		ids = applicable
	case len(ids) == 0:
		ids = defaults
	}
	chosen := all || parse.Family != ""
	if parse.Family == "" {
		parse.Family = family
	}
	if !chosen {
		parse = familyOf(ids, parse)
	}
	p.family = parse.Family
	a, _ := prompts.AnswersOf(parse.Family, parse.Variant) // the family was checked if answers are parsed
	parse.Form, parse.Presets = a.Form, a.Presets
	for _, id := range ids {
		if err := p.addMetric(id, parse.ParseOptions, chosen, applicable); err != nil {
			return nil, err
		}
	}
	if len(p.By.Attributes) > 0 && len(p.spanMetrics()) == 0 {
		return nil, fault.Usagef("by bucket: only span_f1 has buckets: add it to the metrics")
	}
	return p, nil
}

// familyOf sets the family of the answers to that of the first metric, if this is a
// preset of a family.
func familyOf(ids []string, parse Parsing) Parsing {
	if len(ids) == 0 {
		return parse
	}
	m, _, err := metrics.ParseID(ids[0])
	if err != nil {
		return parse // the caller reports it
	}
	if family, variant, ok := prompts.AnsweredAs(m.ID); ok {
		parse.Family, parse.Variant = family, variant
	}
	return parse
}

// addMetric adds a metric and its way to parse answers. chosen is set if the user
// chose the family of the answers: then a preset of another family uses the ladder,
// and its id has the option reader=ladder.
func (p *evalPlan) addMetric(id string, parse loop.ParseOptions, chosen bool, applicable []string) error {
	m, options, err := metrics.ParseID(id)
	if err != nil {
		return fault.Usagef("%v", err)
	}
	if !slices.Contains(applicable, m.ID) {
		return fault.Usagef("metric %s: does not apply to this input (applicable: %s)", id, strings.Join(applicable, ", "))
	}
	all := optionsOf(parse)
	maps.Copy(all, options)
	plain, err := m.WithOptions(all)
	if err != nil {
		return fault.Usagef("%v", err)
	}
	if _, named := all["reader"]; !named && m.Protocol != "" && chosen && !slices.Contains(parse.Presets, m.ID) {
		all["reader"] = "ladder"
	}
	full, err := m.WithOptions(all)
	if err != nil {
		return fault.Usagef("%v", err)
	}
	at := p.addParsing(parse.With(all))
	if shared := p.parsings[at]; m.Protocol != "" && !slices.Contains(shared.protocols, m.Protocol) {
		shared.protocols = append(shared.protocols, m.Protocol)
	}
	p.metrics = append(p.metrics, scoredMetric{id: full, metric: m, parsing: at, plain: plain})
	return nil
}

// addParsing returns the index of a way to parse answers. Metrics may share it.
func (p *evalPlan) addParsing(o loop.ParseOptions) int {
	at := slices.IndexFunc(p.parsings, func(other *parsing) bool { return sameParsing(other.options, o) })
	if at < 0 {
		at = len(p.parsings)
		p.parsings = append(p.parsings, &parsing{options: o, parsers: map[string]*loop.PassageParser{}})
	}
	return at
}

// sameParsing compares the options that differ between the metrics of one call.
func sameParsing(a, b loop.ParseOptions) bool {
	return a.Alignment == b.Alignment && a.Unknown == b.Unknown && a.Reader == b.Reader
}

// readTrain reads the train split if an attribute needs it.
func (p *evalPlan) readTrain(read func(io.Reader, *metrics.Training) error) error {
	needs := p.By.NeedsTrain()
	switch {
	case needs == "" && p.Train.isGiven():
		return fault.Usagef("the train split has no effect without a bucket by oDen, eFre, or eCon")
	case needs == "":
		return nil
	case !p.Train.isGiven():
		return &fault.Hint{Err: fault.Usagef("by bucket:%s: needs the train split", needs), Advice: "name it with --train FILE"}
	}
	p.train = metrics.NewTraining()
	err := p.Train.Read(func(in io.Reader) error { return read(in, p.train) })
	p.train.Count()
	return err
}

// needsSpans returns the name of the first metric or table that compares positions;
// may be empty.
func (p *evalPlan) needsSpans() string {
	for _, m := range p.metrics {
		if m.metric.OfSpans() {
			return m.id
		}
	}
	switch {
	case p.Taxonomy:
		return "the taxonomy of errors"
	case p.Confusion:
		return "the table of types"
	}
	return ""
}

// spanMetrics returns the indexes of the metrics with buckets.
func (p *evalPlan) spanMetrics() []int {
	var at []int
	for i, m := range p.metrics {
		if m.metric.ID == "span_f1" {
			at = append(at, i)
		}
	}
	return at
}

// metricIDs lists the ids of metrics that satisfy a condition.
func metricIDs(where func(metrics.Metric) bool) []string {
	var ids []string
	for _, m := range metrics.Metrics {
		if where == nil || where(m) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}
