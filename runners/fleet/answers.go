package fleet

import (
	"encoding/json"

	"github.com/nats-io/nats.go"
)

// mostEarly limits the bytes of answers that wait for their passage. Their workers keep
// them, too.
const mostEarly = 256 << 20

// claimed notes that a worker begins with a passage, and replies whether it should.
func (c *Coordinator) claimed(m *nats.Msg, claim claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := "no"
	if c.job != nil {
		if p := c.job.asked[claim.Ask]; p != nil {
			wanted = "yes"
			p.nodes = append(p.nodes, claim.Node)
		}
	}
	if m.Reply != "" {
		_ = m.Respond([]byte(wanted))
	}
}

// answered takes an answer, or keeps it until its passage is asked. Its worker keeps it until
// it is stored.
func (c *Coordinator) answered(m *nats.Msg, a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := a.Session == c.session
	var p *pending
	switch {
	case c.job == nil:
	case now:
		p = c.job.asked[a.Ask]
	default:
		p = c.job.byID[a.ID]
	}
	switch {
	case !now && (a.Failure != "" || a.Back): // it is in the queue here, or is asked later
	case p != nil:
		if a.ID != p.id || !c.job.take(p, a) {
			return // not an answer to this passage
		}
		if len(a.Completions) > 0 {
			c.hold(p, a.Worker, m)
			return
		}
	case len(a.Completions) > 0 && c.unstored[a.ID] != nil: // it is sent again
		c.hold(c.unstored[a.ID], a.Worker, m)
		return
	case now && len(a.Completions) > 0 && c.incomplete(): // the next coordinator may want it
		return
	case now: // it is stored, or not wanted
	default:
		c.keep(m, a.ID)
		return
	}
	if m.Reply != "" {
		_ = m.Respond([]byte(taken))
	}
}

// incomplete reports whether passages were left without an answer: the next coordinator asks
// them. It is called with the lock held.
func (c *Coordinator) incomplete() bool { return c.left || c.run.Err() != nil }

// hold lets a worker keep an answer until it is stored, or drop it if that is known already. It
// is called with the lock held.
func (c *Coordinator) hold(p *pending, worker string, m *nats.Msg) {
	if p.stored {
		_ = m.Respond([]byte(taken))
		return
	}
	c.unstored[p.id] = p
	if p.waiting == nil {
		p.waiting = map[string]string{}
	}
	if m.Reply != "" || p.waiting[worker] == "" {
		p.waiting[worker] = m.Reply // a later message replaces the former one
	}
}

// stored tells the workers that the answer to a passage need not be kept any longer.
func (c *Coordinator) stored(p *pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.stored = true
	if c.unstored[p.id] == p {
		delete(c.unstored, p.id)
	}
	for _, reply := range p.waiting {
		if reply != "" {
			_ = c.conn.Publish(reply, []byte(taken)) // if it is lost, the answer is sent again
		}
	}
	p.waiting = nil
}

// keep keeps an answer to a passage that is not asked yet. It is called with the lock held.
func (c *Coordinator) keep(m *nats.Msg, id string) {
	size := c.size + memory(m)
	if old := c.early[id]; old != nil {
		if m.Reply == "" { // it was offered again
			return
		}
		size -= memory(old)
	}
	if size <= mostEarly {
		c.early[id], c.size = m, size
	}
}

// memory is about what a kept message needs, in bytes.
func memory(m *nats.Msg) int { return len(m.Data) + 1<<10 }

// undeliverable handles the advisory that a passage was given to too many workers.
func (c *Coordinator) undeliverable(m *nats.Msg) {
	var advisory struct {
		Stream string `json:"stream"`
		Seq    uint64 `json:"stream_seq"`
	}
	if json.Unmarshal(m.Data, &advisory) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.job != nil && c.job.name == advisory.Stream {
		c.job.giveUp(advisory.Seq)
	}
}
