package exec

import (
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
