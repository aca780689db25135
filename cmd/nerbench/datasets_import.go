package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"nerbench/datasets/acquire"
	"nerbench/harness/texts"
	"nerbench/ner"
)

func (env *environment) importDataset(c *cli.Context) error {
	dataset, err := env.oneDataset(c, "datasets import", 1)
	if err != nil {
		return err
	}
	a := env.acquirer()
	a.Notify = func(e acquire.Event) {
		if w, ok := e.(acquire.Waiting); ok {
			env.waiting(w)
		}
	}
	out, err := a.Import(c.Context, dataset, c.Args().Get(1),
		acquire.ImportOptions{Set: c.String("set"), Split: ner.Split(c.String("split")), Folder: c.String("folder"), Accept: c.Bool("accept")})
	if len(out.Files) > 0 {
		err = errors.Join(err, env.printImported(out))
	}
	return err
}

func (env *environment) printImported(out acquire.Imported) error {
	if env.json {
		return env.printJSON(out)
	}
	if out.Taken {
		for _, line := range texts.Imported(out) {
			fmt.Fprintln(env.stdout, line)
		}
	}
	return env.printVerified(out.Splits)
}
