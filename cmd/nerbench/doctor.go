package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness/doctor"
	"nerbench/internal/fault"
	"nerbench/internal/terminal"
	"nerbench/ner"
	"nerbench/runners/open"
)

func doctorCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "check settings, store, data, servers and devices",
		Description: `doctor checks the settings, the store, the data, the servers of Ollama and vLLM,
the libraries and devices for models in the process, the tagger, and the disk.
The exit code is 1 if one of them is broken. A missing one is no error.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "only", Usage: "check only one `THING`: " + strings.Join(doctor.Names(), ", ")},
		},
		Action: func(c *cli.Context) error {
			only := c.String("only")
			switch {
			case only != "" && !slices.Contains(doctor.Names(), only):
				return fault.Usagef("doctor: --only %s: unknown%s", only, ner.Choices(only, doctor.Names()))
			}
			return env.doctor(c.Context, only)
		},
	}
}

// newDoctor returns the doctor of this program.
func (env *environment) newDoctor() *doctor.Doctor {
	d := &doctor.Doctor{Bench: env.bench, Getenv: env.variable, KeyFile: env.keyFile(false), Version: version, Config: env.configFinding()}
	if env.program != "" {
		d.Apart = func(name string) []string {
			command := []string{env.program, "doctor", "--only", name, "--json"}
			if env.config.Path != "" {
				command = append(command, "--config", env.config.Path)
			}
			return command
		}
	}
	return d
}

// configFinding reports where each setting comes from.
func (env *environment) configFinding() doctor.Finding {
	settings := append(slices.Clone(env.settings), env.config.Endpoints(env.getenv, open.WithoutLogin)...)
	f := doctor.Finding{State: doctor.OK, Text: env.config.Path, Detail: map[string]any{"file": env.config.Path, "settings": settings}}
	if f.Text == "" {
		f.State, f.Text = doctor.Absent, "no configuration file (docs/config.md)"
	}
	for _, s := range settings {
		value := s.Value
		if value == "" {
			value = "none"
		}
		f.Lines = append(f.Lines, fmt.Sprintf("%s: %s (%s)", s.Name, terminal.Printable(value), s.Source()))
	}
	return f
}

func (env *environment) doctor(ctx context.Context, only string) error {
	findings := []doctor.Finding{}
	var faults []string
	err := env.newDoctor().Examine(ctx, only, func(f doctor.Finding) {
		findings = append(findings, f)
		if f.State == doctor.Broken {
			faults = append(faults, f.Name)
		}
		if !env.json {
			env.printFinding(f)
		}
	})
	if err != nil {
		return err
	}
	if env.json {
		if err := env.printJSON(map[string]any{"ok": len(faults) == 0, "findings": findings}); err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("doctor: broken: %s", strings.Join(faults, ", "))
	}
	return nil
}

func (env *environment) printFinding(f doctor.Finding) {
	state := env.paint(env.stdout, findingStyle(f.State), fmt.Sprintf("%-7s", f.State))
	fmt.Fprintf(env.stdout, "%-8s %s %s\n", f.Name, state, f.Text)
	for _, line := range f.Lines {
		fmt.Fprintf(env.stdout, "%-8s %-7s %s\n", "", "", line)
	}
	if f.Hint != "" {
		fmt.Fprintf(env.stdout, "%-8s %-7s %s %s\n", "", "", env.paint(env.stdout, cyan, "hint:"), f.Hint)
	}
}
