package runners

import "fmt"

// BytesPerToken is more than the average bytes per token of any usual prompt
// (docs/spec/prompts.md §2.6).
const BytesPerToken = 8

// Suspicious reports whether a server read so few tokens of a prompt of this length
// that it may have cut the prompt.
func Suspicious(bytes, tokens int) bool {
	return tokens > 0 && tokens < (bytes+BytesPerToken-1)/BytesPerToken
}

// ShortenedError reports that a server cut a prompt, although the request forbade it or
// did not ask for it. It wraps [ErrFatal]: the answers of this server to long prompts
// are unreliable, so the run is invalid.
type ShortenedError struct {
	Bytes  int // length of the prompt that was sent
	Tokens int // number of tokens that the server reported
}

func (e *ShortenedError) Error() string {
	return fmt.Sprintf("the server shortened a prompt: it read %d bytes as %d tokens, and it does not refuse prompts that exceed its context", e.Bytes, e.Tokens)
}

// Unwrap makes the error end the run.
func (e *ShortenedError) Unwrap() error { return ErrFatal }
