package results

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"nerbench/internal/parallel"
)

// A process that begins a run claims it, so that a second process does not send the same
// queries. The claim ends with the run, and with the process: other processes see that
// its number is gone, or, from another host, that it no longer updates the claim.
const (
	beatEvery  = 10 * time.Second
	beatMissed = 60 * time.Second // the process was killed or suspended
)

// AskedError reports that another process sends the queries of a run.
type AskedError struct {
	Run     string
	Host    string
	Process int
	Since   time.Time
}

func (e *AskedError) Error() string {
	return fmt.Sprintf("run %s: process %d on %s is sending its queries since %s", e.Run, e.Process, e.Host, e.Since.Format(time.DateTime))
}

// claim is a row of the table claims.
type claim struct {
	token, host, space string
	process            int
	since, beat        int64 // Unix time, milliseconds
}

// newClaim returns a claim of this process.
func newClaim() claim {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	space, _ := os.Readlink("/proc/self/ns/pid") // only on Linux
	return claim{token: rand.Text(), host: host, space: space, process: os.Getpid()}
}

// live reports whether the process of a claim still works, as far as this process can
// see.
func (c *claim) live(here claim, now time.Time) bool {
	if now.Sub(time.UnixMilli(c.beat)) > beatMissed {
		return false
	}
	return c.host != here.host || c.space != here.space || processExists(c.process)
}

// claims are those of an open store.
type claims struct {
	here  claim
	mu    sync.Mutex
	beats map[string]func() // by run: stops its updates, and waits for the last one
}

// readClaim reads the claim of a run; nil if there is none.
func readClaim(ctx context.Context, q querier, run int64) (*claim, error) {
	var c claim
	err := q.QueryRowContext(ctx, "SELECT token, host, space, process, since, beat FROM claims WHERE run = ?", run).
		Scan(&c.token, &c.host, &c.space, &c.process, &c.since, &c.beat)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &c, err
}

// checkFree returns an [AskedError] if another process has claimed the run.
func (s *Store) checkFree(ctx context.Context, tx *sql.Tx, run *runRow) error {
	c, err := readClaim(ctx, tx, run.number)
	if err != nil || c == nil || c.token == s.claims.here.token || !c.live(s.claims.here, time.Now()) {
		return err
	}
	return c.asked(run.id)
}

func (c *claim) asked(runID string) *AskedError {
	return &AskedError{Run: runID, Host: c.host, Process: c.process, Since: time.UnixMilli(c.since)}
}

// checkClaim returns an [AskedError] if another process has taken over the run, because
// this one was suspended for too long.
func (s *Store) checkClaim(ctx context.Context, tx *sql.Tx, run *runRow) error {
	c, err := readClaim(ctx, tx, run.number)
	if err != nil || c == nil || c.token == s.claims.here.token {
		return err
	}
	return c.asked(run.id)
}

// claim claims a run in the transaction that begins it.
func (s *Store) claim(ctx context.Context, tx *sql.Tx, run *runRow) error {
	if err := s.checkFree(ctx, tx, run); err != nil {
		return err
	}
	here, now := s.claims.here, time.Now().UnixMilli()
	const insert = "INSERT OR REPLACE INTO claims (run, token, host, space, process, since, beat) VALUES (?, ?, ?, ?, ?, ?, ?)"
	_, err := tx.ExecContext(ctx, insert, run.number, here.token, here.host, here.space, here.process, now, now)
	return err
}

// release ends the claim of this process on a run.
func (s *Store) release(ctx context.Context, tx *sql.Tx, run *runRow) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM claims WHERE run = ? AND token = ?", run.number, s.claims.here.token)
	return err
}

// startBeat updates the claim on a run until stopBeat.
func (s *Store) startBeat(runID string) {
	s.claims.mu.Lock()
	defer s.claims.mu.Unlock()
	if s.claims.beats[runID] != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done parallel.Group
	done.Go(func() {
		for ticks := time.Tick(beatEvery); ; {
			select {
			case now := <-ticks:
				const update = "UPDATE claims SET beat = ? WHERE token = ? AND run = (SELECT number FROM runs WHERE id = ?)"
				_, _ = s.write.ExecContext(ctx, update, now.UnixMilli(), s.claims.here.token, runID) // the next one may succeed
			case <-ctx.Done():
				return
			}
		}
	})
	s.claims.beats[runID] = func() { cancel(); done.Wait() }
}

// stopBeat ends the updates of the claim on a run, or of all claims if runID is empty.
func (s *Store) stopBeat(runID string) (stopped bool) {
	s.claims.mu.Lock()
	defer s.claims.mu.Unlock()
	for id, stop := range s.claims.beats {
		if runID == "" || id == runID {
			stop()
			delete(s.claims.beats, id)
			stopped = true
		}
	}
	return stopped
}

// releaseAll ends all claims before the store closes: runs that were not ended are
// stopped.
func (s *Store) releaseAll() error {
	if s.write == nil || !s.stopBeat("") {
		return nil
	}
	_, err := s.write.Exec("DELETE FROM claims WHERE token = ?", s.claims.here.token)
	return err
}

// readClaims reads the live claims, by the numbers of their runs.
func (s *Store) readClaims(ctx context.Context, q querier) (map[int64]claim, error) {
	rows, err := q.QueryContext(ctx, "SELECT run, token, host, space, process, since, beat FROM claims")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]claim{}
	for rows.Next() {
		var run int64
		var c claim
		if err := rows.Scan(&run, &c.token, &c.host, &c.space, &c.process, &c.since, &c.beat); err != nil {
			return nil, err
		}
		if c.live(s.claims.here, time.Now()) {
			all[run] = c
		}
	}
	return all, rows.Err()
}
