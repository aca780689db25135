package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"nerbench/results"
	"nerbench/runners"
)

// openStore opens the store for reading and writing, and creates it where there
// is none.
func (env *environment) openStore(ctx context.Context) (*results.Store, error) {
	if err := env.checkStore(); err != nil {
		return nil, err
	}
	s, err := results.Open(ctx, env.store)
	return s, adviseStore(err)
}

// openStoreReadOnly opens a store that must be there, and never changes it.
func (env *environment) openStoreReadOnly(ctx context.Context) (*results.Store, error) {
	if err := env.checkStore(); err != nil {
		return nil, err
	}
	s, err := results.OpenReadOnly(ctx, env.store)
	return s, adviseStore(err)
}

// needStore is the error of a store that is not there, for commands that write
// but make no store.
func (env *environment) needStore() error {
	if err := env.checkStore(); err != nil {
		return err
	}
	if _, err := os.Stat(env.store); errors.Is(err, fs.ErrNotExist) {
		return adviseStore(fmt.Errorf("store: %s: %w", env.store, errors.Unwrap(err)))
	}
	return nil // whatever else is wrong, opening it will tell
}

// checkStore refuses the address of a server, which would else become the name
// of a file.
func (env *environment) checkStore() error {
	if strings.Contains(env.store, "://") {
		return usagef("--store: %s: only files are supported", env.store)
	}
	return nil
}

// adviseStore adds what the user can do about a store that does not open.
func adviseStore(err error) error {
	var advice string
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		advice = "run something first (nerbench run, nerbench quickstart), or name another store with --store"
	case errors.Is(err, results.ErrNewer):
		advice = "install the newer nerbench; the store was not touched"
	case errors.Is(err, results.ErrOlder):
		advice = "nerbench score --all upgrades it"
	case errors.Is(err, results.ErrNotStore):
		advice = "the file was not touched; name another one with --store"
	case errors.Is(err, results.ErrLocked):
		advice = "wait until the other nerbench is done, or stop it"
	case errors.Is(err, results.ErrDamaged):
		advice = "keep a copy; sqlite3 FILE .recover may save what is left"
	default:
		return err
	}
	return &runners.Hint{Err: err, Advice: advice}
}
