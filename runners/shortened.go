package runners

import "fmt"

// BytesPerToken is more than any usual text has, on the average of a prompt
// (docs/spec/prompts.md §2.6).
const BytesPerToken = 8

// Suspicious reports whether a server read so few tokens of a prompt of so many
// bytes that it may have cut it.
func Suspicious(bytes, tokens int) bool {
	return tokens > 0 && tokens < (bytes+BytesPerToken-1)/BytesPerToken
}

// ShortenedError tells that a server cut a prompt although it was told not to, or
// not asked to. It wraps [ErrFatal]: nothing that this server answered to long
// prompts can be trusted, the run is invalid.
type ShortenedError struct {
	Bytes  int // length of the prompt that was sent
	Tokens int // tokens that the server says it read
}

func (e *ShortenedError) Error() string {
	return fmt.Sprintf("the server shortened a prompt: %d bytes were read as %d tokens, and it does not refuse what exceeds its context", e.Bytes, e.Tokens)
}

// Unwrap makes the error end the run.
func (e *ShortenedError) Unwrap() error { return ErrFatal }
