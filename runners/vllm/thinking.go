package vllm

import (
	"encoding/json"
	"fmt"
	"regexp"

	"nerbench/internal/fault"
)

// DefaultSwitch is the variable of a chat template that turns thinking on, unless the
// user names another.
const DefaultSwitch = "enable_thinking"

var switchName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// templateVariables are the variables of the chat template for a switch: a name, or a
// JSON object that is sent as it is.
func templateVariables(thinkSwitch string, think bool) (json.RawMessage, error) {
	var object map[string]json.RawMessage
	switch {
	case thinkSwitch == "":
		thinkSwitch = DefaultSwitch
	case switchName.MatchString(thinkSwitch):
	case json.Unmarshal([]byte(thinkSwitch), &object) == nil && object != nil:
		return json.RawMessage(thinkSwitch), nil
	default:
		return nil, fault.Usagef(`think_switch %q: want the name of a variable, such as %s, or a JSON object`, thinkSwitch, DefaultSwitch)
	}
	return json.RawMessage(fmt.Sprintf(`{%q:%t}`, thinkSwitch, think)), nil
}

// ThinkSent is the setting of thinking that the servers get: off, on, or a level; empty
// if they get none. Completion prompts have no template, so that the model does not
// think before its answer: for them it is always off.
func (r *Runner) ThinkSent(chat bool) string {
	d := r.config.Decoding
	switch {
	case !chat:
		return "off"
	case d.Level != "" && !r.abilities.refuses(reasoningEffort):
		return d.Level
	case r.abilities.refuses(templateKwargs):
		return ""
	case d.Think:
		return "on"
	}
	return "off"
}

// thinking adds the members about thinking to a request of the chat shape.
func (r *Runner) thinking(f fields) {
	f[templateKwargs] = r.variables
	if r.config.Decoding.Level != "" {
		f[reasoningEffort] = r.config.Decoding.Level
	}
}

// unsent are the sampling parameters that identify a run but are not sent, by the names
// of the keys.
func (a Abilities) unsent() []string {
	var names []string
	for _, p := range []struct{ member, key string }{{"temperature", "temperature"}, {"seed", "sampling_seed"}} {
		if a.refuses(p.member) {
			names = append(names, p.key)
		}
	}
	return names
}

// Unsent are the keys of a run that the servers do not get, because they refuse them.
func (r *Runner) Unsent() []string { return r.abilities.unsent() }
