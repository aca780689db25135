package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"nerbench/internal/commandline"
	"nerbench/internal/terminal"
)

// printedHelp is the help text of a command.
func printedHelp(t *testing.T, path ...string) string {
	t.Helper()
	var out bytes.Buffer
	env := &environment{stdout: &out, stderr: io.Discard, getenv: func(string) string { return "" }}
	if code := run(t.Context(), slices.Concat([]string{"nerbench"}, path, []string{"--help"}), env); code != exitOK {
		t.Fatalf("%q --help: exit code %d", path, code)
	}
	return out.String()
}

// TestHelpFitsOnOneScreen holds the help of the program to 40 lines, and every help to
// lines of 80 characters.
func TestHelpFitsOnOneScreen(t *testing.T) {
	app := completionApp()
	text := printedHelp(t)
	if n := strings.Count(text, "\n"); n > 40 {
		t.Errorf("nerbench --help has %d lines, want at most 40:\n%s", n, text)
	}
	listed := map[string]bool{}
	for _, c := range app.Commands {
		listed[c.Name] = true
	}
	for _, line := range strings.Split(text, "\n")[1:] {
		if strings.HasPrefix(line, "global flags") {
			break
		}
		if !strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "   ") {
			continue
		}
		names, _, _ := strings.Cut(strings.ReplaceAll(line[2:], ", ", ","), " ")
		for _, name := range strings.Split(names, ",") {
			if !listed[name] {
				t.Errorf("nerbench --help lists %s, which is no command", name)
			}
			delete(listed, name)
		}
	}
	for name := range listed {
		t.Errorf("nerbench --help does not list %s", name)
	}
	checkWidth(t, "nerbench", text)
	var walk func(path []string, cmds []*cli.Command)
	walk = func(path []string, cmds []*cli.Command) {
		for _, c := range cmds {
			here := append(slices.Clone(path), c.Name)
			checkWidth(t, strings.Join(here, " "), printedHelp(t, here...))
			if n := len([]rune(c.Usage)); n > 70 {
				t.Errorf("%q: the meaning has %d characters, want at most 70: %s", here, n, c.Usage)
			}
			walk(here, c.Subcommands)
		}
	}
	walk(nil, app.Commands)
}

// checkWidth reports lines that are too long, but for the first one, which is a title.
func checkWidth(t *testing.T, name, text string) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		if n := len([]rune(line)); n > terminal.Width && i > 0 {
			t.Errorf("%s --help: a line of %d characters: %s", name, n, line)
		}
	}
}

// TestHelpDefaults demands that help prints a default once, and that each global flag
// has its variable.
func TestHelpDefaults(t *testing.T) {
	app := completionApp()
	var walk func(path string, cmds []*cli.Command)
	check := func(path string, flags []cli.Flag) {
		for _, f := range flags {
			if _, meaning := commandline.FlagHelp(f, true); strings.Count(meaning, "default") > 1 {
				t.Errorf("%s --%s: more than one default: %s", path, f.Names()[0], meaning)
			}
		}
	}
	walk = func(path string, cmds []*cli.Command) {
		for _, c := range cmds {
			check(path+" "+c.Name, c.Flags)
			walk(path+" "+c.Name, c.Subcommands)
		}
	}
	check("nerbench", app.Flags)
	walk("nerbench", app.Commands)
	for _, f := range app.Flags {
		want := []string{"NERBENCH_" + strings.ToUpper(f.Names()[0])}
		if got := f.(cli.DocGenerationFlag).GetEnvVars(); !slices.Equal(got, want) {
			t.Errorf("--%s has the variables %q, want %q", f.Names()[0], got, want)
		}
	}
}
