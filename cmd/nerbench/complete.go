package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// candidate is what a word may become.
type candidate struct{ word, about string }

// The candidates that stand for names of files and folders.
const (
	fileNames   = ":file"
	folderNames = ":dir"
)

// call is a command line as far as it was written.
type call struct {
	app     *cli.App
	path    string       // of the command, such as "datasets show"
	command *cli.Command // nil: none yet
	args    int          // arguments before the word
	noFlags bool         // "--" was written: only arguments follow
	pending cli.Flag     // the flag whose value the word is; nil: none
	family  string       // value of --family
}

// completions lists what the last word of a command line may become.
func completions(app *cli.App, words []string) []candidate {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	c := readCall(app, words[:len(words)-1])
	name, value, assigned := strings.Cut(last, "=")
	f := flagNamed(c.flags(), name)
	var found []candidate
	switch {
	case c.pending != nil:
		found = c.flagValues(c.pending, last)
	case strings.HasPrefix(last, "-") && !c.noFlags && assigned && takesValue(f):
		for _, v := range c.flagValues(f, value) {
			if v.word != fileNames && v.word != folderNames { // the shell cannot complete them behind "="
				found = append(found, candidate{name + "=" + v.word, v.about})
			}
		}
	case strings.HasPrefix(last, "-") && !c.noFlags:
		found = flagCandidates(c.flags())
	case c.args == 0 && c.command == nil:
		found = commandCandidates(app.Commands)
	case c.args == 0 && len(c.command.Subcommands) > 0:
		found = commandCandidates(c.command.Subcommands)
	case c.command != nil && c.command.ArgsUsage != "":
		found = c.argumentValues()
	case c.command != nil && !c.noFlags:
		found = flagCandidates(c.flags())
	}
	return slices.DeleteFunc(found, func(v candidate) bool {
		return v.word != fileNames && v.word != folderNames && !strings.HasPrefix(v.word, last)
	})
}

// readCall reads the words before the one that is to be completed, in the way of
// [arrange].
func readCall(app *cli.App, words []string) call {
	c := call{app: app}
	for i, w := range words {
		if c.pending != nil {
			c.set(c.pending, w)
			c.pending = nil
			continue
		}
		if w == "--" {
			c.args, c.noFlags = c.args+len(words)-i-1, true
			break
		}
		if strings.HasPrefix(w, "-") && w != "-" {
			f := flagNamed(c.flags(), w)
			if _, value, assigned := strings.Cut(w, "="); assigned {
				c.set(f, value)
			} else if takesValue(f) {
				c.pending = f
			}
			continue
		}
		among := app.Commands
		if c.command != nil {
			among = c.command.Subcommands
		}
		if sub := find(among, w); sub != nil && c.args == 0 {
			c.command, c.path = sub, strings.TrimSpace(c.path+" "+sub.Name)
		} else {
			c.args++
		}
	}
	return c
}

// set takes over the value of a flag on which others depend.
func (c *call) set(f cli.Flag, value string) {
	if f != nil && f.Names()[0] == "family" {
		c.family = value
	}
}

// flags are those that the command understands.
func (c *call) flags() []cli.Flag {
	if c.command == nil {
		return slices.Concat(c.app.Flags, []cli.Flag{cli.HelpFlag})
	}
	return slices.Concat(c.command.Flags, c.app.Flags, []cli.Flag{cli.HelpFlag})
}

func commandCandidates(cmds []*cli.Command) []candidate {
	var found []candidate
	for _, c := range cmds {
		if !c.Hidden {
			found = append(found, candidate{c.Name, c.Usage})
		}
	}
	return found
}

func flagCandidates(flags []cli.Flag) []candidate {
	var found []candidate
	seen := map[string]bool{}
	for _, f := range flags {
		about := ""
		if doc, ok := f.(cli.DocGenerationFlag); ok {
			about = strings.ReplaceAll(doc.GetUsage(), "`", "")
		}
		for _, name := range f.Names() {
			dashed := "--" + name
			if len(name) == 1 {
				dashed = "-" + name
			}
			if !seen[dashed] {
				seen[dashed] = true
				found = append(found, candidate{dashed, about})
			}
		}
	}
	return found
}
