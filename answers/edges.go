package answers

import "strings"

// edgeTokens are special tokens that some servers leave at the edges of an answer. Those
// that end with a role begin a turn.
var edgeTokens = []string{
	"<s>", "</s>", "<bos>", "<eos>", "<pad>", "<unk>", "[EOS]", "[BOS]",
	"<|im_start|>assistant", "<|im_start|>", "<|im_end|>",
	"<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>assistant<|end_header_id|>", "<|eot_id|>", "<|eom_id|>", "<|EOT|>",
	"<start_of_turn>model", "<start_of_turn>", "<end_of_turn>", "<|turn>model", "<turn|>",
	"<|endoftext|>", "<|startoftext|>", "<|end|>", "<|return|>", "<|assistant|>", "<|user|>", "<|observation|>", "<|end_of_turn|>", "<|endofturn|>", "<|eos|>",
	"<|start|>assistant", "<|channel|>final<|message|>", "<|message|>",
	"<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|END_OF_TURN_TOKEN|>", "<|begin_of_solution|>", "<|end_of_solution|>",
	"<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>", "<|end▁of▁sentence|>", "<|begin▁of▁sentence|>", "<｜Assistant｜>",
	"[INST]", "[/INST]", "[e~[",
}

// turnEnds are the tokens that end a turn. Text behind them is a turn of its own.
var turnEnds = []string{
	"<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<|return|>", "<turn|>",
	"<|end_of_turn|>", "<|endofturn|>", "<|END_OF_TURN_TOKEN|>", "<｜end▁of▁sentence｜>", "</s>",
}

// firstTurn cuts an answer at the first token that ends a turn behind some text. keeps
// reports whether a token is text of the passage.
func firstTurn(s string, keeps func(string) bool) string {
	end := len(s)
	if strings.IndexByte(s, '<') < 0 { // most answers: all these tokens begin so
		return s
	}
	for _, token := range turnEnds {
		i := strings.Index(s[:end], token)
		if i > 0 && withoutTokens(s[:i], keeps) != "" && !keeps(token) {
			end = i
		}
	}
	return s[:end]
}

// withoutTokens cuts special tokens and white space off both ends of an answer. keeps
// reports whether a token is text of the passage.
func withoutTokens(s string, keeps func(string) bool) string {
	for {
		before := len(s)
		s = strings.TrimFunc(s, isSpace)
		if s == "" {
			return s
		}
		if strings.IndexByte("<[", s[0]) >= 0 || strings.IndexByte(">][", s[len(s)-1]) >= 0 {
			for _, token := range edgeTokens {
				if begins(s, token) && !keeps(token) {
					s = s[len(token):]
				}
				if ends(s, token) && !keeps(token) {
					s = s[:len(s)-len(token)]
				}
			}
		}
		if len(s) == before {
			return s
		}
	}
}

// begins reports whether s begins with a token of two bytes or more. It compares the second
// byte first: most answers begin with a bracket.
func begins(s, token string) bool {
	return len(s) >= len(token) && s[1] == token[1] && s[:len(token)] == token
}

// ends reports whether s ends with a token of two bytes or more.
func ends(s, token string) bool {
	n := len(s) - len(token)
	return n >= 0 && s[len(s)-2] == token[len(token)-2] && s[n:] == token
}
