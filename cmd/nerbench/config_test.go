package main

import (
	"reflect"
	"testing"

	"nerbench/internal/commandline"
	"nerbench/internal/config"
)

// TestConfigRunFlags demands that each key of the table run is a flag of run, and that
// the commands which share it have its most used flags.
func TestConfigRunFlags(t *testing.T) {
	app := completionApp()
	command := func(path ...string) commandline.Call { return commandline.ReadCall(app, path) }
	run := command("run").Command
	for field := range reflect.TypeFor[config.Run]().Fields() {
		if name := field.Tag.Get("toml"); commandline.Flag(run.Flags, name) == nil {
			t.Errorf("run has no flag --%s", name)
		}
	}
	for _, tc := range []struct {
		path  []string
		flag  string
		takes bool
	}{
		{[]string{"run"}, "probe", true},
		{[]string{"score"}, "metric", true},
		{[]string{"sweep", "run"}, "max-connections", true},
		{[]string{"sweep", "plan"}, "timeout", true},
		{[]string{"sweep", "plan"}, "probe", false},
		{[]string{"sweep", "run"}, "metric", false},
		{[]string{"models", "check"}, "threads", true},
		{[]string{"table"}, "metric", false},
	} {
		c := command(tc.path...)
		if commandline.Flag(c.Command.Flags, tc.flag) == nil {
			t.Errorf("%s has no flag --%s", c.Path, tc.flag)
		}
		if got := takesDefault(c.Path, tc.flag); got != tc.takes {
			t.Errorf("%s --%s has its default in the file: %t, want %t", c.Path, tc.flag, got, tc.takes)
		}
	}
}
