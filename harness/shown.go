package harness

import (
	"fmt"
	"strings"
)

// mostShown is the largest length of an answer in texts and pages for people, in bytes.
// The answers of the built-in prompt families are far shorter.
const mostShown = 4000

// ShownAnswer is an answer as texts and pages for people show it: a long one is cut, and
// ends with its length.
func ShownAnswer(text string) string {
	if len(text) <= mostShown {
		return text
	}
	return fmt.Sprintf("%s … (%d bytes)", strings.ToValidUTF8(text[:mostShown], ""), len(text))
}
