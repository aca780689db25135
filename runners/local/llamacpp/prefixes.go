package llamacpp

import (
	"slices"

	"nerbench/runners/local/llamacpp/llama"
)

// prefixes is a tree of the tokens of prompts. A common prefix of prompts is computed and
// stored once, whether they are in progress at the same time or not.
//
// Each node has a sequence of the library, which holds the whole path from the first
// token to the node. Nodes that no query uses are kept for later prompts, up to the
// length that prompts of different passages had in common lately, and are evicted when
// their memory is needed.
type prefixes struct {
	lib    *llama.Library
	memory llama.Memory
	free   func(call func()) // calls the library, unless it failed
	// whole: the memory of the model has a state per sequence and not per token
	// (recurrent models), so that no part of a sequence can be copied or removed.
	whole bool

	root  *prefix
	cells int // free cells of memory
	seqs  []llama.SeqID
	clock int64
	// common are the lengths that the latest prompts had in common with those of other
	// passages.
	common [64]int
	seen   int
}

// prefix is a node of the tree: a part of prompts, after the path of its parent.
type prefix struct {
	parent   *prefix
	children []*prefix
	tokens   []llama.Token
	start    int // position of the first token
	seq      llama.SeqID
	begun    bool // the sequence has the path of the parent
	read     int  // tokens that are computed, or in the current batch
	done     int  // computed tokens
	users    int  // queries in progress whose prompt ends here
	owner    *question
	used     int64
	passage  *passage // that made the node
	shared   bool     // prompts of several passages have it
}

func newPrefixes(lib *llama.Library, memory llama.Memory, free func(func()), cells, sequences int, whole bool) *prefixes {
	t := &prefixes{lib: lib, memory: memory, free: free, whole: whole, cells: cells, root: &prefix{begun: true}}
	for i := range sequences {
		t.seqs = append(t.seqs, llama.SeqID(i))
	}
	return t
}

// end is the position after the node.
func (n *prefix) end() int { return n.start + len(n.tokens) }

// has reports whether other is on the path to the node, or the node itself.
func (n *prefix) has(other *prefix) bool {
	for ; n != nil; n = n.parent {
		if n == other {
			return true
		}
	}
	return false
}

// find returns the deepest node that has a beginning of a prompt, and the number of
// tokens of this node that the prompt has.
func (t *prefixes) find(prompt []llama.Token) (n *prefix, k int) {
	for n = t.root; ; {
		next, most := (*prefix)(nil), 0
		for _, c := range n.children {
			if k := commonLength(c.tokens, prompt[c.start:]); k > most && t.usable(c, k) {
				next, most = c, k
			}
		}
		if next == nil {
			return n, len(n.tokens)
		}
		if n, k = next, most; k < len(n.tokens) {
			return n, k
		}
	}
}

// usable reports whether a prompt can continue after k tokens of a node.
func (t *prefixes) usable(n *prefix, k int) bool {
	switch {
	case !t.whole:
		return true
	case k < len(n.tokens):
		return k >= n.read // the sequence goes to the part before
	}
	return n.owner == nil // else the sequence continues with an answer
}

func commonLength(a, b []llama.Token) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// enter puts a query into the tree and reserves memory for its prompt and its answer. It
// returns false if that needs memory of other queries in progress.
func (t *prefixes) enter(q *question) bool {
	path := q.tokens[:len(q.tokens)-1] // the answer continues the last token
	var n *prefix
	var k int
	for keep := true; ; {
		n, k = t.find(path)
		rest := len(path) - (n.start + k)
		sequences := 1 // of the new node, or of the query
		if k < len(n.tokens) {
			sequences++
		}
		if sequences <= len(t.seqs) && rest+1+q.most <= t.cells {
			break
		}
		if !t.evict(n, keep) {
			if !keep {
				return false
			}
			keep = false
		}
	}
	if k < len(n.tokens) {
		n = t.split(n, k)
	}
	t.learn(n, q)
	if rest := path[n.end():]; len(rest) > 0 {
		child := &prefix{parent: n, tokens: rest, start: n.end(), seq: t.take(), owner: q, passage: q.passage}
		n.children = append(n.children, child)
		t.cells -= len(rest)
		n, q.seq = child, child.seq
	} else {
		q.seq = t.take()
	}
	n.users++
	t.touch(n)
	q.node = n
	t.cells -= 1 + q.most
	return true
}

func (t *prefixes) take() llama.SeqID {
	seq := t.seqs[0]
	t.seqs = t.seqs[1:]
	return seq
}

// touch marks the path to a node as used.
func (t *prefixes) touch(n *prefix) {
	t.clock++
	for ; n != nil; n = n.parent {
		n.used = t.clock
	}
}

// learn notes the length that a prompt has in common with prompts of other passages, but
// for repeated prompts. n is the last node of its path.
func (t *prefixes) learn(n *prefix, q *question) {
	length := 0
	for ; n != t.root; n = n.parent {
		if n.shared || n.passage != q.passage {
			n.shared = true
			length = max(length, n.end())
		}
	}
	if length > 0 && length < len(q.tokens)-1 {
		t.common[t.seen%len(t.common)] = length
		t.seen++
	}
}

