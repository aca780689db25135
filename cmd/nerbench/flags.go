package main

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"nerbench/internal/commandline"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/open"
)

// mayBeEmpty are flags of text whose empty value has a meaning: none, or the default
// instead of the environment. An empty value of another flag is a variable of a shell that
// is not set.
var mayBeEmpty = []string{"config", "data", "datasets", "prompts", "models", "row"}

// mayBeNegative are flags of numbers that may be below 0. The last three have errors of
// their own, with the least number.
var mayBeNegative = []string{"seed", "flips", "gpu-layers", "ci", "workers", "spot"}

// checkLine returns a usage error for flags that no command accepts as they are given.
func checkLine(app *cli.App, args []string) error {
	if name := commandline.RepeatedFlag(app, args); name != "" {
		return fault.Usagef("--%s: given more than once, but takes one value", name)
	}
	if name := commandline.EmptyFlag(app, args); name != "" && !slices.Contains(mayBeEmpty, name) {
		return fault.Usagef("--%s: the value is empty", name)
	}
	return nil
}

// insteadOfArguments tells, for commands that take no arguments, where to write what users
// may mean by one.
var insteadOfArguments = map[string]string{
	"align":         "texts come from standard input",
	"board build":   "the repository is --board DIR",
	"board verify":  "the repository is --board DIR",
	"eval":          "files need --gold, --tags or --pairs",
	"parse":         "answers come from standard input",
	"run":           "datasets need -d",
	"runs list":     "select runs with --where",
	"store recover": "the damaged store is --store FILE",
	"table":         "select runs with --where",
}

// checkCall returns a usage error for an argument of a command that takes none, and for
// numbers and times that none of its flags accepts.
func checkCall(c *cli.Context, command string) error {
	if c.NArg() > 0 && c.Command.ArgsUsage == "" {
		instead := insteadOfArguments[command]
		if instead != "" {
			instead = " (" + instead + ")"
		}
		return fault.Usagef("%s: unexpected argument %q%s", command, c.Args().First(), instead)
	}
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if !c.IsSet(name) || slices.Contains(mayBeNegative, name) {
			continue
		}
		switch value := c.Value(name).(type) {
		case int:
			if value < 0 {
				return fault.Usagef("--%s %d: want a number from 0", name, value)
			}
		case time.Duration:
			if value < 0 || value == 0 && name != "until-idle" {
				return fault.Usagef("--%s %s: want a time above 0, such as 90s or 10m", name, value)
			}
		}
	}
	return checkOutput(c)
}

// checkOutput returns a usage error if the folder to write is a file, or the file a folder,
// before the command works for hours.
func checkOutput(c *cli.Context) error {
	for _, name := range []string{"out", "into", "board"} {
		f, is := commandline.Flag(c.Command.Flags, name).(cli.DocGenerationFlag)
		if !is || c.String(name) == "" || c.String("what") == wholeStore { // runs export writes it to a file
			continue
		}
		info, err := os.Stat(c.String(name))
		if err != nil {
			continue
		}
		folder, file := strings.Contains(f.GetUsage(), "`DIR`"), strings.Contains(f.GetUsage(), "`FILE`")
		switch {
		case folder && !info.IsDir():
			return fault.Usagef("--%s %s: is a file: want a folder", name, c.String(name))
		case file && info.IsDir():
			return fault.Usagef("--%s %s: is a folder: want a file", name, c.String(name))
		}
	}
	return nil
}

// ofServers are flags for models on servers, by their kinds.
var ofServers = map[string][]string{
	"base-url":     {"ollama/", "vllm/", "openai/"},
	"api-key-file": {"ollama/", "vllm/", "openai/"},
}

// withoutEffect lists the flags of a command line that are for other kinds of models than
// those that are named. Model cards may name a model of any kind.
func withoutEffect(c *cli.Context) []string {
	models := c.StringSlice("model")
	if len(models) == 0 {
		models = []string{c.String("model")}
	}
	for _, m := range models {
		if open.Check(m) != nil {
			return nil
		}
	}
	var found []string
	for _, f := range c.Command.Flags {
		doc, is := f.(cli.DocGenerationFlag)
		name := f.Names()[0]
		if !is || !c.IsSet(name) || len(doc.GetEnvVars()) > 0 {
			continue
		}
		kinds := ofServers[name]
		if kind, _, has := strings.Cut(doc.GetUsage(), ": "); has && slices.Contains(open.Prefixes(), kind+"/") {
			kinds = []string{kind + "/"}
		}
		isOf := func(model string) bool {
			return slices.ContainsFunc(kinds, func(kind string) bool { return strings.HasPrefix(model, kind) })
		}
		if kinds != nil && !slices.ContainsFunc(models, isOf) {
			found = append(found, "--"+name)
		}
	}
	return found
}

// renamedFlags are flags that have another name now.
var renamedFlags = map[string]string{"-rows": "--datasets", "-row": "--dataset"}

// The errors of the flag package about values.
var (
	valueError   = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-([^:]+): `)
	missingValue = regexp.MustCompile(`^flag needs an argument: -(.*)$`)
)

// asUsageError turns an error of the flag package into one of this program.
func asUsageError(c *cli.Context, err error, _ bool) error {
	if m := valueError.FindStringSubmatch(err.Error()); m != nil {
		value, unquoted := strconv.Unquote(m[1])
		if unquoted != nil {
			value = m[1]
		}
		return fault.Usagef("%s %s: want %s", dashed(m[2]), value, wanted(c, m[2]))
	}
	if m := missingValue.FindStringSubmatch(err.Error()); m != nil {
		return fault.Usagef("%s: the value is missing", dashed(m[1]))
	}
	if old, found := strings.CutPrefix(err.Error(), "flag provided but not defined: "); found {
		name := strings.TrimLeft(old, "-")
		switch now := renamedFlags[old]; {
		case commandline.Flag(c.App.Flags, old) != nil: // behind the command, see [commandline.Arrange]
			return fault.Usagef("%s: the value is missing", dashed(name))
		case now != "":
			return fault.Usagef("--%s: unknown flag, it is now %s", name, now)
		case len(name) == 1:
			return fault.Usagef("-%s: unknown flag", name)
		}
		return fault.Usagef("--%s: unknown flag%s", name, similarFlags(c, name))
	}
	return fault.Usagef("%v", err)
}

// dashed is the name of a flag as it is written on a command line.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// wanted describes the values of a flag of the command, or of a global one.
func wanted(c *cli.Context, name string) string {
	f := commandline.Flag(c.Command.Flags, name)
	if f == nil {
		f = commandline.Flag(c.App.Flags, name)
	}
	switch f.(type) {
	case *cli.BoolFlag:
		return "true or false"
	case *cli.DurationFlag:
		return "a time such as 90s or 10m"
	case *cli.Float64Flag:
		return "a number"
	}
	return "a whole number"
}

// similarFlags suggests flags of a command, and global ones, for an unknown name.
func similarFlags(c *cli.Context, name string) string {
	var known []string
	for _, f := range slices.Concat(c.Command.Flags, c.App.Flags) {
		for _, name := range f.Names() {
			if len(name) > 1 {
				known = append(known, name)
			}
		}
	}
	return strings.ReplaceAll(ner.DidYouMean(name, known), ` "`, ` "--`)
}
