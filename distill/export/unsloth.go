package export

// unsloth writes messages for Unsloth. Its script computes the labels from the chat
// template, because Unsloth's own trainer would train all turns of the assistant.
func unsloth(j *job) error {
	if err := lines(j, plainMessages); err != nil {
		return err
	}
	return j.config()
}
