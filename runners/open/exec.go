package open

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/exec"
)

// spansFamily is the prompt family of models without prompts.
const spansFamily = "spans"

// CheckCommand returns a usage error if a model is a program of the user, and the command
// that starts it is missing or malformed.
func CheckCommand(name, command string) error {
	if !HasCommand(name) {
		return nil
	}
	_, err := commandOf(name, command)
	return err
}

// commandOf is the command line of a program of the user, in words.
func commandOf(name, command string) ([]string, error) {
	if command == "" {
		return nil, &fault.Hint{Err: fault.Usagef("model %s: no command", name), Advice: `--command "python3 my_ner.py" names the program (docs/exec.md); a model card can name it, too`}
	}
	return exec.Split(command)
}

// openExec starts a program of the user.
func openExec(ctx context.Context, s Spec) (*Model, error) {
	command, err := commandOf(s.Name, s.Local.Command)
	if err != nil {
		return nil, err
	}
	if s.Local.Workers < 0 {
		return nil, fault.Usagef("--workers %d: want a number from 1", s.Local.Workers)
	}
	failures := &runners.Failures{}
	r, err := reopen(ctx, s.Kept, exec.Config{
		Name: s.rest, Command: command, Workers: s.Local.Workers, Timeout: s.Timeout,
		Subject: exec.Subject{
			Dataset: s.Dataset, Labels: nativeNames(s.Labels), Decoding: s.Decoding, Observe: s.Observe, Log: s.Log,
			Failed: func(err error) {
				failures.Count(err)
				s.Retrying(err.Error() + "; a fresh process is asked")
			},
		},
	}, exec.Open)
	if err != nil {
		return nil, err
	}
	if err := checkAnswers(s, r.Hello()); err != nil {
		r.Close()
		return nil, err
	}
	connections := s.Connections
	if connections == 0 {
		connections = r.AtOnce()
	}
	m := &Model{
		Identity: r.Identity(), Runner: r, Slots: runners.NewFixed(connections), close: func() { s.Kept.release(r) }, counts: failures.Counts,
		Keys:     map[string]string{"think": "", "context": ""},
		facts:    map[string]string{"command": r.Command(), "batch": strconv.Itoa(r.AtOnce() / max(s.Local.Workers, 1)), "identity": "digest"},
		AnswerBy: "dataset=" + s.Dataset + " labels=" + s.LabelsHash, // the program reads both
	}
	if r.Hello().Digest == "" {
		m.facts["identity"] = "command"
	} else {
		m.facts["reported_digest"] = r.Hello().Digest
	}
	if r.Hello().Answers == exec.Answers {
		m.Decoding = runners.Decoding{Temperature: s.Decoding.Temperature, Seed: s.Decoding.Seed}
	} else {
		m.Keys["temperature"], m.Keys["sampling_seed"] = "", ""
	}
	if d := r.Hello().Deterministic; d != nil && !*d {
		s.Observe("the program says that its answers are not deterministic")
	}
	return m, nil
}

// checkAnswers checks that the prompts are of a family that the program can answer.
func checkAnswers(s Spec, h exec.Hello) error {
	switch {
	case h.Answers == exec.Answers && s.Family == spansFamily:
		return &fault.Hint{
			Err:    &fault.UsageError{Err: errors.New(s.Name + ": the program answers prompts, as a language model does, and no prompt family is named")},
			Advice: "--family json_by_type, or another one of nerbench prompts list",
		}
	case h.Answers != exec.Answers && s.Family != spansFamily:
		return &fault.Hint{
			Err:    &fault.UsageError{Err: fmt.Errorf("%s: the program answers with %s and reads no prompts: the prompt family %s has no effect", s.Name, h.Answers, s.Family)},
			Advice: "leave out --family, --variant and --card",
		}
	}
	return nil
}

// nativeNames are the native labels of each type, in the order of their names.
func nativeNames(types map[string]ner.EntityType) map[ner.EntityType][]string {
	names := map[ner.EntityType][]string{}
	for _, native := range slices.Sorted(maps.Keys(types)) {
		names[types[native]] = append(names[types[native]], native)
	}
	return names
}
