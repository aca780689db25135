package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"nerbench/harness/doctor"
	"nerbench/internal/fault"
	"nerbench/internal/terminal"
	"nerbench/ner"
)

func doctorCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "check settings, store, data, servers and devices",
		Description: `doctor checks the settings, the store, the data, the servers of Ollama and vLLM,
the libraries and devices for models in the process, the tagger, and the disk.
The exit code is 1 if one of them is broken. A missing one is no error.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "only", Usage: "check only one `THING`: " + strings.Join(examined(), ", ")},
		},
		Action: func(c *cli.Context) error {
			only := c.String("only")
			switch {
			case c.NArg() > 0:
				return fault.Usagef("doctor: unexpected argument %q", c.Args().First())
			case only != "" && !slices.Contains(examined(), only):
				return fault.Usagef("doctor: --only %s: unknown (one of %s)%s", only, strings.Join(examined(), ", "), ner.DidYouMean(only, examined()))
			}
			return env.doctor(c.Context, only)
		},
	}
}

// examinations lists what doctor looks at, in order. What stands apart runs code of
// others, such as the driver of a GPU, which may crash or hang: it is looked at in a
// process of its own.
var examinations = []struct {
	name    string
	examine func(*environment, context.Context) doctor.Finding
	apart   bool
}{
	{"program", examineProgram, false},
	{"config", examineConfig, false},
	{"store", checks((*doctor.Doctor).Store), false},
	{"data", checks((*doctor.Doctor).Data), false},
	{"ollama", checks((*doctor.Doctor).Ollama), false},
	{"vllm", checks((*doctor.Doctor).VLLM), false},
	{"gguf", checks((*doctor.Doctor).GGUF), true},
	{"tagger", checks((*doctor.Doctor).Tagger), false},
	{"disk", checks((*doctor.Doctor).Disk), false},
}

// checks makes an examination of a check of the machine.
func checks(check func(*doctor.Doctor, context.Context) doctor.Finding) func(*environment, context.Context) doctor.Finding {
	return func(env *environment, ctx context.Context) doctor.Finding {
		return check(&doctor.Doctor{Bench: env.bench, Getenv: env.variable, KeyFile: env.keyFile(false)}, ctx)
	}
}

func examineProgram(*environment, context.Context) doctor.Finding {
	return doctor.Finding{
		State: doctor.OK,
		Text:  fmt.Sprintf("nerbench %s, %s, %s/%s, %d processors", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0)),
	}
}

// examineConfig reports where each setting comes from.
func examineConfig(env *environment, _ context.Context) doctor.Finding {
	settings := append(slices.Clone(env.settings), env.endpoints()...)
	f := doctor.Finding{State: doctor.OK, Text: env.config.Path, Detail: map[string]any{"file": env.config.Path, "settings": settings}}
	if f.Text == "" {
		f.State, f.Text = doctor.Absent, "no configuration file (docs/config.md)"
	}
	for _, s := range settings {
		value := s.Value
		if value == "" {
			value = "none"
		}
		f.Lines = append(f.Lines, fmt.Sprintf("%s: %s (%s)", s.Name, terminal.Printable(value), s.origin()))
	}
	return f
}

// apartWait is how long a process of its own may take: drivers need seconds.
const apartWait = 30 * time.Second

// examineApart looks at one thing in a process of its own.
func examineApart(name string) func(*environment, context.Context) doctor.Finding {
	return func(env *environment, ctx context.Context) doctor.Finding {
		ctx, stop := context.WithTimeout(ctx, apartWait)
		defer stop()
		args := []string{"doctor", "--only", name, "--json"}
		if env.config.Path != "" {
			args = append(args, "--config", env.config.Path)
		}
		cmd := exec.CommandContext(ctx, env.program, args...)
		var said bytes.Buffer
		cmd.Stdout = &said
		err := cmd.Run()
		var report struct{ Findings []doctor.Finding }
		if json.Unmarshal(said.Bytes(), &report) == nil && len(report.Findings) == 1 {
			return report.Findings[0]
		}
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer within %s", apartWait)
		}
		return doctor.Finding{State: doctor.Broken, Text: fmt.Sprintf("what it loads fails: %v", err), Hint: "a driver or a library is broken: name another folder of libraries in NERBENCH_LLAMA_LIB"}
	}
}

func examined() []string {
	names := make([]string, len(examinations))
	for i, e := range examinations {
		names[i] = e.name
	}
	return names
}

func (env *environment) doctor(ctx context.Context, only string) error {
	findings := []doctor.Finding{}
	var faults []string
	for _, e := range examinations {
		if only != "" && e.name != only {
			continue
		}
		examine := e.examine
		if e.apart && only == "" && env.program != "" {
			examine = examineApart(e.name)
		}
		f := examine(env, ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.Name = e.name
		findings = append(findings, f)
		if f.State == doctor.Broken {
			faults = append(faults, e.name)
		}
		if !env.json {
			state := env.paint(env.stdout, findingStyle(f.State), fmt.Sprintf("%-7s", f.State))
			fmt.Fprintf(env.stdout, "%-8s %s %s\n", f.Name, state, f.Text)
			for _, line := range f.Lines {
				fmt.Fprintf(env.stdout, "%-8s %-7s %s\n", "", "", line)
			}
			if f.Hint != "" {
				fmt.Fprintf(env.stdout, "%-8s %-7s %s %s\n", "", "", env.paint(env.stdout, cyan, "hint:"), f.Hint)
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
