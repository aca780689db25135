package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness/texts"
	"nerbench/internal/commandline"
	"nerbench/internal/fault"
	"nerbench/ner"
)

func helpCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "help", Usage: "print the help of a command, or describe the keys of a run", ArgsUsage: "[COMMAND|keys] [NAME...]",
		Description: `help COMMAND prints what COMMAND --help prints. help keys describes every key of
a run: its values, its default, and the commands that take it. help keys KEY...
describes some of them.`,
		Action: func(c *cli.Context) error { return env.help(c.App, c.Args().Slice()) },
	}
}

// help prints the help of the program, of a command, or about keys.
func (env *environment) help(app *cli.App, args []string) error {
	if len(args) > 0 && args[0] == "keys" {
		return env.helpKeys(app, args[1:])
	}
	text, cmds, path := appHelp(app), app.Commands, app.Name
	for _, name := range args {
		c := commandline.Find(cmds, name)
		if c == nil {
			known := []string{"keys"}
			for _, c := range cmds {
				known = append(known, c.Name)
			}
			return fault.Usagef("help: unknown command %q%s", strings.Join(args, " "), ner.DidYouMean(name, known))
		}
		path += " " + c.Name
		text, cmds = commandline.Help(c, path), c.Subcommands
	}
	_, err := fmt.Fprint(env.stdout, text)
	return err
}

// keyUses lists all keys, in the order of [ner.Keys].
func keyUses(app *cli.App) []texts.KeyUse {
	uses := make([]texts.KeyUse, len(ner.Keys))
	for i, k := range ner.Keys {
		uses[i] = texts.KeyUse{Key: k.Name, Part: string(k.Part), Meaning: k.Meaning, Values: k.ValuesText(), Default: k.Default}
	}
	var walk func(cmds []*cli.Command, path string)
	walk = func(cmds []*cli.Command, path string) {
		for _, c := range cmds {
			full := strings.TrimSpace(path + " " + c.Name)
			walk(c.Subcommands, full)
			if !setsKeys(c) {
				continue
			}
			for i, k := range ner.Keys {
				if !k.Settable || !keysOf(full)(k) {
					continue
				}
				uses[i].Commands = append(uses[i].Commands, full)
				if k.Flag && commandline.Flag(c.Flags, k.Name) != nil {
					uses[i].Flags = append(uses[i].Flags, full)
				}
			}
		}
	}
	walk(app.Commands, "")
	return uses
}

// setsKeys reports whether a command has the flag --set KEY=VALUE.
func setsKeys(c *cli.Command) bool {
	f, is := commandline.Flag(c.Flags, "set").(*cli.StringSliceFlag)
	return is && strings.HasPrefix(f.Usage, "`KEY=VALUE`")
}

// helpKeys describes keys: all of them, or those that are named.
func (env *environment) helpKeys(app *cli.App, names []string) error {
	uses := keyUses(app)
	for _, name := range names {
		if !ner.KnownKey(name) {
			return fault.Usagef("help keys: %v", ner.UnknownKey(name, ner.KeyNames()))
		}
	}
	if len(names) > 0 {
		uses = slices.DeleteFunc(uses, func(u texts.KeyUse) bool { return !slices.Contains(names, u.Key) })
	}
	if env.json {
		return env.printJSON(uses)
	}
	if len(names) > 0 {
		return texts.WriteKeys(env.stdout, uses)
	}
	return texts.WriteAllKeys(env.stdout, uses)
}
