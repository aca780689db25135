package export

import "nerbench/distill"

// openAIMessage is a message of OpenAI's fine-tuning. Weight is 0 for a turn of the
// assistant that is not trained; other roles have none.
type openAIMessage struct {
	distill.Message
	Weight *int `json:"weight,omitempty"`
}

// openAIChat is a record of OpenAI's fine-tuning, which has no id.
type openAIChat struct {
	Messages []openAIMessage `json:"messages"`
}

// openAI writes messages for the fine-tuning of OpenAI and of compatible services.
func openAI(j *job) error {
	err := lines(j, func(c *distill.Conversation) openAIChat {
		return openAIChat{messagesOf(c, func(m distill.Message, trained bool) openAIMessage {
			if m.Role != "assistant" || trained {
				return openAIMessage{m, nil}
			}
			return openAIMessage{m, new(int)}
		}).Messages}
	})
	if err != nil {
		return err
	}
	return j.config()
}
