package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/open"
)

func runCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "run",
		Usage: "run a model on datasets, and score the answers",
		Description: `run -m MODEL -d DATASET[,DATASET] sends the queries that have no stored answer, then
scores. To resume an interrupted run, run the same command again.

MODEL is one of:
  ` + strings.Join(open.Usages(), "\n  ") + `

--set KEY=VALUE sets a key of the run: ` + strings.Join(ner.KeyNames(ner.Settable), ", ") + `.
nerbench help keys describes them.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringSliceFlag{Name: "model", Aliases: []string{"m"}, Usage: "`MODEL` to run; repeat it to run several in turn"},
			&cli.StringSliceFlag{Name: "dataset", Aliases: []string{"d"}, Usage: "`DATASET`s, separated by commas"},
			&cli.StringFlag{Name: "suite", Usage: "`SUITE` of datasets: full49, crossner-mit, supervised20, or a domain"},
			&cli.StringFlag{Name: "split", Value: "test", Usage: "`SPLIT` of the datasets: train, dev, test"},
			&cli.StringFlag{Name: "view", Usage: "`VIEW` of the documents: all, table6 (those that the paper counted)"},
			&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY` (default: uniner; for tagger, onnx, exec: spans)"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompt (default: the family's first)"},
			&cli.IntFlag{Name: "limit", Usage: "only the first `N` passages of each dataset"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` to score by (default: span_f1, uniner_f1, uniner_f1_lenient)"},
			&cli.IntFlag{Name: "probe", Value: 4, Usage: "re-send `N` queries at the end to check that answers are deterministic"},
			&cli.BoolFlag{Name: "ask-only", Usage: "do not score the answers"},
		}, askFlags(), fleetFlags(), localFlags()),
		Action: func(c *cli.Context) error {
			request, err := readRequest(env, c)
			if err != nil {
				return err
			}
			models := splitCommas(c.StringSlice("model"))
			f, err := env.startFleet(c, env.store, len(models))
			if err != nil {
				return err
			}
			if f != nil {
				defer f.Close()
				request.Elsewhere = f
			}
			return env.run(c.Context, request, models)
		},
	}
}

// askFlags are the flags of run and of distill construct about a model that is asked.
func askFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "card", Usage: "model `CARD` with the settings of the model (see models list)"},
		weightsFlag(),
		&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the run (see help keys); may be repeated"},
		&cli.StringFlag{Name: "max-connections", Value: "auto", Usage: "`N` passages at once, or auto"},
		&cli.StringFlag{Name: "shard", Usage: "run only part `I/N` of the passages; merge joins the parts"},
		&cli.IntFlag{Name: "context", Usage: "context length in `TOKENS` (default: enough for the longest prompt)"},
		&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
		&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server; for vllm, repeat it to use several servers (default: OLLAMA_HOST; for vllm and openai OPENAI_BASE_URL)"},
		apiKeyFlag(),
		unconstrainedFlag(),
		&cli.BoolFlag{Name: "pull", Usage: "ollama: download the model if it is missing"},
		&cli.StringFlag{Name: "keep-alive", Usage: "ollama: `TIME` to keep the model loaded; -1: forever, 0: not at all"},
	}
}

// weightsFlag is the flag of run and of models check.
func weightsFlag() cli.Flag {
	return &cli.StringFlag{Name: "weights", Usage: "identify the served model by `WEIGHTS`: " + open.WeightsForm}
}

// unconstrainedFlag is the flag of run and of models check.
func unconstrainedFlag() cli.Flag {
	return &cli.BoolFlag{Name: "allow-unconstrained", Usage: "run although the server ignores the schema of the answers"}
}

// readRequest reads the flags of run.
func readRequest(env *environment, c *cli.Context) (r harness.Request, err error) {
	switch {
	case len(c.StringSlice("model")) == 0:
		return r, fault.Usagef("run: no model: want -m MODEL: %s", open.Forms())
	case c.String("weights") != "" && len(c.StringSlice("model")) > 1:
		return r, fault.Usagef("run: --weights names the weights of one model, but -m is given %d times", len(c.StringSlice("model")))
	case len(c.StringSlice("dataset")) == 0 && c.String("suite") == "":
		return r, fault.Usagef("run: no datasets: want -d DATASET[,DATASET] or --suite SUITE")
	}
	if r, err = readAsk(c); err != nil {
		return r, err
	}
	r.Metrics, r.AskOnly, r.Probe, r.Scored = splitList(c.StringSlice("metric")), c.Bool("ask-only"), c.Int("probe"), !env.quiet
	r.Datasets, err = env.bench.AskedDatasets(c.StringSlice("dataset"), c.String("suite"))
	return r, err
}

// readAsk reads the flags of [askFlags].
func readAsk(c *cli.Context) (harness.Request, error) {
	r := harness.Request{
		Card: c.String("card"), Servers: splitCommas(c.StringSlice("base-url")), KeyFile: c.String("api-key-file"), Timeout: c.Duration("timeout"),
		Local: readLocal(c), Weights: c.String("weights"), Pull: c.Bool("pull"), Unconstrained: c.Bool("allow-unconstrained"),
	}
	var err error
	if r.KeepAlive, err = open.ParseKeepAlive(c.String("keep-alive")); err != nil {
		return r, fault.Usagef("--keep-alive %v", err)
	}
	if r.Plan, err = readPlan(c); err != nil {
		return r, err
	}
	if c.IsSet("shard") {
		if c.IsSet("listen") || c.IsSet("queue") {
			return r, fault.Usagef("%s: --shard is a part for this machine, --listen and --queue are for workers: want one of them", commandPath(c))
		}
		if r.Part, err = ner.ParseShard(c.String("shard")); err != nil {
			return r, fault.Usagef("--shard %s: %v", c.String("shard"), err)
		}
	}
	r.Connections, err = readConnections(c)
	return r, err
}

// readConnections reads the number of passages at once; 0: adaptive.
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

// splitList splits repeated flags at commas, and returns each value once. A comma in
// brackets belongs to the options of a metric.
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

// run runs models in turn, and prints the scores of each dataset when its run ends. A
// model that cannot be run does not stop the others.
func (env *environment) run(ctx context.Context, r harness.Request, models []string) error {
	env.asks(collectAt)
	bench := *env.bench
	bench.Notify = func(e harness.Event) {
		if e.Result != nil && !env.json {
			env.shown.end()
			fmt.Fprint(env.stdout, texts.Result(e.Result))
		}
		env.event(e)
	}
	all := harness.Summary{Runs: []harness.Result{}, NotRun: []harness.NotRun{}}
	var faults []error
	for _, model := range models {
		r.Plan.Model = model
		summary, err := bench.Run(ctx, r)
		env.shown.end()
		all.Runs = append(all.Runs, summary.Runs...)
		all.NotRun = append(all.NotRun, summary.NotRun...)
		all.Incomplete += summary.Incomplete
		if err != nil && len(models) > 1 {
			err = fmt.Errorf("%s: %w", model, err)
		}
		if err != nil {
			faults = append(faults, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if env.json && len(all.Runs)+len(all.NotRun) > 0 {
		faults = append(faults, env.printJSON(all))
	}
	if len(faults) == 1 {
		return faults[0]
	}
	return errors.Join(faults...)
}
