// Package terminal makes text from outside safe for a terminal.
package terminal

import "strconv"

// Printable returns a name as it is, or quoted with escapes if it holds characters
// that could disturb a terminal.
func Printable(name string) string {
	quoted := strconv.QuoteToGraphic(name)
	if name != "" && quoted == `"`+name+`"` {
		return name
	}
	return quoted
}
