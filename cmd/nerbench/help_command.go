package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

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
		c := find(cmds, name)
		if c == nil {
			known := []string{"keys"}
			for _, c := range cmds {
				known = append(known, c.Name)
			}
			return fault.Usagef("help: unknown command %q%s", strings.Join(args, " "), ner.DidYouMean(name, known))
		}
		path += " " + c.Name
		text, cmds = commandHelp(c, path), c.Subcommands
	}
	_, err := fmt.Fprint(env.stdout, text)
	return err
}

// keyUse describes a key with the commands that take it.
type keyUse struct {
	Key     string `json:"key"`
	Part    string `json:"part"`
	Meaning string `json:"meaning"`
	// Values, Default and Commands are empty for a key that the program determines.
	Values   string   `json:"values,omitempty"`
	Default  string   `json:"default,omitempty"`
	Commands []string `json:"commands,omitempty"`
	// Flags are the commands that have a flag with the name of the key, too.
	Flags []string `json:"flags,omitempty"`
}

// keyUses lists all keys, in the order of [ner.Keys].
func keyUses(app *cli.App) []keyUse {
	uses := make([]keyUse, len(ner.Keys))
	for i, k := range ner.Keys {
		uses[i] = keyUse{Key: k.Name, Part: string(k.Part), Meaning: k.Meaning, Values: k.ValuesText(), Default: k.Default}
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
				if k.Flag && flagNamed(c.Flags, k.Name) != nil {
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
	f, is := flagNamed(c.Flags, "set").(*cli.StringSliceFlag)
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
		uses = slices.DeleteFunc(uses, func(u keyUse) bool { return !slices.Contains(names, u.Key) })
	}
	if env.json {
		return env.printJSON(uses)
	}
	var b strings.Builder
	if len(names) > 0 {
		for _, u := range uses {
			b.WriteString(u.text())
		}
	} else {
		writeAllKeys(&b, uses)
	}
	_, err := fmt.Fprint(env.stdout, b.String())
	return err
}

// writeAllKeys writes the keys that can be set, by the part of a run, then the others.
func writeAllKeys(b *strings.Builder, uses []keyUse) {
	b.WriteString(reflow(strings.TrimSpace(keysIntroduction)))
	for _, g := range keyGroups {
		fmt.Fprintf(b, "\n%s\n", g.title)
		for _, u := range uses {
			if g.has(&u) {
				b.WriteString(u.text())
			}
		}
	}
}

// keyGroup is a group of keys, as help and the page show them.
type keyGroup struct {
	title string
	part  ner.Part // empty: the keys that cannot be set
}

var keyGroups = []keyGroup{
	{"data: the passages, and their gold", ner.DataPart},
	{"prompt: the text that is sent, and the limits of an answer", ner.PromptPart},
	{"decoding: how the model answers", ner.DecodingPart},
	{"determined by the program: for --where, --rows and --cols", ""},
}

func (g keyGroup) has(u *keyUse) bool {
	if u.Values == "" {
		return g.part == ""
	}
	return u.Part == string(g.part)
}

// keysIntroduction begins the help about keys and their page.
const keysIntroduction = `Keys of a run. --set KEY=VALUE sets a key; some keys have a flag of their name.
A key is given once. A value may have commas: --set 'stop=["a","b"]'. A setting
that changes no answer of a model makes no new run of it.

--where KEY=VALUE selects runs by any key:
  different keys are ANDed    --where split=dev --where family=uniner: both fit
  repeated keys are ORed      --where split=dev --where split=test: one fits
  an empty value is no value  --where shots=: runs without the key

Three things are drawn, and each has its seed:
  seed           the prompt: shuffled types, demonstrations, query sets
  sampling_seed  the model: sampling of a server, training of the tagger
  sample_seed    the passages: splits that a release lacks, samples under cap
--seed of eval and compare draws intervals and tests: it is no key of a run.
--seed of datasets export is sample_seed.
`

// text describes a key in a few lines.
func (u *keyUse) text() string {
	const indent = 17
	var lines []string
	add := func(text string) { lines = append(lines, wrap(text, helpWidth-indent)...) }
	add(u.Meaning)
	if u.Values != "" {
		add("values: " + u.Values + "; default: " + u.Default)
		add(u.commands())
	}
	return fmt.Sprintf("  %-*s%s\n", indent-2, u.Key, strings.Join(lines, "\n"+strings.Repeat(" ", indent)))
}

// commands lists the commands that take the key, and those that have a flag for it.
func (u *keyUse) commands() string {
	text := "commands: " + shortCommands(u.Commands)
	if len(u.Flags) > 0 {
		text += fmt.Sprintf("; --%s of %s", u.Key, shortCommands(u.Flags))
	}
	return text
}

// shortCommands lists commands; those of sweep take the same keys.
func shortCommands(commands []string) string {
	var short []string
	for _, c := range commands {
		if strings.HasPrefix(c, "sweep ") {
			c = "sweep"
		}
		if !slices.Contains(short, c) {
			short = append(short, c)
		}
	}
	return strings.Join(short, ", ")
}
