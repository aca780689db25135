package exec

import (
	"regexp"
	"strings"

	"nerbench/internal/httpclient"
)

// shortestSecret is the length of the shortest value of a variable that is hidden.
const shortestSecret = 8

// secretsOf are the values of those variables of an environment whose names are those of
// keys, tokens, secrets and passwords.
func secretsOf(environment []string) httpclient.Secrets {
	var secrets httpclient.Secrets
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		upper := strings.ToUpper(name)
		for _, ending := range []string{"KEY", "TOKEN", "SECRET", "PASSWORD"} {
			if strings.HasSuffix(upper, ending) && len(value) >= shortestSecret {
				secrets = append(secrets, value)
				break
			}
		}
	}
	return secrets
}

// secretFlag are flags whose value is not shown, and identifies nothing.
var secretFlag = regexp.MustCompile(`(?i)(key|token|secret|password)$`)

// secretPart returns the part of a word of a command that is a secret; empty: there is
// none. before is the word before it.
func secretPart(before, word string) string {
	if strings.HasPrefix(before, "-") && !strings.Contains(before, "=") && secretFlag.MatchString(before) {
		return word
	}
	if name, value, found := strings.Cut(word, "="); found && strings.HasPrefix(word, "-") && secretFlag.MatchString(name) {
		return value
	}
	return ""
}

// secretsIn are the secrets of a command.
func secretsIn(command []string) httpclient.Secrets {
	var secrets httpclient.Secrets
	for i := 1; i < len(command); i++ {
		if s := secretPart(command[i-1], command[i]); len(s) >= shortestSecret {
			secrets = append(secrets, s)
		}
	}
	return secrets
}
