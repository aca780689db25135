package distill

import "fmt"

// sharedTurn is a turn in the form of FastChat and of the released trainer.
type sharedTurn struct {
	From  string `json:"from"` // human, gpt
	Value string `json:"value"`
}

// SharedConversation is a record of the format "conversations" (docs/spec/prompts.md
// §6.8). Its number of turns is even.
type SharedConversation struct {
	ID            string       `json:"id"`
	Conversations []sharedTurn `json:"conversations"`
}

// Shared returns the record of a conversation. The system line is not in it.
func (c *Conversation) Shared() SharedConversation {
	s := SharedConversation{ID: c.ID}
	for _, t := range c.turns() {
		from := "gpt"
		if t.human {
			from = "human"
		}
		s.Conversations = append(s.Conversations, sharedTurn{from, t.text})
	}
	return s
}

// Message is a message in the form of OpenAI.
type Message struct {
	Role    string `json:"role"` // system, user, assistant
	Content string `json:"content"`
}

// Chat is a record of the format "messages" (docs/spec/prompts.md §6.8).
type Chat struct {
	Messages []Message `json:"messages"`
}

// Chat returns the record of a conversation, which begins with the system line of the
// prompts, so that training and inference agree.
func (c *Conversation) Chat() Chat {
	chat := Chat{Messages: []Message{{"system", c.System()}}}
	for _, t := range c.turns() {
		role := "assistant"
		if t.human {
			role = "user"
		}
		chat.Messages = append(chat.Messages, Message{role, t.text})
	}
	return chat
}

// Alpaca is a record of the format "alpaca", one for each question (docs/spec/prompts.md
// §6.8).
type Alpaca struct {
	Instruction string `json:"instruction"`
	Input       string `json:"input"`
	Output      string `json:"output"`
}

// Alpaca returns the records of a conversation.
func (c *Conversation) Alpaca() []Alpaca {
	input := c.turns()[0].text
	var records []Alpaca
	for _, q := range c.Questions {
		records = append(records, Alpaca{fmt.Sprintf(asking, q.Type), input, asciiList(q.Answers)})
	}
	return records
}
