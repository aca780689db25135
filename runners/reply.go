package runners

import (
	"fmt"
	"strings"

	"nerbench/ner"
)

// LargestDescription is the largest size of a server's reply about itself, in bytes.
const LargestDescription = 16 << 20

// LargestReply is the largest size of the reply to queries, in bytes. A token of an
// answer has a few bytes, up to six times as many in JSON, and its number; a reply may
// repeat the prompts, or their tokens. The replies of all connections are in memory at
// once.
func LargestReply(queries []ner.Query) int {
	most := 1 << 20
	for i := range queries {
		p := &queries[i].Prompt
		most += 512*min(p.MaxTokens, 1<<20) + 16*p.Size()
	}
	return most
}

// ReplyTooLarge is the error of a reply of more than this many bytes: [LargestDescription],
// or the result of [LargestReply].
func ReplyTooLarge(most int) error {
	if most == LargestDescription {
		return fmt.Errorf("the reply of the server about itself exceeds %d bytes: %w", most, ErrFatal)
	}
	return fmt.Errorf("the reply of the server exceeds %d bytes, far more than max_tokens permits: %w", most, ErrFatal)
}

// mostMessage is the largest length of a server's message in errors, in bytes.
const mostMessage = 300

// ShortMessage makes a message of a server one line, and cuts a long one: it ends with
// its length.
func ShortMessage(text string) string {
	head := text
	if len(text) > mostMessage {
		head = text[:mostMessage]
	}
	head = strings.Join(strings.Fields(strings.ToValidUTF8(head, "")), " ")
	if len(text) > mostMessage {
		head += fmt.Sprintf(" … (%d bytes)", len(text))
	}
	return head
}
