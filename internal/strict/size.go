package strict

import (
	"bytes"
	"fmt"
)

// The limits of a file. The decoder calls itself for each level of nesting, and its time
// grows with the square of the number of keys and of their parts.
const (
	mostBytes = 1 << 20
	mostKeys  = 10_000 // keys and tables
	mostParts = 16     // of a dotted key
	mostDepth = 16     // of arrays and inline tables
)

// checkSize returns an error, with its line, if a text exceeds a limit. It counts marks
// outside strings and comments; whether they are valid TOML is for the decoder.
func checkSize(text []byte) (line int, err error) {
	line = 1
	depth, dots, keys := 0, 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\n':
			line++
			dots = 0
			if depth == 0 && bytes.HasPrefix(bytes.TrimLeft(text[i+1:min(i+100, len(text))], " \t"), []byte("[")) {
				keys++ // a table
			}
		case '#':
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case '"', '\'':
			end := endOfString(text, i)
			for ; i < end; i++ {
				if text[i] == '\n' {
					line++
				}
			}
		case '[', '{':
			depth++
			dots = 0
		case ']', '}':
			depth = max(depth-1, 0)
			dots = 0
		case ',':
			dots = 0
		case '=':
			dots = 0
			keys++
		case '.':
			dots++
		}
		switch {
		case depth > mostDepth:
			return line, fmt.Errorf("arrays or tables nested more than %d levels deep", mostDepth)
		case dots >= mostParts:
			return line, fmt.Errorf("a key of more than %d parts", mostParts)
		case keys > mostKeys:
			return line, fmt.Errorf("more than %d keys", mostKeys)
		}
	}
	return 0, nil
}

// endOfString is the position of the last byte of the string that begins at a position.
// Only a string in three quotes has several lines.
func endOfString(text []byte, start int) int {
	quote := text[start]
	long := start+2 < len(text) && text[start+1] == quote && text[start+2] == quote
	i := start + 1
	if long {
		i = start + 3
	}
	for ; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == '\n' && !long:
			return i - 1
		case text[i] == quote && !long:
			return i
		case text[i] == quote && i+2 < len(text) && text[i+1] == quote && text[i+2] == quote:
			return i + 2
		}
	}
	return len(text) - 1
}
