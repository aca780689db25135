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

// Flags and variables whose value is not shown, and identifies nothing: by their names, and
// with their values in the script of a shell.
var (
	secretFlag     = regexp.MustCompile(`(?i)^-.*(key|token|secret|password)$`)
	secretVariable = regexp.MustCompile(`^[A-Z0-9_]*(KEY|TOKEN|SECRET|PASSWORD)$`)
	secretInScript = regexp.MustCompile(`((?:^|[\s;&|("'])(?:[A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASSWORD)=|-[\w.-]*(?i:key|token|secret|password)(?:=|\s+)))` +
		`("[^"]*"|'[^']*'|[^\s;&|)"']+)`)
	scriptFlag = regexp.MustCompile(`^-[a-z]*c$`) // sh -c, bash -lc
)

// withoutSecrets is a word of a command with *** in place of its secrets, which are
// returned, too. before is the word before it.
func withoutSecrets(before, word string) (hidden string, secrets []string) {
	name, value, assigned := strings.Cut(word, "=")
	switch {
	case word == "":
	case secretFlag.MatchString(before) && !strings.Contains(before, "="):
		return "***", []string{word}
	case scriptFlag.MatchString(before):
		for _, m := range secretInScript.FindAllStringSubmatch(word, -1) {
			secrets = append(secrets, strings.Trim(m[2], `"'`))
		}
		return secretInScript.ReplaceAllString(word, "${1}***"), secrets
	case assigned && value != "" && (secretFlag.MatchString(name) || secretVariable.MatchString(name)):
		return name + "=***", []string{value}
	}
	return word, nil
}

// secretsIn are the secrets of a command.
func secretsIn(command []string) (all httpclient.Secrets) {
	for i := 1; i < len(command); i++ {
		_, secrets := withoutSecrets(command[i-1], command[i])
		for _, s := range secrets {
			if len(s) >= shortestSecret {
				all = append(all, s)
			}
		}
	}
	return all
}
