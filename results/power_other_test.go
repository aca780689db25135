//go:build !unix

package results

import "errors"

func childPower(string, []string) error { return errors.ErrUnsupported }
