package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"nerbench/internal/fault"
	"nerbench/ner"
)

func storeCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "store",
		Usage: "recover a damaged store",
		Subcommands: []*cli.Command{{
			Name: "recover", Usage: "copy the readable part of a damaged store into a new store",
			Description: `recover copies all answers that are whole, and the runs with their whole passages,
into a new store. A run that lacks a passage has no scores then: run it again. Only the
damaged answers are requested again. The damaged store is not changed. doctor lists the
damage.`,
			Flags: []cli.Flag{&cli.StringFlag{Name: "into", Usage: "write the new store to `FILE`"}},
			Action: func(c *cli.Context) error {
				switch {
				case c.String("into") == "":
					return fault.Usagef("store recover: want --into FILE, the new store")
				}
				return env.recoverStore(c.Context, c.String("into"))
			},
		}},
	}
}

// recoverStore takes over what is whole. Its error is partial if something is missing.
func (env *environment) recoverStore(ctx context.Context, into string) error {
	h, err := env.bench.RecoverStore(ctx, into)
	if err != nil {
		return err
	}
	complete, whole := 0, 0
	for _, r := range h.Runs {
		complete, whole = complete+r.Complete, whole+r.Whole
	}
	if env.json {
		err = env.printJSON(map[string]any{
			"store": into, "answers": h.Answers, "damaged_answers": h.Damaged, "runs": len(h.Runs), "lost_runs": h.Lost,
			"passages": whole, "recorded_passages": complete,
		})
	} else {
		_, err = fmt.Fprintf(env.stdout, "%s: %s, %s, %d of %d complete passages\n", into, ner.Count(h.Answers, "answer"), ner.Count(len(h.Runs), "run"), whole, complete)
	}
	if err != nil || h.OK() {
		return err
	}
	return &fault.PartialError{Err: fmt.Errorf("store: %s: not everything could be recovered: %s", env.bench.Store, h.Summary())}
}

// exportStore writes a copy of the whole store.
func (env *environment) exportStore(ctx context.Context, out string) error {
	if err := env.bench.BackupStore(ctx, out); err != nil {
		return err
	}
	if env.json {
		return env.printJSON(map[string]string{"store": env.bench.Store, "copy": out})
	}
	_, err := fmt.Fprintf(env.stdout, "copied %s to %s\n", env.bench.Store, out)
	return err
}
