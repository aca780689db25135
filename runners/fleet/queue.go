package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"nerbench/internal/retry"
	"nerbench/ner"
)

// consumer is the name of the consumer of a stream.
const consumer = "workers"

// duplicates is how long a stream recognizes a passage that is sent to it again, since its
// acknowledgement was lost: longer than a connection is dead before it is noticed.
const duplicates = time.Minute

// newStream names a stream that does not exist yet. A stream that is lost gets another
// name, so that nothing of the former one is taken for a message of the new one: its
// passages are in no queue now, and are returned. It is called with the lock held.
func (j *job) newStream() (lost []*pending) {
	j.streams++
	j.name = fmt.Sprintf("%s%s_%d_%d", j.of.subjects.streams(), j.of.session, j.number, j.streams)
	j.last = 0
	for _, p := range j.asked {
		if p.seq != 0 {
			p.seq, p.twice = 0, true
			lost = append(lost, p)
		}
	}
	return lost
}

// stream is the name of the stream, and its last sequence number that is known.
func (j *job) stream() (name string, last uint64) {
	j.of.mu.Lock()
	defer j.of.mu.Unlock()
	return j.name, j.last
}

func (j *job) makeStream(ctx context.Context) error {
	name, _ := j.stream()
	stream, err := j.of.stream.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{j.of.subjects.work(name)}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.MemoryStorage,
		MaxMsgSize: largest, Duplicates: duplicates,
	})
	if err != nil {
		return err
	}
	_, err = stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: j.of.config.Times.Lease, MaxDeliver: deliveries,
		MaxAckPending: 8 * mostInFlight, MaxWaiting: 1 << 16, MemoryStorage: true,
	})
	return err
}

// publish puts a passage into the queue while it has no answer. A queue that cannot be
// reached is tried again until the context or the job ends.
func (j *job) publish(ctx context.Context, p *pending) error {
	j.of.mu.Lock()
	p.puts++
	id := fmt.Sprintf("%d.%d", p.ask, p.puts) // the same for all attempts: one of them counts
	j.of.mu.Unlock()
	for j.waits(p) {
		name, _ := j.stream()
		ack, err := j.of.stream.PublishMsg(ctx, &nats.Msg{Subject: j.of.subjects.work(name), Data: p.data}, jetstream.WithMsgID(id))
		switch {
		case err == nil && j.queued(p, ack):
			return nil
		case err == nil: // the stream was lost meanwhile
			continue
		case errors.Is(err, nats.ErrMaxPayload):
			return fmt.Errorf("fleet: a passage of %d bytes is larger than the server of the queue takes (max_payload): %w", len(p.data), err)
		}
		if err := j.again(ctx, err); err != nil {
			return err
		}
	}
	return nil
}

// waits reports whether a passage has no answer yet.
func (j *job) waits(p *pending) bool {
	j.of.mu.Lock()
	defer j.of.mu.Unlock()
	return j.asked[p.ask] == p && len(p.got) == 0
}

// queued notes the place of a passage in the queue. Its wait may have ended meanwhile. false:
// it is in a former queue.
func (j *job) queued(p *pending, ack *jetstream.PubAck) bool {
	j.of.mu.Lock()
	defer j.of.mu.Unlock()
	if ack.Stream != j.name {
		return false
	}
	j.last = max(j.last, ack.Sequence)
	if p.seq = ack.Sequence; j.asked[p.ask] != p {
		j.remove(ack.Sequence)
	}
	return true
}

// remove takes a passage out of the queue, without waiting. It is called with the lock held.
func (j *job) remove(seq uint64) {
	_ = j.of.conn.Publish("$JS.API.STREAM.MSG.DELETE."+j.name, fmt.Appendf(nil, `{"seq":%d,"no_erase":true}`, seq))
}

// again waits until a request to the queue that failed is sent again, unless the context or
// the job has ended. Each failure is noted once.
func (j *job) again(ctx context.Context, failure error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-j.over:
		return j.why
	default:
	}
	text := fmt.Sprintf("queue: %v; trying again", failure)
	j.of.mu.Lock()
	fresh := text != j.noted
	j.noted = text
	j.of.mu.Unlock()
	if fresh {
		j.of.config.Note(text)
	}
	return retry.Sleep(ctx, j.of.config.Times.Dial)
}

// restore makes another stream if the server has lost the stream, with all passages that
// have no answer. A server that was just started may not be able to yet: it is tried again.
func (j *job) restore() {
	j.of.mu.Lock()
	restoring := j.restoring
	j.restoring = true
	j.of.mu.Unlock()
	if restoring {
		return
	}
	defer func() {
		j.of.mu.Lock()
		defer j.of.mu.Unlock()
		j.restoring = false
	}()
	ctx := j.of.live
	failing := time.Time{} // since when it cannot be asked
	for {
		select {
		case <-j.over:
			return
		default:
		}
		err := j.present(ctx)
		if err == nil {
			return
		}
		lost := errors.Is(err, errLost) || errors.Is(err, jetstream.ErrStreamNotFound)
		if !lost {
			if failing.IsZero() {
				failing = time.Now()
			}
			if _, reached := j.of.stream.AccountInfo(ctx); reached == nil { // others are there: it was on a server that is gone
				lost = time.Since(failing) > j.of.config.Times.Lease
			} else {
				failing = time.Time{}
			}
		}
		if lost && j.replace(ctx) == nil || !lost && j.again(ctx, err) != nil {
			return
		}
	}
}

// errLost: the stream was lost, and another one has its name: a cluster makes it.
var errLost = errors.New("the queue has lost its passages")

// present asks for the stream.
func (j *job) present(ctx context.Context) error {
	name, last := j.stream()
	stream, err := j.of.stream.Stream(ctx, name)
	if err != nil {
		return err
	}
	state := stream.CachedInfo().State
	if state.LastSeq < last {
		return errLost
	}
	j.of.mu.Lock()
	defer j.of.mu.Unlock()
	for _, p := range j.asked { // their workers remove them only when they are answered
		if p.seq != 0 && p.seq < state.FirstSeq && len(p.got) == 0 && j.name == name {
			return errLost
		}
	}
	return nil
}

// replace makes another stream, and puts the passages of the former one into it.
func (j *job) replace(ctx context.Context) error {
	var passages []*pending
	for {
		j.of.mu.Lock()
		former := j.name
		passages = append(passages, j.newStream()...)
		j.of.mu.Unlock()
		err := j.makeStream(ctx)
		_ = j.of.conn.Publish("$JS.API.STREAM.DELETE."+former, nil) // if it comes back
		if err == nil {
			break
		}
		if err := j.again(ctx, err); err != nil {
			return err
		}
	}
	j.of.config.Note(fmt.Sprintf("the queue was lost with its server: %s put into the new one", ner.Count(len(passages), "passage")))
	for _, p := range passages {
		if err := j.publish(ctx, p); err != nil {
			return err
		}
	}
	j.of.wake()
	return nil
}
