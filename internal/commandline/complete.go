package commandline

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Candidate is what a word may become, with its meaning; empty: none.
type Candidate struct{ Word, Meaning string }

// The words of candidates that stand for names of files and folders, which the shell
// completes.
const (
	FileNames   = ":file"
	FolderNames = ":dir"
)

// Call is a command line as far as it was written.
type Call struct {
	Path    string       // of the command, such as "datasets show"
	Command *cli.Command // nil: none yet
	// Set has the values of the flags that were written, by their names.
	Set map[string]string

	app     *cli.App
	values  Values
	args    int      // arguments before the word
	noFlags bool     // "--" was written: only arguments follow
	pending cli.Flag // the flag whose value the word is; nil: none
}

// Complete lists what the last word of a command line may become.
func Complete(app *cli.App, words []string, values Values) []Candidate {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	c := ReadCall(app, words[:len(words)-1])
	c.values = values
	name, value, assigned := strings.Cut(last, "=")
	f := Flag(c.flags(), name)
	var found []Candidate
	switch {
	case c.pending != nil:
		found = c.flagValues(c.pending, last)
	case strings.HasPrefix(last, "-") && !c.noFlags && assigned && takesValue(f):
		for _, v := range c.flagValues(f, value) {
			if v.Word != FileNames && v.Word != FolderNames { // the shell cannot complete them behind "="
				found = append(found, Candidate{name + "=" + v.Word, v.Meaning})
			}
		}
	case strings.HasPrefix(last, "-") && !c.noFlags:
		found = flagCandidates(c.flags())
	case c.args == 0 && c.Command == nil:
		found = commandCandidates(app.Commands)
	case c.args == 0 && len(c.Command.Subcommands) > 0:
		found = commandCandidates(c.Command.Subcommands)
	case c.Command != nil && c.Command.ArgsUsage != "":
		found = c.argumentValues()
	case c.Command != nil && !c.noFlags:
		found = flagCandidates(c.flags())
	}
	return slices.DeleteFunc(found, func(v Candidate) bool {
		return v.Word != FileNames && v.Word != FolderNames && !strings.HasPrefix(v.Word, last)
	})
}

// ReadCall reads the words before the one that is to be completed, in the way of
// [Arrange].
func ReadCall(app *cli.App, words []string) Call {
	c := Call{app: app, Set: map[string]string{}}
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
			f := Flag(c.flags(), w)
			if _, value, assigned := strings.Cut(w, "="); assigned {
				c.set(f, value)
			} else if takesValue(f) {
				c.pending = f
			}
			continue
		}
		among := app.Commands
		if c.Command != nil {
			among = c.Command.Subcommands
		}
		if sub := Find(among, w); sub != nil && c.args == 0 {
			c.Command, c.Path = sub, strings.TrimSpace(c.Path+" "+sub.Name)
		} else {
			c.args++
		}
	}
	return c
}

// set takes over the value of a flag, because the values of others may depend on it.
func (c *Call) set(f cli.Flag, value string) {
	if f != nil {
		c.Set[f.Names()[0]] = value
	}
}

// flags are those that the command understands.
func (c *Call) flags() []cli.Flag {
	if c.Command == nil {
		return slices.Concat(c.app.Flags, []cli.Flag{cli.HelpFlag})
	}
	return slices.Concat(c.Command.Flags, c.app.Flags, []cli.Flag{cli.HelpFlag})
}

func commandCandidates(cmds []*cli.Command) []Candidate {
	var found []Candidate
	for _, c := range cmds {
		if !c.Hidden {
			found = append(found, Candidate{c.Name, c.Usage})
		}
	}
	return found
}

func flagCandidates(flags []cli.Flag) []Candidate {
	var found []Candidate
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
				found = append(found, Candidate{dashed, about})
			}
		}
	}
	return found
}
