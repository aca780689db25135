package fleet

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/nats-io/nats.go"

	"nerbench/ner"
	"nerbench/runners/open"
)

// documents of a block of training documents.
const inBlock = 500

var errNoTraining = errors.New("the model is not trained on documents")

// lessons reads the training documents once, for all workers.
type lessons struct {
	once   sync.Once
	blocks [][]*ner.Document
	data   string
	err    error
}

func (l *lessons) read(ctx context.Context, s *open.Spec) {
	if s.Train == nil {
		l.err = errNoTraining
		return
	}
	docs, data, err := s.Train(ctx)
	if err != nil {
		l.err = err
		return
	}
	var all []*ner.Document
	for d, err := range docs {
		if err != nil {
			l.err = err
			return
		}
		all = append(all, d)
	}
	l.blocks, l.data = slices.Collect(slices.Chunk(all, inBlock)), data()
}

// teach replies with a block of training documents.
func (c *Coordinator) teach(m *nats.Msg, l lesson) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if j := c.job; j != nil && j.number == l.Job {
		c.background(func() { c.reply(m, j.lesson(l.Block)) })
	}
}

// lesson returns a block of the training documents.
func (j *job) lesson(block int) lessonReply {
	j.read.once.Do(func() { j.read.read(j.of.live, &j.spec) })
	switch {
	case j.read.err != nil:
		return lessonReply{Failure: j.read.err.Error()}
	case block >= 0 && block < len(j.read.blocks):
		return lessonReply{Documents: j.read.blocks[block]}
	}
	return lessonReply{Data: j.read.data}
}
