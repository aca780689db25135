package export

import (
	"strings"

	"nerbench/distill"
)

// read is the turn of the student after the passage. It is no answer, and not trained.
const read = "I've read this text."

// end ends each turn of the student, in prompts and in training data.
const end = "</s>"

// ChatTemplate is the chat template for training (Jinja). Its text is that of the prompts
// of family uniner, variant repo, with the answers (docs/spec/prompts.md §4.1). Answers and
// their end are between generation marks, so that they alone are trained. The blank before
// an answer is outside: tokenizers join it with the bracket, and some count it to no token,
// so that transformers would not find where the marks begin.
//
// There is no line break at the end: some programs would write it.
const ChatTemplate = `{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] }} ` +
	`{% elif m['role'] == 'user' %}USER: {{ m['content'] }} ASSISTANT:` +
	`{% elif m['content'] == "` + read + `" %} {{ m['content'] }}` + end +
	`{% else %} {% generation %}{{ m['content'] }}` + end + `{% endgeneration %}{% endif %}{% endfor %}`

// plainTemplate is [ChatTemplate] without marks, for programs that mask by turn.
func plainTemplate() string {
	return strings.NewReplacer("{% generation %}", "", "{% endgeneration %}", "").Replace(ChatTemplate)
}

// messages is a record of messages, with the id of the passage.
type messages[M any] struct {
	ID       string `json:"id"`
	Messages []M    `json:"messages"`
}

// messagesOf makes a record of messages. trained is set for answers.
func messagesOf[M any](c *distill.Conversation, message func(m distill.Message, trained bool) M) messages[M] {
	r := messages[M]{ID: c.ID}
	for i, m := range c.Chat().Messages {
		// The system line, the passage and the turn after it come before the questions.
		r.Messages = append(r.Messages, message(m, m.Role == "assistant" && i > 2))
	}
	return r
}

// plainMessages is a record without marks for trained turns.
func plainMessages(c *distill.Conversation) messages[distill.Message] {
	return messagesOf(c, func(m distill.Message, _ bool) distill.Message { return m })
}
