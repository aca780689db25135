//go:build unix

package main

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"nerbench/internal/campaign"
)

// fleetFile is what the garbage needs of a join file.
type fleetFile struct {
	Fleet     int      `json:"nerbench_fleet"`
	Addresses []string `json:"addresses"`
	Token     string   `json:"token"`
	Name      string   `json:"name"`
}

// TestFleetGarbage sends what no program sends to every subject of a fleet: random bytes,
// messages of 9 MB, JSON of other types, messages that are cut, and copies of those of its
// workers. The server holds half of the answers until all is sent. The store must equal that
// of one process, and no query may be asked again. Before the end it sends the first message
// of workers of other protocols, which are refused.
func TestFleetGarbage(t *testing.T) {
	t.Parallel()
	c := campaign.Start(t, campaign.Size{Short: 200, Full: 5000})
	f := newMachines(t, 40+c.Tries/10, 0)
	f.lease = noLease
	progress := func(n int) int { return n * f.passages * fleetQueries / (2 * c.Tries) } // answers after so much garbage
	answers := f.hold(0)
	f.coordinate()
	var file fleetFile
	if err := json.Unmarshal([]byte(f.joined()), &file); err != nil {
		t.Fatal(err)
	}
	dial := func() *nats.Conn {
		conn, err := nats.Connect(strings.Join(file.Addresses, ","), nats.Token(file.Token), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		return conn
	}
	listener := dial()
	seen := &recorded{messages: map[string][]byte{}}
	if _, err := listener.Subscribe("nerbench.>", seen.add); err != nil {
		t.Fatal(err)
	}
	if err := listener.Flush(); err != nil {
		t.Fatal(err)
	}
	f.work(3)
	sender := dial()
	for n := range c.Tries {
		f.reach(progress(n))
		subject, data := seen.garbage(c.Random, file.Name)
		err := sender.Publish(subject, data)
		if err == nil {
			err = sender.Flush()
		}
		if err != nil { // the server of the queue has refused it, and closed the connection
			c.Saw(1, "were refused by the queue")
			sender.Close()
			sender = dial()
		}
		answers.allow(progress(n+1) - progress(n))
		c.Try()
	}
	for _, protocol := range []int{-1, 0, file.Fleet + 1} {
		first, _ := json.Marshal(map[string]any{"Protocol": protocol, "Build": "another", "Worker": "w", "Node": "elsewhere"})
		reply, err := dial().Request("nerbench."+file.Name+".up.beat", first, fleetPatience)
		if err != nil || !strings.Contains(string(reply.Data), "elsewhere has protocol") {
			t.Errorf("protocol %d: %v, %v", protocol, reply, err)
		}
		c.Saw(1, "workers of another protocol were refused")
	}
	answers.release()
	f.finish()
}

// recorded has the last message of each subject.
type recorded struct {
	mu       sync.Mutex
	messages map[string][]byte
}

func (r *recorded) add(m *nats.Msg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.messages) < 100 || r.messages[m.Subject] != nil {
		r.messages[m.Subject] = m.Data
	}
}

// garbage is a message to one of the subjects of a fleet.
func (r *recorded) garbage(random *rand.Rand, name string) (subject string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	subjects := []string{"up.beat", "up.claim", "up.answer", "up.lesson", "up.workers", "up.other", "down.wake", "down.after", "work.x"}
	for i := range subjects {
		subjects[i] = "nerbench." + name + "." + subjects[i]
	}
	for s := range r.messages {
		if strings.Contains(s, ".work.") { // the stream of the run
			subjects = append(subjects, s, s)
		}
	}
	subject = subjects[random.IntN(len(subjects))]
	real := r.messages[subject]
	switch kind := random.IntN(5); {
	case kind == 0 && random.IntN(10) == 0:
		return subject, make([]byte, 9<<20)
	case kind == 1:
		forms := []string{"", "{", "[]", "null", "{}", `{"Session":1}`, `{"Prompts":[]}`, `{"Prompts":[{"Prompt":7}]}`, `{"Worker":"w","Slots":-1}`, `{"Ask":18446744073709551616}`, strings.Repeat("[", 1<<16)}
		return subject, []byte(forms[random.IntN(len(forms))])
	case kind == 2 && len(real) > 0:
		return subject, real[:random.IntN(len(real))]
	case kind == 3 && len(real) > 0 && strings.Contains(subject, ".up."):
		return subject, real
	}
	data = make([]byte, random.IntN(1<<random.IntN(16)))
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	if random.IntN(3) == 0 { // the mark of a compressed message
		data = append([]byte{0x28, 0xb5, 0x2f, 0xfd}, data...)
	}
	return subject, data
}
