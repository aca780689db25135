package commandline

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/terminal"
)

// Help is the help text of a command.
func Help(c *cli.Command, path string) string {
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
		fmt.Fprintf(&b, "\n%s", terminal.Reflow(strings.TrimSpace(c.Description)))
	}
	if len(c.Subcommands) > 0 {
		b.WriteString("\ncommands:\n")
		for _, s := range c.Subcommands {
			fmt.Fprintf(&b, "  %-11s %s\n", s.Name, s.Usage)
		}
	}
	if len(c.Flags) > 0 {
		b.WriteString("\nflags:\n")
		b.WriteString(FlagsHelp(c.Flags, true))
	}
	return b.String()
}

// AsTemplate keeps braces of a text from becoming actions of a template.
func AsTemplate(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

// FlagsHelp lists flags with their meanings, and with their variables or without.
func FlagsHelp(flags []cli.Flag, variables bool) string {
	var names, meanings []string
	width := 0
	for _, f := range flags {
		name, meaning := FlagHelp(f, variables)
		names, meanings = append(names, name), append(meanings, meaning)
		width = max(width, len(name))
	}
	width = min(width, 28)
	var b strings.Builder
	for i, name := range names {
		lines := terminal.Wrap(meanings[i], terminal.Width-width-4)
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

// FlagHelp is the names of a flag with its placeholder, and its meaning with its
// default, and its variable if that is wanted. A default is printed once: by the text of the flag, or
// else from its value.
func FlagHelp(f cli.Flag, variable bool) (name, meaning string) {
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
		if strings.HasSuffix(value, "m0s") { // of a duration
			value = strings.TrimSuffix(value, "0s")
		}
		meaning += fmt.Sprintf(" (default: %s)", value)
	}
	if variables := doc.GetEnvVars(); variable && len(variables) > 0 {
		meaning += " [" + strings.Join(variables, ", ") + "]"
	}
	return name, meaning
}
