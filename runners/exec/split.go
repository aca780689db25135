package exec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nerbench/internal/fault"
)

// operators are words that mean something to a shell only.
var operators = []string{"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1", "1>&2"}

const shellAdvice = `the command runs without a shell: --command 'sh -c "…"' runs one`

// Split splits a command into words as a shell does, without any expansion: at blanks,
// except in single or double quotes. A backslash before a blank, a quote or a backslash
// makes it part of the word, except in single quotes; before other characters, it stands
// for itself, as in paths of Windows.
func Split(command string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, bare := false, true // bare: nothing of the word was quoted
	quote := byte(0)
	end := func() error {
		if !inWord {
			return nil
		}
		if bare && slices.Contains(operators, word.String()) {
			return &fault.Hint{Err: fault.Usagef("command %q: %s has no meaning without a shell", command, word.String()), Advice: shellAdvice}
		}
		words = append(words, word.String())
		word.Reset()
		inWord, bare = false, true
		return nil
	}
	for i := 0; i < len(command); i++ {
		c := command[i]
		switch {
		case c == 0:
			return nil, fault.Usagef("command %q: it contains a null character", command)
		case c == '\\' && quote != '\'' && i+1 < len(command) && strings.IndexByte(" \t\r\n'\"\\", command[i+1]) >= 0:
			i++
			word.WriteByte(command[i])
			inWord, bare = true, false
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, inWord, bare = c, true, false
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if err := end(); err != nil {
				return nil, err
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fault.Usagef("command %q: the quote %c has no end", command, quote)
	}
	if err := end(); err != nil {
		return nil, err
	}
	if len(words) == 0 || words[0] == "" {
		return nil, &fault.UsageError{Err: errors.New("command: it has no words")}
	}
	if strings.Contains(words[0], "=") && !strings.ContainsAny(words[0], `/\`) {
		name, _, _ := strings.Cut(words[0], "=")
		return nil, &fault.Hint{Err: fault.Usagef("command %q: %s is not a program", command, words[0]), Advice: fmt.Sprintf("to set a variable of the environment: --command 'env %s=… …'", name)}
	}
	return words, nil
}
