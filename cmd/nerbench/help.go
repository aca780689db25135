package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/commandline"
	"nerbench/internal/terminal"
)

// appHelp is the help text of the program; it fits on one screen.
func appHelp(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s COMMAND [flags]: %s\n", app.Name, app.Usage)
	for _, c := range app.Commands {
		if c.Name == "workers" { // it shares the line of worker: there is room for one
			continue
		}
		name, usage := c.Name, c.Usage
		if name == "worker" {
			name, usage = "worker, workers ", usage+"; list its workers"
		}
		lines := terminal.Wrap(usage, terminal.Width-14)
		fmt.Fprintf(&b, "  %-11s %s\n", name, strings.Join(lines, "\n"+strings.Repeat(" ", 14)))
	}
	b.WriteString("global flags (each has a variable, such as NERBENCH_STORE):\n")
	b.WriteString(commandline.FlagsHelp(app.Flags, false))
	b.WriteString(`exit: 0 done, 1 error, 2 usage, 3 incomplete, 4 data missing, 130 interrupted
`)
	return b.String()
}
