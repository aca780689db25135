package main

import (
	"fmt"
	"os"
	"runtime/pprof"
)

// profileVariable is the environment variable that makes processes of the program write
// a profile of their processor time into this file.
const profileVariable = "NERBENCH_PROFILE"

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
