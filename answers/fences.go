package answers

import "strings"

const ticks = "```"

// fences returns the contents of the Markdown fences of an answer, in order. A fence is
// opened by three backticks and closed by the next three. Behind the opening ones, a
// word on the same line is a language and not content. A fence that is not closed ends
// with the answer. Backticks that close a fence without an opening one are no fence.
func fences(s string) (bodies []string) {
	for {
		i := strings.Index(s, ticks)
		if i < 0 {
			return bodies
		}
		inside := strings.TrimLeft(s[i:], "`")
		n := strings.Index(inside, ticks)
		next := ""
		if n >= 0 {
			next = strings.TrimLeft(inside[n:], "`")
			inside = inside[:n]
		}
		if body := strings.TrimFunc(withoutLanguage(inside), isSpace); body != "" {
			bodies = append(bodies, body)
		}
		if next == "" {
			return bodies
		}
		s = next
	}
}

// withoutLanguage cuts off the name of a language at the beginning of a fence: letters,
// digits, and the signs of such names, if the line has nothing else or a bracket follows.
func withoutLanguage(s string) string {
	rest := strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+#._-")
	behind := strings.TrimLeft(rest, " \t\r")
	if behind == "" || behind[0] == '\n' || behind[0] == '[' || behind[0] == '{' {
		return rest
	}
	return s
}
