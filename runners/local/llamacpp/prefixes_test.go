package llamacpp

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"nerbench/runners/local/llamacpp/llama"
)

// sequences imitates the memory of the library: the tokens of each sequence. A copy or a
// removal of a part fails if the memory has a state per sequence.
type sequences struct {
	t     *testing.T
	whole bool
	of    map[llama.SeqID][]llama.Token
}

func (s *sequences) library() *llama.Library {
	lib := &llama.Library{}
	lib.MemoryCopy = func(_ llama.Memory, source, target llama.SeqID, from, to llama.Pos) {
		if len(s.of[target]) > 0 || from > 0 {
			s.t.Fatalf("copy from %d into sequence %d, which has %d tokens", from, target, len(s.of[target]))
		}
		n := len(s.of[source])
		if to >= 0 {
			if s.whole {
				s.t.Fatal("a part of a sequence is copied")
			}
			if n = int(to); n > len(s.of[source]) {
				s.t.Fatalf("copy of %d tokens of %d", n, len(s.of[source]))
			}
		}
		s.of[target] = slices.Clone(s.of[source][:n])
	}
	lib.MemoryRemove = func(_ llama.Memory, seq llama.SeqID, from, _ llama.Pos) bool {
		if from < 0 {
			delete(s.of, seq)
			return true
		}
		if s.whole {
			s.t.Fatal("a part of a sequence is removed")
		}
		s.of[seq] = s.of[seq][:min(int(from), len(s.of[seq]))]
		return true
	}
	return lib
}

// add computes a token.
func (s *sequences) add(seq llama.SeqID, pos int, t llama.Token) {
	if len(s.of[seq]) != pos {
		s.t.Fatalf("token at position %d of sequence %d, which has %d tokens", pos, seq, len(s.of[seq]))
	}
	s.of[seq] = append(s.of[seq], t)
}

// TestPrefixes enters random prompts into trees that are too small for all, computes
// them in parts, and takes them out at any time. Each query gets its prompt, each
// sequence has the path of its node, and all memory is free in the end.
func TestPrefixes(t *testing.T) {
	for _, whole := range []bool{false, true} {
		t.Run(fmt.Sprintf("whole %v", whole), func(t *testing.T) {
			for seed := range uint64(200) {
				random := rand.New(rand.NewPCG(seed, 1))
				memory := &sequences{t: t, whole: whole, of: map[llama.SeqID][]llama.Token{}}
				const cells, places = 60, 8 // twice the queries at once, as recurrent models have
				tree := newPrefixes(memory.library(), 0, func(call func()) { call() }, cells, places, whole)
				var waiting, running []*question
				for range 40 {
					tokens := make([]llama.Token, 1+random.IntN(20))
					for i := range tokens {
						tokens[i] = llama.Token(random.IntN(2)) // many common beginnings
					}
					waiting = append(waiting, &question{passage: &passage{}, tokens: tokens, most: 1 + random.IntN(10)})
				}
				answered := 0
				for len(waiting)+len(running) > 0 {
					for len(waiting) > 0 && len(running) < places/2 && tree.enter(waiting[0]) {
						running = append(running, waiting[0])
						waiting = waiting[1:]
					}
					if len(running) == 0 {
						t.Fatalf("seed %d: an empty tree refuses a prompt", seed)
					}
					checkTree(t, tree, memory, running, cells, places)
					q := running[random.IntN(len(running))]
					switch n := q.node.next(); {
					case random.IntN(15) == 0: // cancelled
						q.written = q.most
					case n != nil:
						tree.begin(n)
						for range 1 + random.IntN(len(n.tokens)-n.done) {
							memory.add(n.seq, n.start+n.done, n.tokens[n.done])
							n.done++
							n.read++
						}
						continue
					case q.pos == 0:
						if q.node.owner == q {
							tree.begin(q.node)
						} else {
							tree.copyTo(q.node, q.seq)
						}
						memory.add(q.seq, len(q.tokens)-1, q.tokens[len(q.tokens)-1])
						q.pos = 1
						if !slices.Equal(memory.of[q.seq], q.tokens) {
							t.Fatalf("seed %d: prompt %v, want %v", seed, memory.of[q.seq], q.tokens)
						}
						answered++
					default: // an answer with other tokens than any prompt
						memory.add(q.seq, len(q.tokens)+q.written, 7)
						q.written++
					}
					if q.written == q.most {
						tree.leave(q)
						running = slices.DeleteFunc(running, func(other *question) bool { return other == q })
					}
				}
				checkTree(t, tree, memory, nil, cells, places)
				for tree.evict(nil, false) {
				}
				if tree.cells != cells || len(tree.seqs) != places || len(tree.root.children) != 0 || answered == 0 {
					t.Fatalf("seed %d: %d of %d cells and %d of %d sequences are free after %d answers", seed, tree.cells, cells, len(tree.seqs), places, answered)
				}
			}
		})
	}
}

