package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/fleet"
	"nerbench/runners/open"
)

// fleetFlags let the workers of other machines answer.
func fleetFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "listen", Usage: "ask by workers that join at `ADDRESS:PORT` (docs/scale.md)"},
		&cli.StringFlag{Name: "queue", Usage: "ask by workers that join at the NATS server `nats://HOST:PORT`"},
		&cli.DurationFlag{Name: "wait-workers", Usage: "longest `TIME` without workers (default: 30m)"},
	}
}

// startFleet starts the coordinator that the flags ask for, beside a store; nil: none. It
// must be closed.
func (env *environment) startFleet(c *cli.Context, store string, models int) (*fleet.Coordinator, error) {
	if !c.IsSet("listen") && !c.IsSet("queue") {
		return nil, nil
	}
	if c.IsSet("listen") && c.IsSet("queue") {
		return nil, fault.Usagef("%s: --listen and --queue: want one of them", commandPath(c))
	}
	if d := c.Duration("wait-workers"); d < 0 || c.IsSet("wait-workers") && d == 0 {
		return nil, fault.Usagef("--wait-workers %s: want a time above 0, such as 30m", d)
	}
	times, err := env.fleetTimes()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(store), 0o777); err != nil {
		return nil, fmt.Errorf("%s: %w", commandPath(c), err)
	}
	return fleet.Start(c.Context, fleet.Config{
		Listen: c.String("listen"), Queue: c.String("queue"), Token: env.variable("NERBENCH_FLEET_TOKEN"), Store: store,
		WaitWorkers: c.Duration("wait-workers"), Several: models != 1, Build: buildName(), Times: times, Note: func(text string) { env.event(harness.Event{Note: text}) },
	})
}

// shortestLease is that of a worker whose signs of life are not late on a busy machine.
const shortestLease = time.Second

// fleetTimes are the intervals of a fleet. NERBENCH_FLEET_LEASE is the lease, the same for
// the coordinator and its workers.
func (env *environment) fleetTimes() (t fleet.Times, err error) {
	text := env.variable("NERBENCH_FLEET_LEASE")
	if text == "" {
		return t, nil
	}
	t.Lease, err = time.ParseDuration(text)
	if err != nil || t.Lease < shortestLease {
		return t, fault.Usagef("NERBENCH_FLEET_LEASE=%s: want a time from %s, such as 30s", text, shortestLease)
	}
	t.Beat = t.Lease / 3
	return t, nil
}

func workerCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "worker",
		Usage: "answer the queries of a run --listen",
		Description: `worker opens a model on this machine and answers queries until it is stopped. It needs
no data and no store. It waits for a coordinator that has not started yet, or restarts.

FLEET is the file that run --listen writes beside its store (results.db.fleet), or the
address of run --queue. docs/scale.md has recipes.`,
		Flags: append([]cli.Flag{
			joinFlag(),
			&cli.StringFlag{Name: "model", Aliases: []string{"m"}, Usage: "`MODEL`, as in run"},
			&cli.DurationFlag{Name: "until-idle", Usage: "end when there was nothing to do for `TIME` (default: never)"},
			&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server, as in run"},
			apiKeyFlag(),
			&cli.StringFlag{Name: "max-connections", Value: "auto", Usage: "`N` passages at once, or auto"},
			&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
			&cli.BoolFlag{Name: "pull", Usage: "ollama: download the model if it is missing"},
			&cli.StringFlag{Name: "keep-alive", Usage: "ollama: `TIME` to keep the model loaded"},
		}, localFlags()...),
		Action: env.work,
	}
}

func joinFlag() cli.Flag {
	return &cli.StringFlag{Name: "join", Usage: "`FLEET` to join: results.db.fleet, or nats://HOST:PORT"}
}

// work answers queries until it is stopped.
func (env *environment) work(c *cli.Context) error {
	switch {
	case c.String("join") == "":
		return fault.Usagef("worker: no fleet: want --join results.db.fleet or nats://HOST:PORT")
	case c.String("model") == "":
		return fault.Usagef("worker: no model: want -m MODEL")
	}
	if d := c.Duration("until-idle"); d < 0 || c.IsSet("until-idle") && d == 0 {
		return fault.Usagef("--until-idle %s: want a time above 0, such as 10m", d)
	}
	r := harness.Request{
		Plan: ner.Plan{Model: c.String("model")}, Servers: splitCommas(c.StringSlice("base-url")), KeyFile: c.String("api-key-file"),
		Timeout: c.Duration("timeout"), Pull: c.Bool("pull"), Local: readLocal(c),
	}
	var err error
	if r.Connections, err = readConnections(c); err != nil {
		return err
	}
	if r.KeepAlive, err = open.ParseKeepAlive(c.String("keep-alive")); err != nil {
		return fault.Usagef("--keep-alive %v", err)
	}
	times, err := env.fleetTimes()
	if err != nil {
		return err
	}
	spec, err := env.bench.OnMachine(r)
	if err != nil {
		return err
	}
	w := fleet.Worker{
		Join: c.String("join"), Spec: spec, UntilIdle: c.Duration("until-idle"), Build: buildName(), Times: times,
		Note: func(text string) { env.event(harness.Event{Note: text}) },
	}
	err = w.Run(c.Context)
	if cause := context.Cause(c.Context); cause != nil && strings.HasPrefix(cause.Error(), syscall.SIGTERM.String()) { // signal.NotifyContext names the signal
		return errTerminated
	}
	return err
}

func workersCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "workers",
		Usage: "list the workers of a run --listen",
		Description: `workers prints a line for each worker of FLEET: node and process, server, slots, passages
in progress and done, passages per second, failures, and the time since its last message.`,
		Flags: []cli.Flag{joinFlag()},
		Action: func(c *cli.Context) error {
			if c.String("join") == "" {
				return fault.Usagef("workers: no fleet: want --join results.db.fleet or nats://HOST:PORT")
			}
			list, err := fleet.List(c.Context, c.String("join"))
			if err != nil {
				return err
			}
			if env.json {
				return env.printJSON(list)
			}
			return texts.WriteWorkers(env.stdout, &list)
		},
	}
}
