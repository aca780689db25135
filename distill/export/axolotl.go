package export

import "nerbench/distill"

// axolotlMessage is a message of Axolotl's chat_template strategy.
type axolotlMessage struct {
	distill.Message
	Train bool `json:"train"` // message_field_training
}

// axolotl writes messages for Axolotl, which masks turn by turn.
func axolotl(j *job) error {
	err := lines(j, func(c *distill.Conversation) messages[axolotlMessage] {
		return messagesOf(c, func(m distill.Message, trained bool) axolotlMessage { return axolotlMessage{m, trained} })
	})
	if err != nil {
		return err
	}
	return j.config()
}
