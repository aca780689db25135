package main

import (
	"io"

	"nerbench/harness"
)

// lineFormats are the formats of commands that print one JSON value a line. The format
// json is one list of the same values.
var lineFormats = []string{"jsonl", "json"}

// writeLines prints the JSON Lines that write writes, in the format json as one list.
func (env *environment) writeLines(format string, write func(io.Writer) error) error {
	if format == "json" {
		return harness.WriteList(env.output(format), write)
	}
	return write(env.output(format))
}
