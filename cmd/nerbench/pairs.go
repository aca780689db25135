package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/commandline"
	"nerbench/internal/fault"
	"nerbench/ner"
)

// splitCommas splits repeated flags at commas.
func splitCommas(values []string) []string {
	var parts []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part != "" {
				parts = append(parts, part)
			}
		}
	}
	return parts
}

// readPlan reads the keys of --set, and the flags that are keys.
func readPlan(c *cli.Context) (ner.Plan, error) {
	var p ner.Plan
	command := commandPath(c)
	takes := keysOf(command)
	given := map[string]bool{}
	known := ner.KeyNames(ner.Settable, takes)
	for _, pair := range ner.SplitPairs(c.StringSlice("set")) {
		name, value, ok := strings.Cut(pair, "=")
		key, isKey := ner.FindKey(name)
		switch {
		case !ok:
			return p, fault.Usagef("--set %s: want key=value", pair)
		case !isKey:
			return p, helpedKeys(fault.Usagef("--set %v", ner.UnknownKey(name, known)))
		case !key.Settable:
			return p, helpedKeys(fault.Usagef("--set %s: %q is determined by the program and cannot be set (keys to set: %s)", pair, name, strings.Join(known, ", ")))
		case !takes(key):
			return p, helpedKeys(fault.Usagef("--set %s: %s does not use the key (keys: %s)", pair, command, strings.Join(known, ", ")))
		case given[name]:
			return p, fault.Usagef("--set %s: %s is given more than once, but takes one value", pair, name)
		case key.Flag && commandline.Flag(c.Command.Flags, name) != nil && c.IsSet(name):
			return p, fault.Usagef("--set %s: --%s is given, too: want one of them", pair, name)
		}
		given[name] = true
		if err := p.Set(name, value); err != nil {
			return p, fault.Usagef("--set %v", err)
		}
	}
	for _, key := range ner.Keys {
		if !key.Flag || !takes(key) || !c.IsSet(key.Name) || c.Value(key.Name) == 0 { // 0: the default
			continue
		}
		if err := p.Set(key.Name, fmt.Sprint(c.Value(key.Name))); err != nil {
			return p, fault.Usagef("--%v", err)
		}
	}
	return p, nil
}

// helpedKeys adds to an error about a key where all of them are described.
func helpedKeys(err error) error {
	return &fault.Hint{Err: err, Advice: "nerbench help keys describes every key"}
}

// keysOf selects the keys that a command with --set uses.
func keysOf(command string) func(ner.Key) bool {
	switch command {
	case "prompts render":
		return rendered
	case "import":
		return imported
	case "distill construct":
		return harness.TeacherKey
	}
	return func(ner.Key) bool { return true }
}

// rendered selects the keys that prompts render uses: those of prompts, and those that
// select the documents.
func rendered(k ner.Key) bool {
	return k.Part == ner.PromptPart || slices.Contains([]string{"split", "gold", "view", "sample_seed", "limit", "think"}, k.Name)
}

// whereFlag selects runs.
func whereFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "where", Usage: "`KEY=VALUE` of runs; different keys are ANDed, repeated keys are ORed"}
}

// readWhere reads the conditions of --where on some keys.
func readWhere(values, known []string) (map[string][]string, error) {
	pairs := ner.SplitPairs(values)
	for _, pair := range pairs {
		if key, _, ok := strings.Cut(pair, "="); ok && !slices.Contains(known, key) {
			return nil, helpedKeys(fault.Usagef("--where %s: %v", pair, ner.UnknownKey(key, known)))
		}
	}
	where, err := harness.ParseWhere(pairs, func(key string) bool { return slices.Contains(known, key) })
	if err != nil {
		return nil, fault.Usagef("--where %v", err)
	}
	return where, nil
}
