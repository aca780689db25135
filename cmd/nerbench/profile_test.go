package main

import (
	"fmt"
	"os"
	"runtime/pprof"

	"nerbench/internal/processor"
)

// profileVariable is the environment variable that makes processes of the program write
// a profile of their processor time into this file.
const profileVariable = "NERBENCH_PROFILE"

// peakVariable is the environment variable that makes processes of the program write their
// largest memory, in bytes, into this file.
const peakVariable = "NERBENCH_TEST_PEAK"

// measured runs the program, with its profile and its largest memory if they are demanded.
func measured(program func() int) int {
	code := profiled(program)
	if path := os.Getenv(peakVariable); path != "" {
		if err := os.WriteFile(path, fmt.Append(nil, processor.PeakMemory()), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// profiled runs the program, with a profile if one is demanded.
func profiled(program func() int) int {
	path := os.Getenv(profileVariable)
	if path == "" {
		return program()
	}
	f, err := os.Create(path)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := program()
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
