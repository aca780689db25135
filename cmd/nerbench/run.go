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
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/open"
)

func runCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "run",
		Usage: "ask a model about datasets, and score the answers",
		Description: `run -m MODEL -d DATASET[,DATASET] asks what has no answer yet, then scores. Stop it at
any moment and give the same command again: it continues, and asks nothing twice.

MODEL is one of:
  ` + strings.Join(open.Usages(), "\n  ") + `

--set takes keys of a run: ` + strings.Join(ner.KeyNames(ner.Settable), ", ") + `.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "model", Aliases: []string{"m"}, Usage: "`MODEL` to ask"},
			&cli.StringSliceFlag{Name: "dataset", Aliases: []string{"d"}, Usage: "`DATASET`s, separated by commas"},
			&cli.StringFlag{Name: "suite", Usage: "`SUITE` of datasets: full49, crossner-mit, supervised20, or a domain"},
			&cli.StringFlag{Name: "split", Value: "test", Usage: "`SPLIT` to ask about: train, dev, test"},
			&cli.StringFlag{Name: "view", Usage: "`VIEW` of the documents: all, table6 (those that the paper counted)"},
			&cli.StringFlag{Name: "card", Usage: "ask as the model `CARD` says (models list prints the cards)"},
			&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY` (default: uniner; for tagger: spans)"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompt (default: the family's first)"},
			&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the run; may be repeated"},
			&cli.IntFlag{Name: "limit", Usage: "ask only the first `N` passages of each dataset"},
			&cli.StringFlag{Name: "max-connections", Value: "auto", Usage: "passages at once: `N`, or auto"},
			&cli.StringFlag{Name: "shard", Usage: "ask only part `I/N` of the passages, such as 1/4"},
			&cli.IntFlag{Name: "context", Usage: "context length in `TOKENS` (default: what the longest prompt needs)"},
			&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
			&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server; vllm: repeat it for servers that share the work (default: OLLAMA_HOST; for vllm OPENAI_BASE_URL, http://127.0.0.1:8000)"},
			apiKeyFlag(),
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` to score by (default: span_f1, uniner_f1, uniner_f1_lenient)"},
			&cli.IntFlag{Name: "probe", Value: 4, Usage: "ask `N` questions twice at the end, to see whether answers repeat"},
			&cli.BoolFlag{Name: "pull", Usage: "ollama: download the model if the server lacks it"},
			&cli.DurationFlag{Name: "keep-alive", Usage: "ollama: `TIME` that the model stays loaded (default: the server's)"},
			&cli.BoolFlag{Name: "ask-only", Usage: "ask, and do not score"},
		}, localFlags()...),
		Action: func(c *cli.Context) error {
			request, err := readRequest(env, c)
			if err != nil {
				return err
			}
			return env.run(c.Context, request)
		},
	}
}

// readRequest reads from the flags what run asks.
func readRequest(env *environment, c *cli.Context) (harness.Request, error) {
	r := harness.Request{
		Card: c.String("card"), Servers: c.StringSlice("base-url"), KeyFile: c.String("api-key-file"), Timeout: c.Duration("timeout"),
		Metrics: splitList(c.StringSlice("metric")), AskOnly: c.Bool("ask-only"), Local: readLocal(c), Probe: c.Int("probe"),
		Pull: c.Bool("pull"), KeepAlive: c.Duration("keep-alive"), Scored: !env.quiet,
	}
	switch {
	case c.NArg() > 0:
		return r, fault.Usagef("run: unexpected argument %q (datasets are named with -d)", c.Args().First())
	case c.String("model") == "":
		return r, fault.Usagef("run: no model: name one with -m (%s)", strings.Join(open.Usages(), "; "))
	case len(c.StringSlice("dataset")) == 0 && c.String("suite") == "":
		return r, fault.Usagef("run: no datasets: name some with -d DATASET,DATASET or --suite SUITE")
	}
	var err error
	if r.Datasets, err = env.bench.AskedDatasets(c.StringSlice("dataset"), c.String("suite")); err != nil {
		return r, err
	}
	if r.Plan, err = readPlan(c); err != nil {
		return r, err
	}
	r.Plan.Model = c.String("model")
	r.Connections, err = readConnections(c)
	return r, err
}

// readPlan reads the keys of --set, and of the flags that are keys.
func readPlan(c *cli.Context) (ner.Plan, error) {
	var p ner.Plan
	for _, pair := range c.StringSlice("set") {
		name, value, ok := strings.Cut(pair, "=")
		key, known := ner.FindKey(name)
		switch {
		case !ok:
			return p, fault.Usagef("--set %s: want key=value", pair)
		case !known:
			return p, fault.Usagef("--set %v", ner.UnknownKey(name, ner.KeyNames(ner.Settable)))
		case !key.Settable:
			return p, fault.Usagef("--set %s: %q is determined by the program and cannot be set (keys to set: %s)", pair, name, strings.Join(ner.KeyNames(ner.Settable), ", "))
		}
		if err := p.Set(name, value); err != nil {
			return p, fault.Usagef("--set %v", err)
		}
	}
	for _, key := range ner.Keys {
		if !key.Flag || !c.IsSet(key.Name) || c.Value(key.Name) == 0 { // 0: the default
			continue
		}
		if err := p.Set(key.Name, fmt.Sprint(c.Value(key.Name))); err != nil {
			return p, fault.Usagef("--%v", err)
		}
	}
	return p, nil
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

// run asks, scores and prints.
func (env *environment) run(ctx context.Context, r harness.Request) error {
	env.asking = true
	summary, err := env.bench.Run(ctx, r)
	env.shown.end()
	if env.json {
		if len(summary.Runs)+len(summary.NotRun) > 0 {
			return errors.Join(env.printJSON(summary), err)
		}
		return err
	}
	for i := range summary.Runs {
		fmt.Fprint(env.stdout, runText(&summary.Runs[i]))
	}
	return err
}
