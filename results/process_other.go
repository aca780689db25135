//go:build !unix

package results

// processExists cannot tell on this system: only the time of the last update of a claim
// counts.
func processExists(int) bool { return true }
