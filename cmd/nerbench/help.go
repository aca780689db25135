package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// helpWidth is the longest line of a help text, in characters.
const helpWidth = 80

// commandHelp is the help text of a command, as a template without actions.
func commandHelp(c *cli.Command, path string) string {
	var b strings.Builder
	usage := path
	if len(c.Subcommands) > 0 {
		usage += " COMMAND"
	}
	if c.ArgsUsage != "" {
		usage += " " + c.ArgsUsage
	}
	if len(c.Flags) > 0 {
		usage += " [flags]"
	}
	fmt.Fprintf(&b, "%s: %s\n\nusage: %s\n", path, c.Usage, usage)
	if c.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(c.Description))
	}
	if len(c.Subcommands) > 0 {
		b.WriteString("\ncommands:\n")
		for _, s := range c.Subcommands {
			fmt.Fprintf(&b, "  %-12s %s\n", s.Name, s.Usage)
		}
	}
	if len(c.Flags) > 0 {
		b.WriteString("\nflags:\n")
		b.WriteString(flagsHelp(c.Flags))
	}
	return asTemplate(b.String())
}

// asTemplate keeps braces of a text from becoming actions of a template.
func asTemplate(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

// appHelp is the help text of the program; it fits on one screen.
func appHelp(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nusage: %s COMMAND [flags]\n\ncommands:\n", app.Name, app.Usage, app.Name)
	for _, c := range app.Commands {
		fmt.Fprintf(&b, "  %-11s %s\n", c.Name, c.Usage)
	}
	b.WriteString("\nglobal flags:\n")
	b.WriteString(flagsHelp(app.Flags))
	b.WriteString(`
exit codes: 0 done, 1 error, 2 wrong usage, 3 finished but incomplete,
4 data missing or not as recorded, 130 interrupted
`)
	return asTemplate(b.String())
}

// flagsHelp lists flags with their meanings.
func flagsHelp(flags []cli.Flag) string {
	var names, meanings []string
	width := 0
	for _, f := range flags {
		name, meaning := flagHelp(f)
		names, meanings = append(names, name), append(meanings, meaning)
		width = max(width, len(name))
	}
	width = min(width, 28)
	var b strings.Builder
	for i, name := range names {
		lines := wrap(meanings[i], helpWidth-width-4)
		if len(name) > width {
			fmt.Fprintf(&b, "  %s\n  %*s  %s\n", name, width, "", lines[0])
		} else {
			fmt.Fprintf(&b, "  %-*s  %s\n", width, name, lines[0])
		}
		for _, line := range lines[1:] {
			fmt.Fprintf(&b, "  %*s  %s\n", width, "", line)
		}
	}
	return b.String()
}

// flagHelp is the names of a flag with its placeholder, and its meaning with its
// default and its variable. A default is printed once: by the text of the flag, or
// else from its value.
func flagHelp(f cli.Flag) (name, meaning string) {
	names := f.Names()
	name = "--" + names[0]
	for _, short := range names[1:] {
		name = "-" + short + ", " + name
	}
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return name, ""
	}
	meaning = doc.GetUsage()
	if before, rest, found := strings.Cut(meaning, "`"); found {
		placeholder, after, _ := strings.Cut(rest, "`")
		if doc.TakesValue() {
			name += " " + placeholder
		}
		meaning = before + placeholder + after
	}
	if value := strings.Trim(doc.GetValue(), `"[]`); doc.TakesValue() && !strings.Contains(meaning, "default") && value != "" && value != "0" && value != "0s" {
		meaning += fmt.Sprintf(" (default: %s)", value)
	}
	for _, variable := range doc.GetEnvVars() {
		meaning += " [" + variable + "]"
	}
	return name, meaning
}

// wrap breaks a text at blanks into lines of at most width characters, as far as
// its words allow.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
