package results

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nerbench/internal/campaign"
)

// TestKilledUpgrades kills processes that upgrade a store of an older schema. The store
// must be the old one or the new one, and the upgrade must end the next time.
func TestKilledUpgrades(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 5, Full: 300})
	former := formerStore(t)
	execRaw(t, former, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
		INSERT INTO completions (key, text, thinking, finish, prompt_tokens, answer_tokens, duration) SELECT randomblob(16), 'an answer ' || i, '', 'stop', 10, 3, 5 FROM n`)
	old, err := os.ReadFile(former)
	must(t, err)
	upgrade := func(path string) time.Duration {
		start := time.Now()
		out, err := childCommand(t, path, "upgrade").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return time.Since(start)
	}
	copied := func() string {
		path := filepath.Join(t.TempDir(), "results.db")
		must(t, os.WriteFile(path, old, 0o600))
		return path
	}
	undisturbed := copied()
	took := upgrade(undisturbed)
	want := dumpOf(t, openAt(t, undisturbed))
	for range c.Tries {
		path := copied()
		cmd := childCommand(t, path, "upgrade")
		must(t, cmd.Start())
		time.Sleep(time.Duration(c.Random.Int64N(int64(took))))
		_ = cmd.Process.Kill() // it may be done
		_ = cmd.Wait()         // it was killed
		if s, err := OpenReadOnly(t.Context(), path); err == nil {
			c.Saw(1, "were upgraded")
			if h, err := s.Check(t.Context()); err != nil || !h.OK() {
				t.Errorf("%+v, %v", h, err)
			}
			must(t, s.Close())
		} else if errors.Is(err, ErrOlder) {
			c.Saw(1, "were the old one")
		} else {
			t.Errorf("error %v", err)
		}
		upgrade(path)
		s, err := OpenReadOnly(t.Context(), path)
		must(t, err)
		if dumpOf(t, s) != want {
			t.Error("the upgraded store differs from that of an undisturbed upgrade")
		}
		must(t, s.Close())
		removeStore(path)
		if t.Failed() {
			return
		}
	}
}

// childUpgrade opens a store, which upgrades it.
func childUpgrade(path string) error {
	s, err := Open(context.Background(), path, Existing)
	if err != nil {
		return err
	}
	return s.Close()
}
