package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/config"
	"nerbench/internal/fault"
	"nerbench/runners/open"
)

// defaultConfigs are the places of the configuration file, the first one first. At
// most one file is read.
func defaultConfigs() []string {
	places := []string{"nerbench.toml"}
	if folder, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(folder, "nerbench", "config.toml"))
	}
	return places
}

// setting is a value with its origin, as doctor prints it.
type setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"`            // flag, environment, file, or default
	Where string `json:"where,omitempty"` // the variable, or the file
}

func (s setting) origin() string { return strings.TrimSpace(s.From + " " + s.Where) }

// The origins of values, in the order in which they count.
const (
	fromFlag        = "flag"
	fromEnvironment = "environment"
	fromFile        = "file"
	fromDefault     = "default"
)

// readConfig reads the configuration file: the one that is named, which must be
// there, or else the first of the usual places that is.
func (env *environment) readConfig(c *cli.Context) error {
	named := c.String("config")
	s := setting{Name: "config", Value: named, From: fromDefault}
	switch {
	case env.given["config"]:
		s.From = fromFlag
	case named != "":
		s.From, s.Where = fromEnvironment, "NERBENCH_CONFIG"
	}
	env.config, env.settings = &config.File{}, nil
	places := env.configs
	if s.From != fromDefault {
		places = []string{named}
	}
	for _, place := range places {
		if place == "" { // --config "" reads none
			continue
		}
		file, err := config.Read(place)
		if errors.Is(err, fs.ErrNotExist) && s.From == fromDefault {
			continue
		}
		if errors.As(err, new(*fs.PathError)) {
			return fault.Usagef("--config: %v", err)
		}
		if err != nil {
			return err
		}
		env.config, s.Value = file, place
		break
	}
	env.settings = append(env.settings, s)
	return nil
}

// settle gives a global flag the value of the file, if neither the command line nor
// the environment sets it, and records where its value is from.
func (env *environment) settle(c *cli.Context, f cli.Flag) error {
	name := f.Names()[0]
	builtin := f.(cli.DocGenerationFlag).GetValue()
	s := setting{Name: name, Value: fmt.Sprint(c.Value(name)), From: fromDefault}
	value, inFile := env.config.Globals()[name]
	switch {
	case env.given[name]:
		s.From = fromFlag
	case c.IsSet(name) && s.Value != "":
		s.From, s.Where = fromEnvironment, f.(cli.DocGenerationFlag).GetEnvVars()[0]
	case inFile:
		s.Value, s.From, s.Where = value, fromFile, env.config.Path
	case s.Value == "": // a variable that is empty sets nothing
		s.Value = builtin
	}
	env.settings = append(env.settings, s)
	if s.From == fromFlag || s.Value == fmt.Sprint(c.Value(name)) {
		return nil
	}
	return c.Set(name, s.Value)
}

// variable reads the environment. Where a variable is not set, the file may stand for
// it.
func (env *environment) variable(name string) string {
	if value := env.getenv(name); value != "" || env.config == nil {
		return value
	}
	return env.config.Variables()[name]
}

// endpoints are the settings that have no global flag, as far as they are set.
func (env *environment) endpoints() []setting {
	var found []setting
	for _, name := range []string{"OLLAMA_HOST", "OPENAI_BASE_URL", "NERBENCH_LLAMA_LIB"} {
		switch value := env.variable(name); {
		case value == "":
		case env.getenv(name) != "":
			found = append(found, setting{name, open.WithoutLogin(value), fromEnvironment, name})
		default:
			found = append(found, setting{name, open.WithoutLogin(value), fromFile, env.config.Path})
		}
	}
	if file := env.keyFile(false); file != "" {
		found = append(found, setting{"api-key-file", file, fromFile, env.config.Path})
	}
	return found
}

// keyFile is the file of the configuration that holds the key of the server; empty:
// none. The key of one server is not sent to another: it counts only for the address
// beside it.
func (env *environment) keyFile(addressGiven bool) string {
	if env.config == nil || env.getenv("OPENAI_API_KEY") != "" {
		return ""
	}
	if env.config.OpenAI.BaseURL != "" && (addressGiven || env.getenv("OPENAI_BASE_URL") != "") {
		return ""
	}
	return string(env.config.OpenAI.KeyFile)
}

// settleCommand gives the flags of a command the values of the file, if neither the
// command line nor the environment sets them.
func (env *environment) settleCommand(c *cli.Context, path string) error {
	has := func(name string) bool { return flagNamed(c.Command.Flags, name) != nil }
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
