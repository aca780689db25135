package metrics_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

// TestLargeFiles compares 50,000 sentences, as a column file and as spans, with
// their expected counts.
func TestLargeFiles(t *testing.T) { reference.EachSet(t, largeFiles) }

func largeFiles(t *testing.T, set reference.Set) {
	var expected map[string]json.RawMessage
	set.Read(t, &expected, "vectors", "bench/expected.json")
	var want struct {
		expectedSpans
		Sentences, Tokens int
	}
	decodeVector(t, expected["tags.conll, tags.jsonl (IOB2, lenient and strict), spans.jsonl"], &want)

	var columns bytes.Buffer
	counts, taxonomy := metrics.NewCounts(), metrics.NewTaxonomy()
	r := newPythonRandom(7)
	for range want.Sentences {
		gold, pred := largeSentence(r)
		writeColumns(&columns, r, gold, pred)
		p := passage(gold, pred)
		counts.Merge(metrics.Count(metrics.SpanF1, p))
		taxonomy.Merge(metrics.Classify(p))
	}
	t.Run("spans", func(t *testing.T) { want.check(t, counts, taxonomy) })
	for _, mode := range []metrics.Mode{metrics.Lenient, metrics.Strict} {
		t.Run("tags "+string(mode), func(t *testing.T) {
			got, err := metrics.Columns(context.Background(), bytes.NewReader(columns.Bytes()), metrics.IOB2, mode)
			if err != nil {
				t.Fatal(err)
			}
			want.Strict.check(t, got.ByType)
			if got.Sentences != want.Sentences || got.Tokens != want.Tokens {
				t.Errorf("%d sentences, %d tokens, want %d and %d", got.Sentences, got.Tokens, want.Sentences, want.Tokens)
			}
		})
	}
}

const largeLength = 20 // tokens of a sentence

var largeTypes = strings.Fields("PERSON NORP FAC ORG GPE LOC PRODUCT EVENT WORK_OF_ART LAW LANGUAGE DATE TIME PERCENT MONEY QUANTITY ORDINAL CARDINAL")

// largeSentence draws two entities, and the predictions of a system that is correct
// in about 80 of 100 cases. The counts of the vectors are for this order of draws.
func largeSentence(r *pythonRandom) (gold, pred []span) {
	a, la, b, lb := r.below(7), 1+r.below(3), 10+r.below(7), 1+r.below(3)
	typed := func(start, end int) span {
		return span{Start: start, End: end, Type: ner.EntityType(largeTypes[r.below(len(largeTypes))])}
	}
	gold = []span{typed(a, a+la), typed(b, b+lb)}
	for _, s := range gold {
		switch p := r.float(); {
		case p < 0.08:
			continue // missed
		case p < 0.14:
			s.End++
		case p < 0.20:
			s = typed(s.Start, s.End) // another type, sometimes the same
		}
		pred = append(pred, s)
	}
	if r.float() < 0.1 && (len(pred) == 0 || pred[len(pred)-1].End <= 18) {
		pred = append(pred, typed(18, 20)) // spurious
	}
	return gold, pred
}

// writeColumns writes a sentence as "token gold prediction" lines.
func writeColumns(w *bytes.Buffer, r *pythonRandom, gold, pred []span) {
	g, p := largeTags(gold), largeTags(pred)
	for i := range g {
		fmt.Fprintf(w, "w%d %s %s\n", r.below(30_000), g[i], p[i])
	}
	w.WriteByte('\n')
}

func largeTags(spans []span) []string {
	tags := strings.Fields(strings.Repeat("O ", largeLength))
	for _, s := range spans {
		for i := s.Start; i < s.End; i++ {
			tags[i] = "I-" + string(s.Type)
		}
		tags[s.Start] = "B-" + string(s.Type)
	}
	return tags
}

// pythonRandom generates the numbers of Python's random.Random, which define the
// large files: MT19937 (Matsumoto and Nishimura, 1998).
type pythonRandom struct {
	state [624]uint32
	next  int
}

// newPythonRandom is random.Random(seed) for a seed below 2^32.
func newPythonRandom(seed uint32) *pythonRandom {
	r := &pythonRandom{next: 624}
	s := &r.state
	s[0] = 19650218
	for i := 1; i < 624; i++ {
		s[i] = 1812433253*(s[i-1]^s[i-1]>>30) + uint32(i)
	}
	i := 1
	step := func() {
		if i++; i == 624 {
			s[0], i = s[623], 1
		}
	}
	for range 624 {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1664525) + seed
		step()
	}
	for range 623 {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1566083941) - uint32(i)
		step()
	}
	s[0] = 1 << 31
	return r
}

func (r *pythonRandom) uint32() uint32 {
	if s := &r.state; r.next == 624 {
		for i := range s {
			y := s[i]&(1<<31) | s[(i+1)%624]&(1<<31-1)
			s[i] = s[(i+397)%624] ^ y>>1 ^ (y&1)*0x9908b0df
		}
		r.next = 0
	}
	y := r.state[r.next]
	r.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// float is random().
func (r *pythonRandom) float() float64 {
	a, b := r.uint32()>>5, r.uint32()>>6
	return (float64(a)*(1<<26) + float64(b)) / (1 << 53)
}

// below is randrange(n).
func (r *pythonRandom) below(n int) int {
	for {
		if v := int(r.uint32() >> (32 - bits.Len(uint(n)))); v < n {
			return v
		}
	}
}
