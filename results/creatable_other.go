//go:build !linux && !darwin

package results

// mayCreate is not known without creating a file.
func mayCreate(string) bool { return true }
