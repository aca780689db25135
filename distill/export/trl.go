package export

// trl writes messages for TRL. Its chat template marks what is trained.
func trl(j *job) error {
	if err := lines(j, plainMessages); err != nil {
		return err
	}
	return j.config()
}
