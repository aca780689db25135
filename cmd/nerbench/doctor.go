package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/runners"
)

func doctorCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "say what works on this machine",
		Description: `doctor looks at the store, the data, the Ollama server, the libraries for models
in the process and the devices they see, and the tagger.
What is absent is no fault: only what is broken makes the exit code 1.`,
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usagef("doctor: unexpected argument %q", c.Args().First())
			}
			return env.doctor(c.Context)
		},
	}
}

// finding is what doctor says of one thing.
type finding struct {
	Name   string         `json:"name"`
	State  string         `json:"state"` // ok, absent, or broken
	Text   string         `json:"text"`
	Hint   string         `json:"hint,omitempty"`
	Detail map[string]any `json:"detail,omitempty"`
}

const (
	fine   = "ok"
	absent = "absent" // not there, which is no fault
	broken = "broken"
)

// found makes a finding of an error, with its hint.
func found(state string, err error) finding {
	f := finding{State: state, Text: err.Error()}
	f.Hint = storeAdvice(err)
	if hint, ok := errors.AsType[*runners.Hint](err); ok {
		f.Hint = hint.Advice
	}
	return f
}

// examinations lists what doctor looks at, in order.
var examinations = []struct {
	name    string
	examine func(*environment, context.Context) finding
}{
	{"program", examineProgram},
	{"store", examineStore},
	{"data", examineData},
	{"ollama", examineOllama},
	{"vllm", examineVLLM},
	{"gguf", examineGGUF},
	{"tagger", examineTagger},
	{"disk", examineDisk},
}

func (env *environment) doctor(ctx context.Context) error {
	findings := []finding{}
	var faults []string
	for _, e := range examinations {
		f := e.examine(env, ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.Name = e.name
		findings = append(findings, f)
		if f.State == broken {
			faults = append(faults, e.name)
		}
		if !env.json {
			fmt.Fprintf(env.stdout, "%-8s %-7s %s\n", f.Name, f.State, f.Text)
			if f.Hint != "" {
				fmt.Fprintf(env.stdout, "%-8s %-7s hint: %s\n", "", "", f.Hint)
			}
		}
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
