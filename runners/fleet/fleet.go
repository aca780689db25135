// Package fleet asks a model on many machines. A [Coordinator] puts passages into a queue
// and hands the answers to the harness, as a runner. A [Worker] on each machine opens the
// model, pulls passages, and sends answers. Both connect to a NATS server, which the
// coordinator embeds or the user runs; the queue is a memory stream of its JetStream.
//
// The queue holds nothing that matters: a coordinator makes a new one from the store. A
// worker keeps an answer until a coordinator has taken it, also the next one, which takes
// what the workers keep before it gives out passages.
//
// A worker speaks first, and says at each beat what it does (message beat). The
// coordinator replies what it wants done (order). No other state is agreed on, so that
// both may be restarted, stopped, or cut off at any time. Only the clock of the
// coordinator, and that of the queue, decide who is gone.
package fleet

import (
	"strings"
	"time"
)

// Protocol is the number of the messages between coordinators and workers. It changes
// with each change that an older program would not understand.
const Protocol = 1

// largest is the size in bytes of the largest message, after compression.
const largest = 8 << 20

// largestText is the size in bytes of the largest message before compression. A message
// that unpacks to more is refused.
const largestText = 16 * largest

// deliveries is how often a passage is given to a worker before it fails.
const deliveries = 5

// mostInFlight is the number of passages in flight, whatever the number of slots.
const mostInFlight = 4096

// Times are the intervals of a fleet. A field that is 0 has its default. Coordinator and
// workers need the same lease.
type Times struct {
	Lease time.Duration // of a passage: a worker that is silent for so long has lost it; 30s
	Beat  time.Duration // between two signs of life of a worker; 10s
	Say   time.Duration // between two notes that there are no workers; 30s
	Dial  time.Duration // between two attempts to use the queue; 2s. Workers connect four times as often
	// Return is how long a coordinator waits for the workers of the former one of its store,
	// before it gives out passages; 2.5s.
	Return time.Duration
}

func (t Times) withDefaults() Times {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&t.Lease, 30 * time.Second}, {&t.Beat, 10 * time.Second}, {&t.Say, 30 * time.Second}, {&t.Dial, 2 * time.Second}, {&t.Return, 2500 * time.Millisecond}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return t
}

// subjects are the names of the messages of one fleet.
type subjects struct{ prefix string }

func (s subjects) beat() string    { return s.prefix + ".up.beat" }
func (s subjects) claim() string   { return s.prefix + ".up.claim" }
func (s subjects) answer() string  { return s.prefix + ".up.answer" }
func (s subjects) lesson() string  { return s.prefix + ".up.lesson" }
func (s subjects) workers() string { return s.prefix + ".up.workers" }
func (s subjects) up() string      { return s.prefix + ".up.*" }
func (s subjects) wake() string    { return s.prefix + ".down.wake" }
func (s subjects) after() string   { return s.prefix + ".down.after" }

// work is the subject of the passages in a stream.
func (s subjects) work(stream string) string { return s.prefix + ".work." + stream }

// streams is the prefix of the streams of the fleet.
func (s subjects) streams() string { return strings.ReplaceAll(s.prefix, ".", "_") + "_" }
