package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/config"
	"nerbench/internal/fault"
	"nerbench/internal/terminal"
)

// environment is everything outside the program that a command touches. Tests
// fill in what they need.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	terminal       func(io.Writer) bool // nil: no stream is a terminal
	configs        []string             // the usual places of the configuration file
	program        string               // its own file; empty: it starts no other process

	out      *output          // the standard output behind all writers
	args     []string         // the command line, sorted by arrange
	given    map[string]bool  // the global flags on the command line
	config   *config.File     // read before a command starts
	broken   error            // why it cannot be read
	settings []config.Setting // the global flags, with the origins of their values

	// The global flags, read before a command starts.
	store, data, datasets, prompts, models string

	bench *harness.Bench // made of them
	shown display        // of events of the bench

	mark        string // of the sequences for colours, see styles
	asking      bool   // the command asks models: their answers are kept when it is stopped
	dataGiven   bool   // --data was named, not taken from the cache folder
	json, quiet bool
	color       string // auto (also if empty), always, or never
}

func realEnvironment() *environment {
	env := &environment{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, terminal: isTerminal, configs: config.Places()}
	if file, err := os.Executable(); err == nil {
		env.program = file
	}
	return env
}

// collectAt is the growth of the heap in percent at which a command that asks models
// collects garbage. Its heap is some MiB, so that collections would take a tenth of its
// processor time with the default of 100.
const collectAt = 400

// collectSampleAt is that of a command that also has a sample of a corpus in memory, which
// can be 100 MiB.
const collectSampleAt = 50

// collectBoardAt is that of board build, which keeps the tests of all pairs of models in
// memory; the default would double it.
const collectBoardAt = 30

// asks prepares for asking models. growth is that of [environment.collectAfter].
func (env *environment) asks(growth int) {
	env.asking = true
	env.collectAfter(growth)
}

// collectAfter sets the growth of the heap, in percent, after which garbage is collected,
// unless the variable GOGC sets it.
func (env *environment) collectAfter(growth int) {
	if env.getenv("GOGC") == "" {
		debug.SetGCPercent(growth)
	}
}

// readOutput takes over how the program prints, before anything else: errors are
// printed so, too.
func (env *environment) readOutput(c *cli.Context) (err error) {
	env.json, env.quiet = c.Bool("json"), c.Bool("quiet")
	env.color, err = readColor(c.String("color"))
	return err
}

// readGlobals takes the global flags over. Flags count before the environment, which
// counts before the configuration file. A file that cannot be read is an error of the
// command, because its help and a few commands do without.
func (env *environment) readGlobals(c *cli.Context) error {
	if err := env.readOutput(c); err != nil {
		return err
	}
	env.broken = env.readConfig(c)
	for _, f := range globalFlags() {
		if f.Names()[0] == "config" {
			continue
		}
		if err := env.settle(c, f); err != nil {
			return err
		}
	}
	if err := env.readOutput(c); err != nil {
		return err
	}
	if env.getenv("NERBENCH_ROWS") != "" {
		return fault.Usagef("NERBENCH_ROWS: unknown variable, it is now NERBENCH_DATASETS")
	}
	env.store, env.datasets, env.prompts, env.models = c.String("store"), c.String("datasets"), c.String("prompts"), c.String("models")
	env.data = c.String("data")
	if env.broken == nil {
		env.broken = env.checkFolders()
	}
	env.dataGiven = env.data != ""
	// Without a home folder there is no data folder, and commands that need none work.
	if folder := cacheFolder("data"); folder != "" && !env.dataGiven {
		env.data = folder
		env.settings[slices.IndexFunc(env.settings, func(s config.Setting) bool { return s.Name == "data" })].Value = env.data
	}
	env.bench = env.newBench()
	return nil
}

// checkFolders returns an error if the folder of a global flag is a file. A folder that does
// not exist is empty, or will be made.
func (env *environment) checkFolders() error {
	for _, f := range []struct{ flag, folder string }{{"data", env.data}, {"datasets", env.datasets}, {"prompts", env.prompts}, {"models", env.models}} {
		if info, err := os.Stat(f.folder); err == nil && !info.IsDir() {
			return fault.Usagef("--%s %s: not a folder", f.flag, f.folder)
		}
	}
	return nil
}

// cacheFolder is a folder of the program in the user's cache folder; empty without a home
// folder.
func cacheFolder(name string) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "nerbench", name)
}

// printJSON writes one JSON value and a line end to standard output.
func (env *environment) printJSON(v any) error { return writeJSON(env.output("json"), v) }

// writeJSON writes one JSON value, indented, and a line end.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// note writes one line to standard error, with --json one object, unless --quiet
// is set.
func (env *environment) note(format string, args ...any) {
	switch {
	case env.quiet:
	case env.json:
		line, _ := json.Marshal(map[string]string{"note": fmt.Sprintf(format, args...)}) // strings cannot fail
		fmt.Fprintf(env.stderr, "%s\n", line)
	default:
		fmt.Fprintf(env.stderr, "nerbench: %s\n", terminal.Line(fmt.Sprintf(format, args...)))
	}
}

// newBench returns the bench with the settings of the global flags.
func (env *environment) newBench() *harness.Bench {
	return &harness.Bench{
		Data: env.data, Datasets: env.datasets, Store: env.store, Families: env.prompts, Cards: env.models,
		Getenv: env.variable, HowToGet: env.howToGet, Notify: env.event,
	}
}
