package main

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/commandline"
	"nerbench/internal/fault"
	"nerbench/ner"
)

// commands is the list of all commands, in the order in which help shows them.
// To add one, write a file of its own and list it here.
func commands(env *environment) []*cli.Command {
	return []*cli.Command{
		quickstartCommand(env),
		datasetsCommand(env),
		promptsCommand(env),
		modelsCommand(env),
		runCommand(env),
		workerCommand(env),
		workersCommand(env),
		importCommand(env),
		scoreCommand(env),
		reproduceCommand(env),
		runsCommand(env),
		storeCommand(env),
		mergeCommand(env),
		bundleCommand(env),
		boardCommand(env),
		tableCommand(env),
		compareCommand(env),
		sweepCommand(env),
		distillCommand(env),
		paperCommand(env),
		siteCommand(env),
		serveCommand(env),
		evalCommand(env),
		parseCommand(env),
		alignCommand(env),
		doctorCommand(env),
		completionCommand(env),
		versionCommand(env),
		helpCommand(env),
	}
}

// run is the program without the process: it returns the exit code.
func run(ctx context.Context, args []string, env *environment) int {
	flush := env.protect()
	code := runApp(ctx, args, env)
	if err := flush(); err != nil && code == exitOK {
		return exitError
	}
	return code
}

// runApp is run with streams that are protected.
func runApp(ctx context.Context, args []string, env *environment) int {
	app := &cli.App{
		Name:        "nerbench",
		Usage:       "run the UniversalNER benchmark against any model",
		HideVersion: true,
		// values may have commas: stop=["a","b"]
		DisableSliceFlagSeparator: true,

		Writer:         env.stdout,
		ErrWriter:      env.stderr,
		Flags:          globalFlags(),
		Commands:       commands(env),
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   asUsageError,
		Before:         env.readGlobals,
		Action:         noCommand,
	}
	env.share(app.Commands, app.Name)
	app.CustomAppHelpTemplate = commandline.AsTemplate(appHelp(app))
	if len(args) > 1 && args[1] == completeCommand {
		return env.complete(app, args[2:])
	}
	args = commandline.Arrange(app, args)
	env.args = args
	env.given = commandline.GivenFlags(app.Flags, args)
	if names, asked := commandline.HelpFor(app, args); asked {
		return env.exit(ctx, env.help(app, names))
	}
	if err := checkLine(app, args); err != nil {
		return env.exit(ctx, err)
	}
	app.Flags = append(app.Flags, cli.HelpFlag) // a command named help keeps the library from adding it
	return env.exit(ctx, app.RunContext(ctx, args))
}

// globalFlags are understood before and behind the command.
func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", EnvVars: []string{"NERBENCH_CONFIG"}, Usage: "`FILE` of settings (default: nerbench.toml, if it exists)"},
		&cli.StringFlag{Name: "store", Value: "results.db", EnvVars: []string{"NERBENCH_STORE"}, Usage: "`FILE` of stored answers and scores"},
		&cli.StringFlag{Name: "data", EnvVars: []string{"NERBENCH_DATA"}, Usage: "`DIR` of native files (default: in the user's cache folder)"},
		&cli.StringFlag{Name: "datasets", EnvVars: []string{"NERBENCH_DATASETS"}, Usage: "`DIR` of your own datasets, beside the embedded ones"},
		&cli.StringFlag{Name: "prompts", EnvVars: []string{"NERBENCH_PROMPTS"}, Usage: "`DIR` of your own prompt families and descriptions of types"},
		&cli.StringFlag{Name: "models", EnvVars: []string{"NERBENCH_MODELS"}, Usage: "`DIR` of your own model cards, beside the embedded ones"},
		&cli.StringFlag{Name: "color", Value: colorModes[0], EnvVars: []string{"NERBENCH_COLOR"}, Usage: "`WHEN` to use colours: " + strings.Join(colorModes, ", ")},
		&cli.BoolFlag{Name: "json", EnvVars: []string{"NERBENCH_JSON"}, Usage: "print one JSON value on standard output"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, EnvVars: []string{"NERBENCH_QUIET"}, Usage: "no progress on standard error"},
	}
}

// share gives every command what all of them have: a help text, usage errors with
// exit code 2, the global flags, and an error where a group is called without one of
// its commands.
func (env *environment) share(cmds []*cli.Command, path string) {
	for _, c := range cmds {
		c.OnUsageError = asUsageError
		c.HideHelpCommand = true
		c.CustomHelpTemplate = commandline.AsTemplate(commandline.Help(c, path+" "+c.Name))
		if len(c.Subcommands) > 0 {
			env.share(c.Subcommands, path+" "+c.Name)
			if c.Action == nil {
				c.Action = noCommand
			}
			continue
		}
		_, name, _ := strings.Cut(path+" "+c.Name, " ")
		c.Before = func(ctx *cli.Context) error { return env.prepare(ctx, name) }
	}
}

// withoutSettings are commands that also work where the configuration file is broken.
var withoutSettings = []string{"version", "completion", "help"}

// prepare checks how a command is called, and gives it its settings before it starts.
func (env *environment) prepare(c *cli.Context, command string) error {
	if err := checkCall(c, command); err != nil {
		return err
	}
	if slices.Contains(withoutSettings, command) {
		return nil
	}
	if env.broken != nil {
		return env.broken
	}
	if flags := withoutEffect(c); len(flags) > 0 {
		env.note("no effect on this model: %s", strings.Join(flags, ", "))
	}
	return env.settleCommand(c, command)
}

// commandPath is the full name of a command, such as "sweep plan".
func commandPath(c *cli.Context) string {
	_, path, _ := strings.Cut(c.Command.HelpName, " ")
	return path
}

// noCommand answers a call that names no command, or an unknown one.
func noCommand(c *cli.Context) error {
	where := strings.TrimSpace(strings.TrimPrefix(c.Command.FullName(), "nerbench"))
	cmds := c.Command.Subcommands
	if c.NArg() == 0 && where == "" {
		return cli.ShowAppHelp(c)
	}
	var names []string
	for _, s := range cmds {
		names = append(names, s.Name)
	}
	if c.NArg() == 0 {
		return fault.Usagef("%s: want a command: %s", where, strings.Join(names, ", "))
	}
	if where != "" {
		where += ": "
	}
	return fault.Usagef("%sunknown command %q%s", where, c.Args().First(), ner.Choices(c.Args().First(), names))
}
