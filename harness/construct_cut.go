package harness

import (
	"context"
	"time"

	"nerbench/distill"
	"nerbench/distill/corpus"
	"nerbench/internal/parallel"
	"nerbench/ner"
)

// cutAtOnce is the number of texts whose tokens a server counts at once, unless the user
// sets a number of connections. Together they have about cutBytes.
const (
	cutAtOnce = 16
	cutBytes  = 8 << 20
)

// noteEach is the time between notes about a corpus that takes long to read.
const noteEach = 30 * time.Second

// cut reads the corpus, and gives the parts of its texts to a sampler.
func (c *construction) cut(ctx context.Context, sampler *distill.Sampler) (corpus.Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	count, remote, end, err := c.counter(ctx)
	if err != nil {
		return corpus.Report{}, err
	}
	defer end()
	sampler.Cutter.Count = count
	q := cutting{sampler: sampler, most: 1}
	if remote {
		if q.most = cutAtOnce; c.Ask.Connections > 0 {
			q.most = c.Ask.Connections
		}
	}
	defer q.abandon() // before end
	defer cancel()
	texts, noted := 0, time.Now()
	report, err := corpus.Read(ctx, c.Paths, corpus.Options{Field: c.Field, ID: c.ID}, func(t corpus.Text) error {
		if texts++; time.Since(noted) >= noteEach {
			noted = time.Now()
			c.bench.note("corpus: %s so far, with %s", ner.Count(texts, "text"), ner.Count(sampler.Removed.Parts, "part"))
		}
		return q.add(t)
	})
	if err == nil {
		err = q.finish()
	}
	return report, err
}

// cutting cuts several texts at once, and adds their parts in the order of the texts.
type cutting struct {
	sampler *distill.Sampler
	most    int // texts at once; 1: each is cut when it is added
	waiting []waitingCut
	bytes   int // of the texts that wait
}

// waitingCut is a text that is cut. parts may be read after done.
type waitingCut struct {
	text  corpus.Text
	parts *[]ner.Range
	done  <-chan error
}

func (q *cutting) add(t corpus.Text) error {
	if q.most == 1 {
		return q.sampler.Add(t.ID, t.Text, t.Source, t.Place)
	}
	for len(q.waiting) > 0 && (len(q.waiting) == q.most || q.bytes+len(t.Text) > cutBytes) {
		if err := q.next(); err != nil {
			return err
		}
	}
	parts := new([]ner.Range)
	q.bytes += len(t.Text)
	q.waiting = append(q.waiting, waitingCut{t, parts, parallel.Go(func() (err error) {
		*parts, err = q.sampler.Cutter.Cut(t.Text)
		return err
	})})
	return nil
}

// next waits for the first text.
func (q *cutting) next() error {
	w := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.bytes -= len(w.text.Text)
	if err := <-w.done; err != nil {
		return err
	}
	q.sampler.AddParts(w.text.ID, w.text.Text, w.text.Source, w.text.Place, *w.parts)
	return nil
}

// finish waits for all texts.
func (q *cutting) finish() error {
	for len(q.waiting) > 0 {
		if err := q.next(); err != nil {
			return err
		}
	}
	return nil
}

// abandon waits for texts whose parts are not needed: their context was canceled.
func (q *cutting) abandon() {
	for _, w := range q.waiting {
		<-w.done
	}
}
