package commandline

import (
	"iter"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Arrange sorts the arguments: global flags, the command, its flags, its arguments.
// Users may write flags anywhere, but the flag package stops at the first argument.
// Everything after "--" is an argument. If the last flag has no value, the result ends with
// it, behind the command, and its other flags and arguments are left out.
func Arrange(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return args
	}
	var global, path, local, plain []string
	flags, cmds := []cli.Flag(nil), app.Commands
	for i := 1; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			plain = append(plain, args[i+1:]...)
			break
		}
		if !strings.HasPrefix(a, "-") || a == "-" {
			if sub := Find(cmds, a); sub != nil && len(plain) == 0 {
				path, flags, cmds = append(path, a), sub.Flags, sub.Subcommands
			} else {
				plain, cmds = append(plain, a), nil
			}
			continue
		}
		to := &local
		f := Flag(flags, a)
		if f == nil {
			if f = Flag(app.Flags, a); f != nil {
				to = &global
			}
		}
		*to = append(*to, a)
		if takesValue(f) && !strings.Contains(a, "=") {
			if i++; i == len(args) { // nothing may follow that would be taken as the value
				return append(append(args[:1:1], path...), a)
			}
			*to = append(*to, args[i])
		}
	}
	out := append([]string{args[0]}, global...)
	out = append(append(out, path...), local...)
	if slices.ContainsFunc(plain, func(p string) bool { return strings.HasPrefix(p, "-") && p != "-" }) {
		out = append(out, "--")
	}
	return append(out, plain...)
}

// Find returns the command of a name; nil: there is none.
func Find(cmds []*cli.Command, name string) *cli.Command {
	for _, c := range cmds {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// Flag returns the flag that an argument such as "--json" or "-d=x" sets; nil: there is
// none.
func Flag(flags []cli.Flag, arg string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// GivenFlags are the names of the flags that arranged arguments begin with.
func GivenFlags(flags []cli.Flag, args []string) map[string]bool {
	given := map[string]bool{}
	for i := 1; i < len(args) && strings.HasPrefix(args[i], "-"); i++ {
		f := Flag(flags, args[i])
		if f == nil {
			break
		}
		given[f.Names()[0]] = true
		if takesValue(f) && !strings.Contains(args[i], "=") {
			i++
		}
	}
	return given
}

// RepeatedFlag returns the name of a flag that takes one value and is given more than
// once in arranged arguments; empty if there is none. The flag package would drop all
// values but the last.
func RepeatedFlag(app *cli.App, args []string) string {
	given := map[string]bool{}
	for f := range values(app, args) {
		if _, many := f.(*cli.StringSliceFlag); many {
			continue
		}
		name := f.Names()[0]
		if given[name] {
			return name
		}
		given[name] = true
	}
	return ""
}

// EmptyFlag returns the name of a flag that is given with an empty value in arranged
// arguments, as where a variable of a shell is not set; empty if there is none. Flags of
// numbers are left out: the flag package refuses their empty values.
func EmptyFlag(app *cli.App, args []string) string {
	for f, value := range values(app, args) {
		switch f.(type) {
		case *cli.StringFlag, *cli.StringSliceFlag:
			if value == "" {
				return f.Names()[0]
			}
		}
	}
	return ""
}

// values are the flags with values in arranged arguments, in their order.
func values(app *cli.App, args []string) iter.Seq2[cli.Flag, string] {
	return func(yield func(cli.Flag, string) bool) {
		flags, cmds := app.Flags, app.Commands
		for i := 1; i < len(args) && args[i] != "--"; i++ {
			if sub := Find(cmds, args[i]); sub != nil {
				flags, cmds = slices.Concat(sub.Flags, app.Flags), sub.Subcommands
				continue
			}
			f := Flag(flags, args[i])
			if f == nil || !strings.HasPrefix(args[i], "-") || !takesValue(f) {
				continue
			}
			_, value, found := strings.Cut(args[i], "=")
			if !found {
				if i++; i == len(args) { // the value is missing
					return
				}
				value = args[i]
			}
			if !yield(f, value) {
				return
			}
		}
	}
}

// HelpFor returns the names of the command whose help arranged arguments ask for, with
// --help or -h. Behind a group of commands, the name of an unknown command is among them.
func HelpFor(app *cli.App, args []string) (command []string, asked bool) {
	flags, cmds := app.Flags, app.Commands
	for i := 1; i < len(args) && args[i] != "--"; i++ {
		switch {
		case args[i] == "--help" || args[i] == "-h":
			asked = true
		case strings.HasPrefix(args[i], "-"):
			if takesValue(Flag(flags, args[i])) && !strings.Contains(args[i], "=") {
				i++
			}
		case len(cmds) > 0:
			command = append(command, args[i])
			sub := Find(cmds, args[i])
			if cmds = nil; sub != nil {
				flags, cmds = slices.Concat(sub.Flags, app.Flags), sub.Subcommands
			}
		}
	}
	return command, asked
}
