package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/fault"
	"nerbench/ner"
)

// formatFlag is the flag --format of a command with these formats, the default first.
func formatFlag(known []string) cli.Flag {
	return &cli.StringFlag{Name: "format", Usage: "`FORMAT`: " + strings.Join(known, ", ") + " (default: " + known[0] + "; with --json: json)"}
}

// readFormat returns the format of --format, one of known. The default is json with
// --json, else the first one. Another format beside --json is an error, but counts
// before the variable NERBENCH_JSON.
func (env *environment) readFormat(command, named string, known []string) (string, error) {
	switch {
	case named == "" && env.json:
		return "json", nil
	case named == "":
		return known[0], nil
	case !slices.Contains(known, named):
		return "", fault.Usagef("%s: --format %s: unknown%s", command, named, ner.Choices(named, known))
	case named != "json" && env.json && env.given["json"]:
		return "", fault.Usagef("%s: --json and --format %s: want one of them", command, named)
	}
	return named, nil
}
