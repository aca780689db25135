package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/cards"
)

func runCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "run",
		Usage: "ask a model about datasets, and score the answers",
		Description: `run -m MODEL -d DATASET[,DATASET] asks what has no answer yet, then scores. Stop it at
any moment and give the same command again: it continues, and asks nothing twice.

MODEL is one of:
  ` + modelUsage() + `

--set takes keys of a run: ` + strings.Join(settable, ", ") + `.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "model", Aliases: []string{"m"}, Usage: "`MODEL` to ask"},
			&cli.StringSliceFlag{Name: "dataset", Aliases: []string{"d"}, Usage: "`DATASET`s, separated by commas"},
			&cli.StringFlag{Name: "suite", Usage: "`SUITE` of datasets: full49, crossner-mit, supervised20, or a domain"},
			&cli.StringFlag{Name: "split", Value: "test", Usage: "`SPLIT` to ask about: train, dev, test"},
			&cli.StringFlag{Name: "view", Usage: "`VIEW` of the units: all, or table6 for those that the paper counted"},
			&cli.StringFlag{Name: "card", Usage: "model `CARD` that says how the model is asked (models list)"},
			&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY` (default: uniner; for tagger: spans)"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompt (default: the family's first)"},
			&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the run; may be repeated"},
			&cli.IntFlag{Name: "limit", Usage: "ask the first `N` passages of each dataset only"},
			&cli.StringFlag{Name: "max-connections", Value: "auto", Usage: "passages at once: `N`, or auto"},
			&cli.StringFlag{Name: "shard", Usage: "ask part `I/N` of the passages only"},
			&cli.IntFlag{Name: "context", Usage: "context length in `TOKENS` (default: what the longest prompt needs)"},
			&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
			&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server; for vllm several may be named, which share the work (default: OLLAMA_HOST; for vllm OPENAI_BASE_URL, http://127.0.0.1:8000)"},
			apiKeyFlag(),
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` to score by (default: span_f1, uniner_f1, uniner_f1_lenient)"},
			&cli.IntFlag{Name: "probe", Value: 4, Usage: "`N` questions of a run to ask twice at its end, to see whether answers repeat"},
			&cli.BoolFlag{Name: "pull", Usage: "ollama: download the model, if the server does not have it"},
			&cli.DurationFlag{Name: "keep-alive", Usage: "ollama: `TIME` for which the model stays loaded after a query (default: the server's)"},
			&cli.BoolFlag{Name: "ask-only", Usage: "do not score"},
		}, localFlags()...),
		Action: func(c *cli.Context) error {
			plan, err := readRunPlan(env, c)
			if err != nil {
				return err
			}
			return env.runDatasets(c.Context, plan)
		},
	}
}

func modelUsage() string {
	var lines []string
	for _, k := range modelKinds {
		lines = append(lines, k.usage)
	}
	return strings.Join(lines, "\n  ")
}

// runPlan is what one call of run asks.
type runPlan struct {
	model       string
	ds          []*datasets.Dataset
	selection   selection
	keys        map[string]string // of prompts and decoding, as set
	decoding    runners.Decoding
	connections int // 0: adapt
	servers     []string
	keyFile     string
	timeout     time.Duration
	local       localSettings
	metrics     []string
	askOnly     bool
	probe       int // questions to ask twice
	pull        bool
	keepAlive   time.Duration
	card        *cards.Card // how the model is asked; nil: as the user says
}

func readRunPlan(env *environment, c *cli.Context) (runPlan, error) {
	p := runPlan{
		model: c.String("model"), servers: c.StringSlice("base-url"), keyFile: c.String("api-key-file"), timeout: c.Duration("timeout"),
		metrics: splitList(c.StringSlice("metric")), askOnly: c.Bool("ask-only"), local: readLocal(c), probe: c.Int("probe"),
		pull: c.Bool("pull"), keepAlive: c.Duration("keep-alive"),
	}
	switch {
	case c.NArg() > 0:
		return p, fault.Usagef("run: unexpected argument %q (datasets are named with -d)", c.Args().First())
	case p.model == "":
		return p, fault.Usagef("run: no model: name one with -m (%s)", strings.ReplaceAll(modelUsage(), "\n  ", "; "))
	case len(c.StringSlice("dataset")) == 0 && c.String("suite") == "":
		return p, fault.Usagef("run: no datasets: name some with -d DATASET,DATASET or --suite SUITE")
	}
	for _, id := range p.metrics { // now, not after hours of asking
		if _, _, err := metrics.ParseID(id); err != nil {
			return p, fault.Usagef("run: %v", err)
		}
	}
	var err error
	if p.ds, err = env.askedDatasets(c.StringSlice("dataset"), c.String("suite")); err != nil {
		return p, err
	}
	if p.keys, err = readSettings(c.StringSlice("set")); err != nil {
		return p, err
	}
	for flag, key := range map[string]string{"family": "family", "variant": "variant", "shard": "shard", "split": "split", "view": "view", "limit": "limit", "context": "context"} {
		if c.IsSet(flag) {
			p.keys[key] = fmt.Sprint(c.Value(flag))
		}
	}
	if err := env.takeCard(&p, c.String("card")); err != nil {
		return p, err
	}
	if _, _, err := modelKind(p.model); err != nil {
		return p, err
	}
	if err := p.complete(); err != nil {
		return p, err
	}
	p.connections, err = readConnections(c)
	return p, err
}

// readConnections reads how many passages are asked at once; 0: adapt.
func readConnections(c *cli.Context) (int, error) {
	n := c.String("max-connections")
	if n == "auto" {
		return 0, nil
	}
	connections, err := strconv.Atoi(n)
	if err != nil || connections < 1 {
		return 0, fault.Usagef("--max-connections %s: want a number from 1, or auto", n)
	}
	return connections, nil
}

// complete fills in what the keys leave open, and reads from them what is asked
// and how it is decoded.
func (p *runPlan) complete() (err error) {
	if p.keys["split"] == "" {
		p.keys["split"] = string(ner.Test)
	}
	if p.keys["family"] == "" {
		p.keys["family"] = defaultFamily(p.model)
	}
	if p.selection, err = selectionOf(p.keys); err != nil {
		return fault.Usagef("%v", err)
	}
	if err := checkView(p.selection.view); err != nil {
		return err
	}
	if s := p.selection; s.limit < 0 || s.shards < 0 || s.shards > 0 && (s.shard < 1 || s.shard > s.shards) {
		return fault.Usagef("limit and shard: want a positive number of passages, and I/N with 1 <= I <= N")
	}
	p.decoding, err = readDecoding(p.keys)
	return err
}

// splitList joins repeated flags and lists with commas, each value once; a comma
// inside of brackets belongs to a metric's options.
func splitList(values []string) []string {
	var parts []string
	for _, part := range strings.Split(strings.Join(values, ","), ",") {
		if last := len(parts) - 1; last >= 0 && strings.Count(parts[last], "[") > strings.Count(parts[last], "]") {
			parts[last] += "," + part
		} else if part != "" {
			parts = append(parts, part)
		}
	}
	var out []string
	for _, part := range parts {
		if !slices.Contains(out, part) {
			out = append(out, part)
		}
	}
	return out
}

// readDecoding reads the sampling parameters among the keys (docs/spec/prompts.md §2.5).
func readDecoding(keys map[string]string) (runners.Decoding, error) {
	d := runners.Decoding{Seed: 1}
	if keys["family"] == "spans" {
		d.Seed = 0
	}
	var err error
	if v := keys["temperature"]; v != "" {
		if d.Temperature, err = strconv.ParseFloat(v, 64); err != nil || d.Temperature < 0 {
			return d, fault.Usagef("temperature=%s: want a number from 0", v)
		}
	}
	for name, into := range map[string]*int{"sampling_seed": &d.Seed, "context": &d.Context} {
		if v := keys[name]; v != "" {
			if *into, err = strconv.Atoi(v); err != nil {
				return d, fault.Usagef("%s=%s: want a number", name, v)
			}
		}
	}
	switch keys["think"] {
	case "", "off":
	case "on":
		d.Think = true
	default:
		return d, fault.Usagef("think=%s: want on or off", keys["think"])
	}
	return d, nil
}

// runRows asks and scores dataset after dataset. A dataset that cannot be asked does not
// stop the others; the exit code tells.
func (env *environment) runDatasets(ctx context.Context, plan runPlan) error {
	store, err := env.openStore(ctx)
	if err != nil {
		return err
	}
	var summary runSummary
	var faults []error
	for _, dataset := range plan.ds {
		report, err := env.runDataset(ctx, store, plan, dataset)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, runners.ErrFatal) || errors.Is(err, runners.ErrTemporary) || errors.As(err, new(*fault.UsageError)) || len(plan.ds) == 1 {
				faults = []error{err}
				break
			}
			env.note("%s: not run: %v", dataset.ID, err)
			faults = append(faults, err)
			summary.NotRun = append(summary.NotRun, notRun{dataset.ID, err.Error()})
			continue
		}
		summary.add(report)
		if !env.json {
			fmt.Fprint(env.stdout, report.text())
		}
	}
	if err := errors.Join(store.Close()); err != nil {
		return err
	}
	if env.json && len(summary.Runs)+len(summary.NotRun) > 0 {
		if err := env.printJSON(summary); err != nil {
			return err
		}
	}
	switch {
	case len(faults) == 1:
		return faults[0]
	case len(faults) > 1:
		return sameCode(faults, fmt.Errorf("%d of %d datasets were not run", len(faults), len(plan.ds)))
	case summary.Incomplete > 0:
		return &fault.PartialError{Err: fmt.Errorf("%d passages are incomplete: the same command asks for the rest", summary.Incomplete)}
	}
	return nil
}

// noteLock tells where the data is not what the lock says: the run carries the
// fingerprint of its own data, and does not compare with those on the locked.
func (env *environment) noteLock(dataset *datasets.Dataset, s survey) {
	native := s.part.gold == "" || s.part.gold == datasets.NativeGold
	if !native || s.part.view == loaders.Table6View {
		return
	}
	set, err := dataset.Set("")
	if err != nil {
		return // the sample has no sets
	}
	p, err := set.Part(s.part.split)
	if err != nil || p.Lock == nil {
		return
	}
	if s.lock.TextsSHA256 != p.Lock.TextsSHA256 || s.lock.SpansSHA256 != p.Lock.SpansSHA256 {
		env.note("%s: %s: not the locked data: found %d documents with %d spans, expected %d with %d (nerbench datasets verify %s lists the differences); this run carries a fingerprint of its own",
			dataset.ID, s.part.split, s.lock.Documents, s.lock.Spans, p.Lock.Documents, p.Lock.Spans, dataset.ID)
	}
}

// mergeKeys joins maps of keys.
func mergeKeys(parts ...map[string]string) map[string]string {
	keys := map[string]string{}
	for _, p := range parts {
		maps.Copy(keys, p)
	}
	return keys
}
