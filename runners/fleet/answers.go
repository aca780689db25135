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

// answered takes an answer, or keeps it until its passage is asked.
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
	case now: // it was taken, or its run has ended
	default:
		c.keep(m, a.ID)
		return
	}
	if m.Reply != "" {
		_ = m.Respond([]byte(taken))
	}
}

// keep keeps an answer to a passage that is not asked yet. It is called with the lock held.
func (c *Coordinator) keep(m *nats.Msg, id string) {
	size := c.size + memory(m)
	if old := c.early[id]; old != nil {
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
