package main

import (
	"errors"
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
	parts := ambiguous(err)
	if len(parts) == 0 {
		return err // also for files, which have no names
	}
	choices := [][]harness.Choice{nil, nil}
	for _, part := range parts {
		side := strings.Index("AB", part.Side)
		choices[side] = part.Choices
		if part.Other != nil {
			choices[1-side] = []harness.Choice{{Name: sides[1-side], Datasets: part.Other}}
		}
	}
	same := sides[0] == sides[1]
	var commands []string
	for i, a := range choices[0] {
		for j, b := range choices[1] {
			if (!same || i < j) && meet(a, b) { // each pair once, and no run with itself
				commands = append(commands, env.commandWith(a.Name, b.Name))
			}
		}
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

// meet reports whether two choices have runs on one dataset.
func meet(a, b harness.Choice) bool {
	return slices.ContainsFunc(a.Datasets, func(id string) bool { return slices.Contains(b.Datasets, id) })
}

// ambiguous lists the errors about names that several runs fit.
func ambiguous(err error) []*harness.AmbiguousError {
	parts := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		parts = joined.Unwrap()
	}
	var out []*harness.AmbiguousError
	for _, part := range parts {
		if several, ok := errors.AsType[*harness.AmbiguousError](part); ok {
			out = append(out, several)
		}
	}
	return out
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
