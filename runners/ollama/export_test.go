package ollama

import "time"

// LookFor shortens the timeout of requests about the server itself.
func (r *Runner) LookFor(patience time.Duration) { r.patience = patience }
