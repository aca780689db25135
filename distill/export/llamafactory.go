package export

import "nerbench/distill"

// llamaTurn is a turn in ShareGPT's form.
type llamaTurn struct {
	From  string `json:"from"` // human, gpt
	Value string `json:"value"`
}

// llamaRecord is a conversation for LLaMA-Factory.
type llamaRecord struct {
	ID            string      `json:"id"`
	Conversations []llamaTurn `json:"conversations"`
}

// llamaFactory writes conversations for LLaMA-Factory. It trains each turn of the
// assistant, and encodes each turn by itself. So the turn after the passage is part of the
// first turn of the user, and all turns have the text of the prompt, with its blanks and
// ends. Thus the tokens before each answer are those of the prompts. The template of the
// script adds BOS and nothing else.
func llamaFactory(j *job) error {
	err := array(j, func(c *distill.Conversation) llamaRecord {
		r := llamaRecord{ID: c.ID}
		chat := c.Chat().Messages
		before := chat[0].Content + " USER: " + chat[1].Content + " ASSISTANT: " + chat[2].Content + end
		for i := 3; i+1 < len(chat); i += 2 {
			r.Conversations = append(r.Conversations,
				llamaTurn{"human", before + "USER: " + chat[i].Content + " ASSISTANT:"}, llamaTurn{"gpt", " " + chat[i+1].Content + end})
			before = ""
		}
		return r
	})
	if err != nil {
		return err
	}
	return j.config()
}
