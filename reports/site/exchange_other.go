//go:build !linux

package site

import "errors"

// exchange swaps two folders in one step, which this system cannot.
func exchange(a, b string) error { return errors.ErrUnsupported }
