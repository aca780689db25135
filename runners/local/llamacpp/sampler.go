package llamacpp

import (
	"fmt"

	"nerbench/runners"
	"nerbench/runners/local/llamacpp/llama"
)

// sampler chooses the tokens of one answer. At temperature 0 it takes the most probable
// token; of equally probable tokens, the first. So the result is deterministic.
type sampler struct {
	lib     *llama.Library
	chain   llama.Sampler // grammar, temperature and sampling; 0: not needed
	grammar llama.Sampler // part of the chain; 0: free decoding
	greedy  bool
	one     *candidate
}

// candidate is a list of one token, in the format of the library. It is allocated on the
// heap, because the library gets its address.
type candidate struct {
	list llama.Candidates
	data llama.Candidate
}

// newSampler makes the sampler of one answer. Every answer starts with the same seed, so
// that it does not depend on earlier queries.
func newSampler(lib *llama.Library, vocabulary llama.Vocab, d runners.Decoding, grammar string) (sampler, error) {
	s := sampler{lib: lib, greedy: d.Temperature == 0}
	if s.greedy && grammar == "" {
		return s, nil
	}
	s.chain = lib.ChainInit(lib.ChainDefaultParams())
	if grammar != "" {
		if s.grammar = lib.SamplerGrammar(vocabulary, grammar, "root"); s.grammar == 0 {
			s.free()
			return s, fmt.Errorf("the library refuses the grammar of the schema: %s", grammar)
		}
		lib.ChainAdd(s.chain, s.grammar)
		s.one = &candidate{}
	}
	if s.greedy {
		lib.ChainAdd(s.chain, lib.SamplerGreedy())
	} else {
		lib.ChainAdd(s.chain, lib.SamplerTemp(float32(d.Temperature)))
		lib.ChainAdd(s.chain, lib.SamplerDist(seedOf(d)))
	}
	return s, nil
}

func (s *sampler) free() {
	if s.chain != 0 {
		s.lib.SamplerFree(s.chain) // with the parts of the chain
	}
	s.chain, s.grammar = 0, 0
}

// choose returns the token that continues the token at a position of the batch. end
// reports whether a token ends the text.
func (s *sampler) choose(ctx llama.Context, logits []float32, place int32, end func(llama.Token) bool) llama.Token {
	if !s.greedy {
		return s.lib.SamplerSample(s.chain, ctx, place)
	}
	best := mostProbable(logits)
	switch {
	case s.grammar == 0:
		return best
	case !s.allowed(best):
		// The whole vocabulary is checked against the grammar only if the first choice
		// does not match, because that takes a hundred times as long.
		return s.lib.SamplerSample(s.chain, ctx, place)
	case !end(best):
		s.lib.SamplerAccept(s.grammar, best)
	}
	return best
}

// allowed reports whether the grammar accepts a token next.
func (s *sampler) allowed(t llama.Token) bool {
	s.one.data = llama.Candidate{Token: t, Logit: 1}
	s.one.list = llama.Candidates{List: &s.one.data, Size: 1, Selected: -1}
	s.lib.SamplerApply(s.grammar, &s.one.list)
	return s.one.data.Logit == 1
}

func mostProbable(logits []float32) llama.Token {
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	return llama.Token(best)
}