// reach is the length up to which a prompt may serve prompts of other passages.
func (t *prefixes) reach() int {
	if t.seen == 0 {
		return 1 << 30 // unknown
	}
	return slices.Max(t.common[:min(t.seen, len(t.common))])
}

// split divides a node after k tokens, and returns the part before.
func (t *prefixes) split(n *prefix, k int) *prefix {
	before := &prefix{
		parent: n.parent, children: []*prefix{n}, tokens: n.tokens[:k:k], start: n.start,
		used: n.used, passage: n.passage, shared: n.shared,
	}
	if n.done > k {
		before.seq, before.begun, before.done = t.take(), true, k
		t.lib.MemoryCopy(t.memory, n.seq, before.seq, 0, llama.Pos(n.start+k))
		n.done -= k
	} else { // the sequence has only tokens of the part before
		before.seq, before.begun, before.done = n.seq, n.begun, n.done
		n.seq, n.begun, n.done = t.take(), false, 0
		if n.owner != nil {
			n.owner.seq = n.seq
		}
	}
	n.parent.children[slices.Index(n.parent.children, n)] = before
	n.parent, n.tokens, n.start = before, n.tokens[k:], n.start+k
	before.read, n.read = before.done, n.done
	return before
}

// begin copies the path of the parent into the sequence of a node.
func (t *prefixes) begin(n *prefix) {
	if !n.begun && n.start > 0 {
		t.copyTo(n.parent, n.seq)
	}
	n.begun = true
}

// copyTo copies the path to the end of a node into a sequence.
func (t *prefixes) copyTo(n *prefix, seq llama.SeqID) {
	if n == t.root {
		return
	}
	if t.whole {
		t.lib.MemoryCopy(t.memory, n.seq, seq, -1, -1)
		return
	}
	t.lib.MemoryCopy(t.memory, n.seq, seq, 0, llama.Pos(n.end()))
}

// next returns the first node on the path to a node that is not computed; nil: all are.
func (n *prefix) next() (first *prefix) {
	for ; n != nil; n = n.parent {
		if n.done < len(n.tokens) {
			first = n
		}
	}
	return first
}

// leave takes a query out of the tree. What it computed of its prompt is kept for later
// prompts.
func (t *prefixes) leave(q *question) {
	n := q.node
	n.users--
	t.cells += 1 + q.most
	if n.owner != q {
		t.clear(q.seq)
	} else {
		n.owner = nil
		if !t.whole {
			t.cut(n.seq, n.end())
		}
	}
	for n != t.root && n.users == 0 && len(n.children) == 0 {
		keep := min(n.done, t.reach()-n.start)
		if t.whole {
			keep = 0
		}
		if keep > 0 {
			t.shorten(n, keep)
			return
		}
		parent := n.parent
		t.remove(n)
		n = parent
	}
}

// shorten keeps the first tokens of a node only.
func (t *prefixes) shorten(n *prefix, keep int) {
	if keep == len(n.tokens) {
		return
	}
	t.cut(n.seq, n.start+keep)
	t.cells += len(n.tokens) - keep
	n.tokens, n.done, n.read = n.tokens[:keep:keep], keep, keep
}

// cut removes the tokens of a sequence from a position on.
func (t *prefixes) cut(seq llama.SeqID, from int) {
	t.free(func() { t.lib.MemoryRemove(t.memory, seq, llama.Pos(from), -1) })
}

// clear frees a sequence.
func (t *prefixes) clear(seq llama.SeqID) {
	t.free(func() { t.lib.MemoryRemove(t.memory, seq, -1, -1) }) // removing a whole sequence cannot fail
	t.seqs = append(t.seqs, seq)
}

// remove takes a node without children out of the tree.
func (t *prefixes) remove(n *prefix) {
	t.clear(n.seq)
	t.cells += len(n.tokens)
	n.parent.children = slices.DeleteFunc(n.parent.children, func(c *prefix) bool { return c == n })
}

// evict removes a node that no query needs: the least recently used one that served one
// passage only, else a random one. The prefixes of the types of a dataset are used in turn,
// so of those the one that was used least recently is needed next. With keep, the nodes on
// a path stay. It returns false if there is none.
func (t *prefixes) evict(path *prefix, keep bool) bool {
	var oldest *prefix
	var shared []*prefix
	var walk func(n *prefix)
	walk = func(n *prefix) {
		for _, c := range n.children {
			walk(c)
		}
		switch {
		case n == t.root || len(n.children) > 0 || n.users > 0 || keep && path.has(n):
		case n.shared:
			shared = append(shared, n)
		case oldest == nil || n.used < oldest.used:
			oldest = n
		}
	}
	walk(t.root)
	if oldest == nil {
		if shared == nil {
			return false
		}
		oldest = shared[mixed(uint64(t.clock))%uint64(len(shared))]
	}
	t.remove(oldest)
	return true
}
