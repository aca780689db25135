package compare

import "fmt"

// Tokens compares how two systems with the same weights split the same prompts.
type Tokens struct {
	Prompts int `json:"prompts"` // prompts whose tokens both report
	Differ  int `json:"differ"`  // those with another number of tokens
	// A and B are the numbers of tokens of the first prompt that differs.
	A int `json:"a"`
	B int `json:"b"`
}

// Add adds a prompt, unless one of the systems does not report its tokens.
func (t *Tokens) Add(a, b int) {
	if a == 0 || b == 0 {
		return
	}
	t.Prompts++
	if a == b {
		return
	}
	if t.Differ++; t.Differ == 1 {
		t.A, t.B = a, b
	}
}

// String describes the difference; empty if there is none.
func (t *Tokens) String() string {
	if t == nil || t.Differ == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d prompts have other token counts (%d against %d), although the weights are the same", t.Differ, t.Prompts, t.A, t.B)
}
