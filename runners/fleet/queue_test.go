package fleet

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"nerbench/ner"
)

// forgetful is a queue whose first acknowledgements are lost.
type forgetful struct {
	jetstream.JetStream
	losses int
}

func (f *forgetful) PublishMsg(ctx context.Context, m *nats.Msg, options ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	ack, err := f.JetStream.PublishMsg(ctx, m, options...)
	if f.losses > 0 {
		f.losses--
		return nil, errors.New("timeout")
	}
	return ack, err
}

// queue is the number of messages in the stream of a job.
func (j *job) queue(t *testing.T) uint64 {
	t.Helper()
	name, _ := j.stream()
	s, err := j.of.stream.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

// TestLostAcknowledgement: a passage whose acknowledgement was lost is sent again, but is in
// the queue once. One that was given back is put into it again.
func TestLostAcknowledgement(t *testing.T) {
	c, j := asking(t)
	c.stream = &forgetful{c.stream, 2}
	p, err := j.expect([]ner.Query{{Types: []ner.EntityType{"person"}, Prompt: ner.Prompt{Text: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []uint64{1, 2} {
		if err := j.publish(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if n := j.queue(t); n != want || p.seq != want {
			t.Errorf("%d messages, the passage has number %d, want %d", n, p.seq, want)
		}
	}
}

// TestLostQueue: a cluster gives a stream that was lost with its server back, without its
// passages. They are put into another stream; one that has an answer is not.
func TestLostQueue(t *testing.T) {
	c, j := asking(t)
	var passages []*pending
	for _, text := range []string{"a", "b"} {
		p, err := j.expect([]ner.Query{{Types: []ner.EntityType{"person"}, Prompt: ner.Prompt{Text: text}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := j.publish(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		passages = append(passages, p)
	}
	before, _ := j.stream()
	j.restore()
	if name, _ := j.stream(); name != before {
		t.Errorf("%s is there, but was replaced", name)
	}
	c.mu.Lock()
	j.settle(passages[1], result{})
	c.mu.Unlock()
	s, err := c.stream.Stream(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	j.restore()
	if name, _ := j.stream(); name == before || j.queue(t) != 1 {
		t.Errorf("%s has %d passages, want another stream with 1", name, j.queue(t))
	}
	for { // the former stream is removed
		if _, err := c.stream.Stream(t.Context(), before); errors.Is(err, jetstream.ErrStreamNotFound) {
			return
		}
	}
}

// TestAddresses: the servers of a cluster are a list; what they share is named once.
func TestAddresses(t *testing.T) {
	for address, want := range map[string]struct {
		servers       []string
		name, printed string
	}{
		"nats://host:4222":           {[]string{"nats://host:4222"}, "fleet", "nats://host:4222"},
		"tls://token@host:4222/lab":  {[]string{"tls://token@host:4222"}, "lab", "tls://host:4222/lab"},
		"nats://u:p@a:1,b:2,c:3/lab": {[]string{"nats://u:p@a:1", "nats://u:p@b:2", "nats://u:p@c:3"}, "lab", "nats://a:1,b:2,c:3/lab"},
		"nats://u:p@a:1,nats://v:q@b:2": {
			[]string{"nats://u:p@a:1", "nats://v:q@b:2"}, "fleet", "nats://a:1,nats://b:2"},
	} {
		f, err := readAddress(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if !slices.Equal(f.Addresses, want.servers) || f.Name != want.name || withoutLogin(address) != want.printed {
			t.Errorf("%s: %v, %s, printed %s", address, f.Addresses, f.Name, withoutLogin(address))
		}
	}
	for _, address := range []string{"http://a", "nats://", "nats://a:1,", "nats://a:1,http://b", "nats://a:1/x.y", "nats://a:1,b:2/x y"} {
		if f, err := readAddress(address); err == nil {
			t.Errorf("%s is accepted: %+v", address, f)
		}
	}
}
