package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nerbench/harness"
	"nerbench/internal/fault"
)

// proposed is the largest number of commands that a hint proposes.
const proposed = 6

// proposeSides adds commands to copy to an error about names that several runs fit:
// the command of the user, with a name that fits one run on each dataset.
func (env *environment) proposeSides(err error, sides []string) error {
	var commands []string
	for _, pair := range harness.ProposePairs(err, sides) {
		commands = append(commands, env.commandWith(pair[0], pair[1]))
	}
	if commands == nil {
		return err
	}
	more := ""
	if n := len(commands) - proposed; n > 0 {
		commands, more = commands[:proposed], fmt.Sprintf("\n  and %d more (nerbench runs list)", n)
	}
	return &fault.Hint{Err: err, Advice: "copy one of these commands:\n  " + strings.Join(commands, "\n  ") + more}
}

// commandWith is the command line with other arguments, of which it has as many.
func (env *environment) commandWith(args ...string) string {
	line := slices.Clone(env.args[1 : len(env.args)-len(args)])
	if n := len(line); n > 0 && line[n-1] == "--" {
		line = line[:n-1]
	}
	words := []string{"nerbench"}
	for _, word := range append(line, args...) {
		words = append(words, shellWord(word))
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=,@+%-]+$`)

// shellWord quotes a word for a shell if necessary.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
