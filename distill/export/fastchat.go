package export

import "nerbench/distill"

// fastChat writes the conversations of FastChat, which is the form of the released
// trainer (docs/spec/prompts.md §6.8). The system line is in the script.
func fastChat(j *job) error {
	if err := array(j, (*distill.Conversation).Shared); err != nil {
		return err
	}
	return j.config()
}
