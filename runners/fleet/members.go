package fleet

import (
	"cmp"
	"fmt"
	"time"

	"nerbench/internal/fault"
	"nerbench/runners"
	"nerbench/runners/open"
)

// member is a worker.
type member struct {
	beat
	joined time.Time
	before int64 // passages that it had done by then
	seen   time.Time
}

// order notes the state of a worker and replies what it should do.
func (c *Coordinator) order(b beat) order {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := order{Protocol: Protocol, Build: c.config.Build, Session: c.session}
	if b.Protocol != Protocol {
		o.Refused = fmt.Sprintf("the worker on %s has protocol %d (%s), the coordinator protocol %d (%s)", b.Node, b.Protocol, b.Build, Protocol, c.config.Build)
		return o
	}
	if b.Offered == c.session {
		c.back(b.Worker)
	}
	if b.Leaving {
		c.back(b.Worker)
		c.leave(b.Worker, "left: "+cmp.Or(b.Problem, "stopped"))
		return o
	}
	j := c.job
	if j == nil {
		c.seen(b)
		return o
	}
	if !open.SameName(j.spec.Name, b.Model) {
		if !c.config.Several {
			o.Refused = fmt.Sprintf("the worker on %s has the model %s, the coordinator asks %s", b.Node, b.Model, j.spec.Name)
			c.leave(b.Worker, "refused: "+o.Refused)
			return o
		}
		c.seen(b)
		return o
	}
	o.Job, o.Stream = j.number, j.name
	if b.Session != c.session || b.Job != j.number || b.Opened == nil {
		o.Spec, o.Aggregation = &j.spec, j.spec.Local.Aggregation
	} else if o.Refused = j.join(&b); o.Refused != "" {
		c.leave(b.Worker, "refused: "+o.Refused)
		return o
	} else {
		c.back(b.Worker) // those of an older build say nothing of offers
	}
	c.seen(b)
	return o
}

// seen notes a worker. It is called with the lock held.
func (c *Coordinator) seen(b beat) {
	m := c.members[b.Worker]
	if m == nil {
		m = &member{beat: b, joined: time.Now(), before: b.Done}
		c.members[b.Worker] = m
		c.noteRoster()
		build := ""
		if b.Build != c.config.Build {
			build = fmt.Sprintf(", of another build (%s, here %s)", b.Build, c.config.Build)
		}
		c.config.Note(fmt.Sprintf("worker %s joined%s", b.name(), build))
	}
	if b.Problem != "" && b.Problem != m.Problem {
		c.config.Note(fmt.Sprintf("worker %s: %s", b.name(), b.Problem))
	}
	m.beat, m.seen = b, time.Now()
	c.resize()
}

func (b *beat) name() string { return fmt.Sprintf("%s/%d", b.Node, b.Process) }

// leave removes a worker. It is called with the lock held.
func (c *Coordinator) leave(id, why string) {
	m := c.members[id]
	if m == nil {
		return
	}
	delete(c.members, id)
	c.noteRoster()
	c.config.Note(fmt.Sprintf("worker %s %s", m.name(), why))
	c.resize()
}

// resize fits the passages in flight to the slots of the workers. It is called with the
// lock held.
func (c *Coordinator) resize() {
	if c.job == nil {
		return
	}
	if len(c.awaited) > 0 {
		c.job.slots.set(0)
		return
	}
	sum := 0
	for _, m := range c.members {
		if m.Session == c.session && m.Job == c.job.number && m.Opened != nil {
			sum += min(max(m.Slots, 0), mostInFlight)
		}
	}
	c.job.slots.set(min((11*sum+9)/10, mostInFlight))
}

// watch removes workers that are silent, and ends the job if there are none for too long.
func (c *Coordinator) watch() {
	t := c.config.Times
	every := min(t.Beat, t.Say, c.config.WaitWorkers) / 4
	last := time.Now()
	for ticks := time.Tick(max(every, time.Millisecond)); ; {
		select {
		case <-c.live.Done():
			return
		case <-ticks:
		}
		now := time.Now()
		c.mu.Lock()
		if stopped := now.Sub(last) - every; stopped > t.Beat { // this process was stopped: nobody was silent
			for _, m := range c.members {
				m.seen = m.seen.Add(stopped)
			}
			c.alone, c.said = shift(c.alone, stopped), shift(c.said, stopped)
		}
		last = now
		c.check(now)
		c.mu.Unlock()
	}
}

// shift moves a time that is set.
func shift(t time.Time, d time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(d)
}

// check is called with the lock held.
func (c *Coordinator) check(now time.Time) {
	for id, m := range c.members {
		if now.Sub(m.seen) > c.config.Times.Lease {
			c.leave(id, fmt.Sprintf("is gone: silent for %s", c.config.Times.Lease))
		}
	}
	if c.attended() {
		c.alone = time.Time{}
		return
	}
	if c.alone.IsZero() {
		c.alone, c.said = now, now
	}
	if c.job == nil {
		return
	}
	if now.Sub(c.alone) > c.config.WaitWorkers {
		c.job.end(&fault.PartialError{Err: fmt.Errorf("no worker for %s (--wait-workers): %w", c.config.WaitWorkers, runners.ErrFatal)})
		return
	}
	if now.Sub(c.said) >= c.config.Times.Say {
		c.said = now
		c.config.Note(fmt.Sprintf("no workers for %s: waiting since %s, at most %s", c.job.spec.Name, now.Sub(c.alone).Round(time.Second), c.config.WaitWorkers))
	}
}

// attended reports whether there are workers: of the model, if one is asked now. It is
// called with the lock held.
func (c *Coordinator) attended() bool {
	for _, m := range c.members {
		if c.job == nil || open.SameName(c.job.spec.Name, m.Model) {
			return true
		}
	}
	return false
}
