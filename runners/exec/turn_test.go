package exec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nerbench/ner"
	"nerbench/runners/runnertest"
)

// TestTurn: an open program takes the passages of the next dataset, with its id and its
// labels, and is opened again if anything else has changed.
func TestTurn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "labels.json")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("{}")
	of := func(behaviour, dataset string) Config {
		return Config{
			Name: "test", Command: as(behaviour, Answers, file),
			Subject: Subject{Dataset: dataset, Labels: map[ner.EntityType][]string{"person": {"PER " + dataset}}},
		}
	}
	t.Run("next dataset", func(t *testing.T) {
		r := opened(t, "shows", func(c *Config) { *c = of("shows", "first") })
		for _, dataset := range []string{"first", "second"} {
			var c counted
			next := of("shows", dataset)
			if c.into(&next); !runnertest.Turns(t, r, next) {
				t.Fatal("the program must be opened again")
			}
			answers, faults := ask(t, r, "Mira")
			if faults[0] != nil || c.failures.Counts()["failed_misread"] > 0 || !strings.Contains(answers[0].Text, `"dataset":"`+dataset+`"`) || !strings.Contains(answers[0].Text, "PER "+dataset) {
				t.Errorf("%s: %+v, %v", dataset, answers[0], faults[0])
			}
		}
		for name, change := range map[string]func(*Config){
			"name":    func(c *Config) { c.Name = "other" },
			"command": func(c *Config) { c.Command = append(c.Command, "more") },
			"workers": func(c *Config) { c.Workers = 2 },
			"timeout": func(c *Config) { c.Timeout = time.Minute },
		} {
			c := of("shows", "third")
			change(&c)
			if runnertest.Turns(t, r, c) {
				t.Errorf("another %s is the same program", name)
			}
		}
	})
	t.Run("another file", func(t *testing.T) {
		r := opened(t, "no digest", func(c *Config) { *c = of("no digest", "first") })
		if !runnertest.Turns(t, r, of("no digest", "second")) {
			t.Error("the program must be opened again")
		}
		if write("[]"); runnertest.Turns(t, r, of("no digest", "third")) {
			t.Error("a program with another file is the same")
		}
	})
	t.Run("after a failure", func(t *testing.T) {
		r := opened(t, "crash", func(c *Config) { *c = of("crash", "first"); c.Pause = time.Millisecond })
		if _, faults := ask(t, r, "bad"); faults[0] == nil || r.Sound() || runnertest.Turns(t, r, of("crash", "second")) {
			t.Errorf("%v: the program is used further", faults[0])
		}
	})
}
