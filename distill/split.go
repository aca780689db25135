package distill

// render writes a turn as the released inference code does, for counting
// (docs/spec/prompts.md §6.5).
func render(t turn) string {
	if t.human {
		return "USER: " + t.text + " "
	}
	return "ASSISTANT: " + t.text + "</s>"
}

// Rendered is the whole text of a conversation, as it is trained, without the token that
// begins a text. Its beginning, up to a question, is the prompt of that question.
func (c *Conversation) Rendered() string {
	text := c.System() + " "
	for _, t := range c.turns() {
		text += render(t)
	}
	return text
}

// Split cuts a conversation of more than most tokens into several, each with the turn of
// the passage, so that no trainer cuts off late questions. left is the number of
// questions that do not fit beside the passage; if it is all of them, there are no parts.
func (c *Conversation) Split(most int, count Counter) (parts []Conversation, left int, err error) {
	turns := c.turns()
	begin, err := count(c.System() + " " + render(turns[0]) + render(turns[1]))
	if err != nil {
		return nil, 0, err
	}
	part, tokens := c.part(), begin
	for i, q := range c.Questions {
		n, err := count(render(turns[2+2*i]) + render(turns[3+2*i]))
		if err != nil {
			return nil, 0, err
		}
		if begin+n > most {
			left++
			continue
		}
		if tokens+n > most {
			parts = append(parts, part)
			part, tokens = c.part(), begin
		}
		part.Questions = append(part.Questions, q)
		tokens += n
	}
	if len(part.Questions) > 0 {
		parts = append(parts, part)
	}
	return parts, left, nil
}

// part returns the conversation without questions.
func (c *Conversation) part() Conversation {
	p := *c
	p.Questions = nil
	return p
}
