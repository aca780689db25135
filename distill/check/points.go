package check

import (
	"fmt"

	"nerbench/runners"
)

// points adds the points of all that was compared.
func (c *comparison) points() {
	for _, p := range []Point{c.textPoint(), c.tokensPoint(), c.bosPoint(), c.endPoint(), c.trainedPoint(), c.contextPoint(), c.student.PreTokenizer} {
		if p.Name != "" {
			c.result.Points = append(c.result.Points, p)
		}
	}
	c.result.OK = true
	for _, p := range c.result.Points {
		c.result.OK = c.result.OK && p.State != Failed
	}
}

const noTemplate = "the student has no chat template; a run needs none"

func (c *comparison) textPoint() Point {
	switch {
	case c.text != nil:
		return Point{Name: "text", State: Failed, Note: "the chat template of the student renders another text than the prompts", Difference: c.text}
	case c.student.Prompt == nil:
		return Point{Name: "text", State: Unknown, Note: noTemplate}
	}
	return Point{Name: "text", State: OK, Note: fmt.Sprintf("equal to %d prompts of family uniner, byte by byte", c.result.Prompts)}
}

func (c *comparison) tokensPoint() Point {
	switch {
	case c.tokens != nil:
		return Point{Name: "tokens", State: Failed, Note: "the chat template of the student leads to other tokens than the prompts", Difference: c.tokens}
	case !c.counted:
		return Point{Name: "tokens", State: Unknown, Note: "no tokenizer available"}
	case c.blank != "":
		return Point{Name: "tokens", State: Failed, Note: fmt.Sprintf("conversation %s: the blank before an answer is a separate token, which is not trained", c.blank)}
	}
	return Point{Name: "tokens", State: OK, Note: "equal to those of the prompts"}
}

// bosPoint: the token that begins a text is in the training data as often as in prompts,
// and at most once.
func (c *comparison) bosPoint() Point {
	p := Point{Name: "bos", State: Failed}
	bos := c.student.BOS
	if !c.counted {
		switch adds := c.student.AddsBOS; {
		case adds == nil:
			p.State, p.Note = Unknown, "no tokenizer available"
		case !*adds && bos != "":
			p.Note = lostBOS(bos)
		case !*adds:
			p.State, p.Note = OK, "the model has none"
		default:
			p.State, p.Note = OK, "added to prompts by the server"
		}
		return p
	}
	switch {
	case c.before == 1 && c.after == 0:
		p.Note = lostBOS(bos)
	case c.before == 0 && c.after == 1:
		p.Note = fmt.Sprintf("a run adds %s to each prompt, and the chat template writes none: the student was trained without it", bos)
	case c.before > 1 || c.after > 1:
		p.Note = fmt.Sprintf("%s occurs %d times in training, and %d times in prompts", bos, c.before, c.after)
	case c.before == 0:
		p.State, p.Note = OK, "none, in training and in prompts"
	default:
		p.State, p.Note = OK, fmt.Sprintf("%s, once", bos)
	}
	return p
}

func lostBOS(bos string) string {
	return fmt.Sprintf("prompts do not begin with %s, and the training data does: add_bos_token was lost in a conversion", bos)
}

func (c *comparison) endPoint() Point {
	const end = runners.EndOfSequence
	switch {
	case c.student.Tokens == nil:
		return Point{Name: "end", State: Unknown, Note: "no tokenizer available"}
	case c.endTokens != 1:
		return Point{Name: "end", State: Failed, Note: fmt.Sprintf("%s is %d tokens: the student cannot end an answer by one", end, c.endTokens)}
	}
	return Point{Name: "end", State: OK, Note: end + " is one token"}
}

func (c *comparison) trainedPoint() Point {
	switch {
	case c.untrained != "":
		return Point{Name: "trained", State: Failed, Note: fmt.Sprintf("conversation %s: the marks of the chat template leave out an answer or its %s", c.untrained, runners.EndOfSequence)}
	case c.student.Prompt == nil:
		return Point{Name: "trained", State: Unknown, Note: noTemplate}
	case c.marked:
		return Point{Name: "trained", State: OK, Note: "answers and their " + runners.EndOfSequence}
	}
	return Point{Name: "trained", State: Unknown, Note: "the chat template has no generation marks: the trainer decides what is trained"}
}

func (c *comparison) contextPoint() Point {
	switch most := c.student.Context; {
	case most == 0:
		return Point{Name: "context", State: Unknown, Note: "the student's context is unknown"}
	case c.longest == 0:
		return Point{Name: "context", State: Unknown, Note: fmt.Sprintf("%d tokens, and no tokenizer available", most)}
	case c.longest > most:
		return Point{Name: "context", State: Failed, Note: fmt.Sprintf("a conversation has %d tokens, and the context is %d: its late questions were cut", c.longest, most)}
	default:
		return Point{Name: "context", State: OK, Note: fmt.Sprintf("the longest conversation has %d of %d tokens", c.longest, most)}
	}
}
