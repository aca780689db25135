package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// helpWidth is the longest line of a help text, in characters.
const helpWidth = 80

// commandHelp is the help text of a command.
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
		fmt.Fprintf(&b, "\n%s", reflow(strings.TrimSpace(c.Description)))
	}
	if len(c.Subcommands) > 0 {
		b.WriteString("\ncommands:\n")
		for _, s := range c.Subcommands {
			fmt.Fprintf(&b, "  %-11s %s\n", s.Name, s.Usage)
		}
	}
	if len(c.Flags) > 0 {
		b.WriteString("\nflags:\n")
		b.WriteString(flagsHelp(c.Flags, true))
	}
	return b.String()
}

// asTemplate keeps braces of a text from becoming actions of a template.
func asTemplate(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

// appHelp is the help text of the program; it fits on one screen.
func appHelp(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s COMMAND [flags]: %s\n", app.Name, app.Usage)
	for _, c := range app.Commands {
		if c.Name == "workers" { // there is room for one line
			continue
		}
		name := c.Name
		if name == "worker" {
			name = "worker, workers"
		}
		lines := wrap(c.Usage, helpWidth-14)
		fmt.Fprintf(&b, "  %-11s %s\n", name, strings.Join(lines, "\n"+strings.Repeat(" ", 14)))
	}
	b.WriteString("global flags (each has a variable, such as NERBENCH_STORE):\n")
	b.WriteString(flagsHelp(app.Flags, false))
	b.WriteString(`exit: 0 done, 1 error, 2 usage, 3 incomplete, 4 data missing, 130 interrupted
`)
	return b.String()
}

// reflow breaks the lines of a text that are too long for help. A line that its author
// had to break within a sentence goes on in the next one; lines that begin with a
// blank stay apart.
func reflow(text string) string {
	lines := strings.Split(text, "\n")
	var b strings.Builder
	for i := 0; i < len(lines); i++ {
		paragraph := lines[i]
		for i+1 < len(lines) && goesOn(lines[i], lines[i+1]) {
			i++
			paragraph += " " + lines[i]
		}
		b.WriteString(fit(paragraph) + "\n")
	}
	return b.String()
}

// goesOn reports whether a line was broken because the next word did not fit.
func goesOn(line, next string) bool {
	word, _, _ := strings.Cut(next, " ")
	apart := strings.HasPrefix(line, " ") || word == "" || strings.HasSuffix(line, ".")
	return !apart && len([]rune(line))+1+len([]rune(word)) > helpWidth
}

// fit breaks a line that is too long. What follows is indented like the line or, where
// it has columns, like its last column.
func fit(line string) string {
	if len([]rune(line)) <= helpWidth {
		return line
	}
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if at := strings.LastIndex(line, "  "); at >= indent {
		indent = at + 2
	}
	before := strings.Repeat(" ", len([]rune(line[:indent])))
	return line[:indent] + strings.Join(wrap(line[indent:], helpWidth-len(before)), "\n"+before)
}

// flagsHelp lists flags with their meanings, and with their variables or without.
func flagsHelp(flags []cli.Flag, variables bool) string {
	var names, meanings []string
	width := 0
	for _, f := range flags {
		name, meaning := flagHelp(f, variables)
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
// default, and its variable if that is wanted. A default is printed once: by the text of the flag, or
// else from its value.
func flagHelp(f cli.Flag, variable bool) (name, meaning string) {
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
		if before == "" { // "FORMAT: text, md" would say it twice
			meaning = strings.TrimPrefix(meaning, placeholder+": ")
		}
	}
	if value := strings.Trim(doc.GetValue(), `"[]`); doc.TakesValue() && !strings.Contains(meaning, "default") && value != "" && value != "0" && value != "0s" {
		meaning += fmt.Sprintf(" (default: %s)", value)
	}
	if variables := doc.GetEnvVars(); variable && len(variables) > 0 {
		meaning += " [" + strings.Join(variables, ", ") + "]"
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
