package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/datasets/acquire"
	"nerbench/datasets/fetch"
	"nerbench/harness"
	"nerbench/internal/fault"
)

// acquirer returns the downloader and importer of datasets.
func (env *environment) acquirer() *acquire.Acquirer {
	return &acquire.Acquirer{Data: env.data, DataFlag: env.dataGiven, Hub: fetch.NewHub(env.getenv), GitHub: env.getenv("NERBENCH_GITHUB")}
}

func (env *environment) howToGet(dataset *datasets.Dataset) string {
	if strings.HasPrefix(dataset.ID, harness.SamplePrefix) {
		return "part of the program: invented passages"
	}
	return env.acquirer().HowToGet(dataset)
}

func (env *environment) fetchDatasets(c *cli.Context) error {
	if c.NArg() == 0 && c.String("suite") == "" {
		return fault.Usagef("datasets fetch: no datasets: want DATASET... or --suite SUITE")
	}
	ds, err := env.bench.SelectDatasets(c.Args().Slice(), c.String("suite"), "")
	if err != nil {
		return err
	}
	bars := env.newTransfers()
	var printing sync.Mutex
	var failed error // to print
	a := env.acquirer()
	a.Notify = func(e acquire.Event) {
		switch e := e.(type) {
		case acquire.Progress:
			bars.show(e)
		case acquire.Waiting:
			env.waiting(e)
		case acquire.Imported:
			if env.json {
				return // standard output holds one JSON value
			}
			printing.Lock()
			defer printing.Unlock()
			if err := env.printImported(e); err != nil {
				failed = err
			}
		}
	}
	out, err := a.FetchAll(c.Context, ds, acquire.FetchOptions{DryRun: c.Bool("dry-run")})
	bars.close()
	if out == nil {
		return &fault.Hint{Err: err, Advice: "the next fetch resumes the downloads"}
	}
	return errors.Join(failed, env.printFetched(out), err)
}

// waiting notes that a command waits for another process.
func (env *environment) waiting(w acquire.Waiting) {
	env.note("%s: waiting: another process %s", w.Dataset, w.For)
}

func (env *environment) printFetched(list []acquire.Fetched) error {
	if env.json {
		return env.printJSON(list)
	}
	for _, f := range list {
		if f.State == acquire.Failed && len(list) == 1 {
			continue // the error is printed
		}
		fmt.Fprintf(env.stdout, "%s: %s", f.Dataset, f.State)
		if f.From != "" {
			fmt.Fprintf(env.stdout, " from %s", f.From)
		}
		if f.Why != "" {
			fmt.Fprintf(env.stdout, ": %s", f.Why)
		}
		fmt.Fprintln(env.stdout)
		if f.State == acquire.Planned {
			for _, address := range f.Files {
				fmt.Fprintf(env.stdout, "  %s\n", address)
			}
		}
	}
	return nil
}
