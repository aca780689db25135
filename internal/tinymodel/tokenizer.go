package tinymodel

import "fmt"

// tokenizer adds a byte-level BPE like that of GPT-2: a token for each byte, one
// for the beginning and one for the end, and merged pairs of letters. A larger
// vocabulary has tokens without a merge: they occur in answers, but not in prompts.
func (f *file) tokenizer() {
	tokens := make([]string, 0, f.size.Vocabulary)
	for b := range 256 {
		tokens = append(tokens, string(letterOf(byte(b))))
	}
	const beginning, end = 256, 257
	tokens = append(tokens, "<s>", "</s>")
	var merges []string
	for _, pair := range pairs(f.size.Vocabulary - len(tokens)) {
		merges = append(merges, pair[0]+" "+pair[1])
		tokens = append(tokens, pair[0]+pair[1])
	}
	for i := len(tokens); i < f.size.Vocabulary; i++ {
		tokens = append(tokens, fmt.Sprintf("x%d", i))
	}
	f.str("tokenizer.ggml.model", "gpt2")
	f.str("tokenizer.ggml.pre", "default")
	f.strs("tokenizer.ggml.tokens", tokens)
	f.key("tokenizer.ggml.token_type", typeArray)
	put(&f.keys, uint32(typeInt32))
	put(&f.keys, uint64(len(tokens)))
	for i := range tokens {
		kind := int32(1) // normal
		if i == beginning || i == end {
			kind = 3 // control
		}
		put(&f.keys, kind)
	}
	f.strs("tokenizer.ggml.merges", merges)
	f.number("tokenizer.ggml.bos_token_id", beginning)
	f.number("tokenizer.ggml.eos_token_id", end)
	f.key("tokenizer.ggml.add_bos_token", typeBool)
	put(&f.keys, true)
}

// letterOf is the letter that the tokenizer writes for a byte: printable bytes of
// Latin-1 are unchanged, the others are letters from U+0100 on, in order.
func letterOf(b byte) rune {
	printable := func(b int) bool { return '!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || 0xAE <= b && b <= 0xFF }
	if printable(int(b)) {
		return rune(b)
	}
	n := rune(0)
	for i := range int(b) {
		if !printable(i) {
			n++
		}
	}
	return 0x100 + n
}

// pairs are the first n pairs of a space or a letter, and a letter.
func pairs(n int) [][2]string {
	const letters = "etaoinshrdlcumwfgypbvk"
	var out [][2]string
	for _, first := range string(letterOf(' ')) + letters {
		for _, second := range letters {
			if len(out) < n {
				out = append(out, [2]string{string(first), string(second)})
			}
		}
	}
	return out
}
