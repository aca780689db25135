package commandline

import (
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Values lists the values that flags and arguments of a program may have. Each function
// returns nil where it does not know them.
type Values struct {
	// Flag lists the values of a flag of which the word is the beginning, before its
	// placeholder is looked at.
	Flag func(c *Call, f cli.DocGenerationFlag, name, word string) []Candidate
	// Placeholder lists the values of what stands in capital letters in usage lines.
	Placeholder func(c *Call, placeholder string) []Candidate
	// Key lists the values of a flag by its name, where its usage line has neither a
	// list nor a known placeholder.
	Key func(flag string) []Candidate
}

// flagValues lists the values of a flag, of which the word is the beginning.
func (c *Call) flagValues(f cli.Flag, word string) []Candidate {
	doc, name := f.(cli.DocGenerationFlag), f.Names()[0]
	if values := c.values.Flag(c, doc, name, word); values != nil {
		return values
	}
	placeholder := ""
	if parts := strings.SplitN(doc.GetUsage(), "`", 3); len(parts) == 3 {
		placeholder = parts[1]
	}
	values := c.values.Placeholder(c, placeholder)
	if placeholder != "FILE" && placeholder != "DIR" {
		if listed := listedIn(doc.GetUsage()); listed != nil {
			return Named(listed)
		}
		if values == nil {
			return c.values.Key(name)
		}
	}
	if _, several := f.(*cli.StringSliceFlag); several {
		return InList(values, word)
	}
	return values
}

// argumentValues lists the values of the next argument of a command, by its usage
// line: "DATASET PATH", "[DATASET...]", "bash|zsh|fish".
func (c *Call) argumentValues() []Candidate {
	wanted := strings.Fields(c.Command.ArgsUsage)
	i := c.args
	if last := len(wanted) - 1; i > last {
		if !strings.Contains(wanted[last], "...") {
			return nil
		}
		i = last
	}
	var found []Candidate
	for word := range strings.SplitSeq(strings.Trim(wanted[i], "[]."), "|") {
		if word == "COMMAND" {
			found = append(found, commandCandidates(c.app.Commands)...)
		} else if values := c.values.Placeholder(c, word); values != nil {
			found = append(found, values...)
		} else if strings.ToLower(word) == word {
			found = append(found, Candidate{Word: word})
		}
	}
	return found
}

var oneWord = regexp.MustCompile(`^[a-z0-9_.-]+$`)

// listedIn reads the values that a help text lists behind its placeholder, as in
// "`SPLIT` to ask about: train, dev, test (default: test)"; nil: it lists none.
func listedIn(usage string) []string {
	parts := strings.SplitN(usage, "`", 3)
	if len(parts) < 3 {
		return nil
	}
	_, list, _ := strings.Cut(parts[2], ": ")
	list, _, _ = strings.Cut(list, " (")
	values := strings.Split(list, ", ")
	for i := range values {
		values[i] = strings.TrimPrefix(values[i], "or ")
		if !oneWord.MatchString(values[i]) {
			return nil
		}
	}
	if len(values) < 2 {
		return nil
	}
	return values
}

// InList completes the last of several values that are separated by commas.
func InList(values []Candidate, word string) []Candidate {
	before := word[:strings.LastIndex(word, ",")+1]
	var found []Candidate
	for _, v := range values {
		if !slices.Contains(strings.Split(before, ","), v.Word) {
			found = append(found, Candidate{before + v.Word, v.Meaning})
		}
	}
	return found
}

// Named are candidates without meanings.
func Named(names []string) []Candidate {
	found := make([]Candidate, len(names))
	for i, n := range names {
		found[i].Word = n
	}
	return found
}
