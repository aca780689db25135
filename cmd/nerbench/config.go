package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/internal/commandline"
	"nerbench/internal/config"
	"nerbench/internal/fault"
)

// readConfig reads the configuration file: the one that is named, or else the first of
// the usual places.
func (env *environment) readConfig(c *cli.Context) error {
	s := config.Setting{Name: "config", Value: c.String("config"), From: config.FromDefault}
	switch {
	case env.given["config"]:
		s.From = config.FromFlag
	case s.Value != "":
		s.From, s.Where = config.FromEnvironment, "NERBENCH_CONFIG"
	}
	env.config, env.settings = &config.File{}, nil
	file, s, err := config.Find(s, env.configs)
	if err != nil {
		return err
	}
	env.config, env.settings = file, []config.Setting{s}
	return nil
}

// settle gives a global flag the value of the file, if neither the command line nor
// the environment sets it, and records where its value is from.
func (env *environment) settle(c *cli.Context, f cli.Flag) error {
	name := f.Names()[0]
	builtin := f.(cli.DocGenerationFlag).GetValue()
	s := config.Setting{Name: name, Value: fmt.Sprint(c.Value(name)), From: config.FromDefault}
	value, inFile := env.config.Globals()[name]
	switch {
	case env.given[name]:
		s.From = config.FromFlag
	case c.IsSet(name) && s.Value != "":
		s.From, s.Where = config.FromEnvironment, f.(cli.DocGenerationFlag).GetEnvVars()[0]
	case inFile:
		s.Value, s.From, s.Where = value, config.FromFile, env.config.Path
	case s.Value == "": // a variable that is empty sets nothing
		s.Value = builtin
	}
	env.settings = append(env.settings, s)
	if s.From == config.FromFlag || s.Value == fmt.Sprint(c.Value(name)) {
		return nil
	}
	return c.Set(name, s.Value)
}

// variable reads the environment, and the file where a variable is not set.
func (env *environment) variable(name string) string { return env.config.Variable(env.getenv, name) }

// keyFile is the file of the configuration that holds the key of the server; empty:
// none.
func (env *environment) keyFile(addressGiven bool) string {
	return env.config.ServerKeyFile(env.getenv, addressGiven)
}

// settleCommand gives the flags of a command the values of the file, if neither the
// command line nor the environment sets them.
func (env *environment) settleCommand(c *cli.Context, path string) error {
	has := func(name string) bool { return commandline.Flag(c.Command.Flags, name) != nil }
	if file := env.keyFile(has("base-url") && c.IsSet("base-url")); file != "" && has("api-key-file") && !c.IsSet("api-key-file") {
		if err := c.Set("api-key-file", file); err != nil {
			return err
		}
	}
	for name, values := range env.config.RunFlags() {
		if !takesDefault(path, name) || !has(name) || c.IsSet(name) {
			continue
		}
		for _, value := range values {
			if err := c.Set(name, value); err != nil {
				return fault.Usagef("%s: run.%s: %q: %v", env.config.Path, name, value, err)
			}
		}
	}
	return nil
}

// takesDefault reports whether a flag of a command has its default in the table run.
// Commands that send queries take the flags about sending; the flags probe and metric of
// a sweep have another meaning.
func takesDefault(path, flag string) bool {
	switch path {
	case "run":
		return true
	case "score":
		return flag == "metric"
	case "sweep plan", "sweep run", "models check":
		return !slices.Contains([]string{"metric", "probe", "pull"}, flag)
	}
	return false
}
