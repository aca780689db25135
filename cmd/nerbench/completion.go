package main

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/fault"
)

// completionScripts has a script for each shell, which calls the program with
// completeCommand.
//
//go:embed completion
var completionScripts embed.FS

// shells are those with a script.
var shells = []string{"bash", "zsh", "fish"}

func completionCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script of a shell",
		ArgsUsage: strings.Join(shells, "|"),
		Description: `completion prints a script that completes commands, flags and their values. Load it
where your shell starts:

  bash: echo 'source <(nerbench completion bash)' >> ~/.bashrc
  zsh:  echo 'source <(nerbench completion zsh)' >> ~/.zshrc (below compinit)
  fish: nerbench completion fish > ~/.config/fish/completions/nerbench.fish`,
		Action: func(c *cli.Context) error {
			shell := c.Args().First()
			if c.NArg() != 1 || !slices.Contains(shells, shell) {
				return fault.Usagef("completion: want one shell of %s", strings.Join(shells, ", "))
			}
			script, err := completionScripts.ReadFile("completion/" + shell)
			if err != nil {
				return err
			}
			if env.json {
				return env.printJSON(map[string]string{"shell": shell, "script": string(script)})
			}
			_, err = behind(env.stdout).Write(script)
			return err
		},
	}
}

// completeCommand is the hidden command that the scripts call with the words of a
// command line, up to the one that is to be completed.
const completeCommand = "__complete"

// complete prints what the last word may become, one a line, each followed by a tab
// and its meaning if it has one. ":file" and ":dir" stand for names of files and
// folders, which the shell completes.
func (env *environment) complete(app *cli.App, words []string) int {
	for _, c := range completions(app, words) {
		line := c.Word
		if c.Meaning != "" {
			line += "\t" + c.Meaning
		}
		if _, err := fmt.Fprintln(env.stdout, line); err != nil {
			return exitError
		}
	}
	return exitOK
}