// checkTree checks the memory of a tree with the queries in it.
func checkTree(t *testing.T, tree *prefixes, memory *sequences, running []*question, cells, places int) {
	t.Helper()
	used, taken := 0, 0
	var walk func(n *prefix, path []llama.Token)
	walk = func(n *prefix, path []llama.Token) {
		if n != tree.root {
			used += len(n.tokens)
			taken++
			if n.start != len(path) || len(n.tokens) == 0 {
				t.Fatalf("node at %d with %d tokens after %d", n.start, len(n.tokens), len(path))
			}
			path = append(slices.Clone(path), n.tokens...)
			want := path[:n.start+n.done]
			if !n.begun {
				want = nil
			}
			got := memory.of[n.seq]
			if n.owner != nil || !tree.whole && len(got) > len(want) {
				got = got[:min(len(got), len(want))] // an answer may follow
			}
			if !slices.Equal(got, want) {
				t.Fatalf("sequence %d has %v, want %v", n.seq, got, want)
			}
		}
		for _, c := range n.children {
			if c.parent != n {
				t.Fatal("a child has another parent")
			}
			walk(c, path)
		}
	}
	walk(tree.root, nil)
	for _, q := range running {
		used += 1 + q.most
		if q.node.owner != q {
			taken++
		}
	}
	if used+tree.cells != cells || taken+len(tree.seqs) != places {
		t.Fatalf("%d cells used, %d free, of %d; %d sequences used, %d free, of %d", used, tree.cells, cells, taken, len(tree.seqs), places)
	}
	if tree.cells < 0 {
		t.Fatalf("%d cells", tree.cells)
	}
}

// TestPrefixesKeep: after a passage, only the part of its prompt is kept that other
// passages had in common with it.
func TestPrefixesKeep(t *testing.T) {
	memory := &sequences{t: t, of: map[llama.SeqID][]llama.Token{}}
	tree := newPrefixes(memory.library(), 0, func(call func()) { call() }, 1000, 20, false)
	ask := func(tokens ...llama.Token) (computed int) {
		q := &question{passage: &passage{}, tokens: append(tokens, 9), most: 1}
		if !tree.enter(q) {
			t.Fatal("no memory")
		}
		for n := q.node.next(); n != nil; n = q.node.next() {
			tree.begin(n)
			for ; n.done < len(n.tokens); n.done++ {
				memory.add(n.seq, n.start+n.done, n.tokens[n.done])
				computed++
			}
			n.read = n.done
		}
		tree.leave(q)
		return computed
	}
	got := []int{ask(1, 2, 3, 4, 5), ask(1, 2, 3, 6, 6), ask(1, 2, 3, 7, 7), ask(1, 2, 3, 6, 6), ask(1, 2, 3)}
	if want := []int{5, 2, 2, 2, 0}; !slices.Equal(got, want) {
		t.Errorf("computed %v, want %v", got, want)
	}
	if used := 1000 - tree.cells; used > 5 { // the first passage was kept whole
		t.Errorf("%d tokens are kept, 3 are common", used)
	}
}

func TestDistinct(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 200000} {
		var d distinct
		for i := range n {
			d.add([]llama.Token{llama.Token(i)})
			d.add([]llama.Token{llama.Token(i)})
		}
		got := int(d.count())
		if margin := n / 40; n < mostHashes && got != n || got < n-margin || got > n+margin {
			t.Errorf("%d different prefixes counted as %d", n, got)
		}
	}
	var d distinct
	d.add([]llama.Token{1, 2, 3})
	d.add([]llama.Token{1, 2, 4})
	d.add([]llama.Token{2, 3})
	if got := d.count(); got != 6 {
		t.Errorf("%d prefixes, want 6: 1, 12, 123, 124, 2, 23", got)
	}
}
