package ner

import (
	"encoding/json"
	"regexp"
	"strings"
)

var pairStart = regexp.MustCompile(`^[a-z_]+=`)

// SplitPairs splits lists KEY=VALUE[,KEY=VALUE] into pairs. A comma belongs to the value
// if no key follows it, and within brackets: stop=["a","b"].
func SplitPairs(values []string) []string {
	var pairs []string
	for _, v := range values {
		parts := strings.Split(v, ",")
		pair := parts[0]
		for _, part := range parts[1:] {
			_, value, _ := strings.Cut(pair, "=")
			open := strings.Count(value, "[") > strings.Count(value, "]") && !json.Valid([]byte(value)) // stop=["["] is closed
			if open || !pairStart.MatchString(part) {
				pair += "," + part
				continue
			}
			pairs, pair = append(pairs, pair), part
		}
		pairs = append(pairs, pair)
	}
	return pairs
}
