package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"nerbench/internal/fault"
)

// List asks the coordinator of a fleet for its workers.
func List(ctx context.Context, join string) (list Workers, err error) {
	f, err := readJoin(join)
	if err != nil && !errors.As(err, new(*fault.UsageError)) {
		return list, &fault.Hint{Err: fmt.Errorf("fleet: %w", err), Advice: coordinatorAdvice}
	}
	if err != nil {
		return list, err
	}
	conn, err := f.connect(ctx, "nerbench workers", nats.NoReconnect())
	if err != nil {
		return list, fmt.Errorf("fleet: %s: %w", f.place(), err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	m, err := conn.RequestWithContext(ctx, f.subjects().workers(), []byte("{}"))
	if errors.Is(err, nats.ErrNoResponders) {
		return list, fmt.Errorf("fleet: %s: no coordinator", f.place())
	}
	if err != nil {
		return list, fmt.Errorf("fleet: %s: %w", f.place(), err)
	}
	return list, decode(m.Data, &list)
}

// Workers is the state of a fleet, for the command workers.
type Workers struct {
	Coordinator string         `json:"coordinator"` // its host and process
	Build       string         `json:"build"`
	Model       string         `json:"model"`   // asked now; empty: none
	Dataset     string         `json:"dataset"` // asked now
	InFlight    int            `json:"in_flight"`
	Workers     []WorkerStatus `json:"workers"`
}

// WorkerStatus is the state of a worker.
type WorkerStatus struct {
	Node    string `json:"node"`
	Process int    `json:"process"`
	Model   string `json:"model"`
	Server  string `json:"server"`
	Build   string `json:"build"`
	Slots   int    `json:"slots"`
	InWork  int    `json:"in_work"`
	Done    int64  `json:"passages"`
	// Rate is in passages a second since the worker joined this coordinator.
	Rate    float64 `json:"passages_per_second"`
	Failed  int64   `json:"failures"`
	Silent  float64 `json:"last_seen_seconds"` // time since its last beat
	Problem string  `json:"problem"`
}

// Workers lists the workers, in the order of their nodes.
func (c *Coordinator) Workers() Workers {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := Workers{Coordinator: fmt.Sprintf("%s/%d", c.file.Host, c.file.Process), Build: c.config.Build, Workers: []WorkerStatus{}}
	if c.job != nil {
		w.Model, w.Dataset, w.InFlight = c.job.spec.Name, c.job.spec.Dataset, len(c.job.asked)
	}
	for _, id := range slices.Sorted(maps.Keys(c.members)) {
		m := c.members[id]
		w.Workers = append(w.Workers, WorkerStatus{
			Node: m.Node, Process: m.Process, Model: m.Model, Server: m.Server, Build: m.Build, Slots: m.Slots, InWork: m.InWork, Done: m.Done,
			Rate: float64(m.Done-m.before) / max(m.seen.Sub(m.joined).Seconds(), 1), Failed: m.Failed, Silent: time.Since(m.seen).Seconds(), Problem: m.Problem,
		})
	}
	slices.SortStableFunc(w.Workers, func(a, b WorkerStatus) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Process, b.Process))
	})
	return w
}
