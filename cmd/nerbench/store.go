package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"nerbench/internal/fault"
	"nerbench/results"
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
		return fault.Usagef("--store: %s: only files are supported", env.store)
	}
	return nil
}

// adviseStore adds the way to get a store where there is none.
func adviseStore(err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &fault.Hint{Err: err, Advice: "run something first (nerbench run, nerbench quickstart), or name another store with --store"}
}

// storeAdvice is what the user can do about an error of a store; empty if it is
// none of those.
func storeAdvice(err error) string {
	for _, a := range []struct {
		reason error
		advice string
	}{
		{results.ErrNoRun, "nerbench runs list shows the runs of the store"},
		{results.ErrNewer, "install the newer nerbench; the store was not touched"},
		{results.ErrOlder, "nerbench score --all upgrades it"},
		{results.ErrNotStore, "the file was not touched; name another one with --store"},
		{results.ErrLocked, "wait until the other nerbench is done, or stop it"},
		{results.ErrFull, "make room and give the same command again: it continues"},
		{results.ErrReadOnly, "change the permissions, or name another store with --store"},
		{results.ErrDamaged, "keep a copy of the file and of those beside it; sqlite3 FILE .recover may save what is left"},
	} {
		if errors.Is(err, a.reason) {
			return a.advice
		}
	}
	return ""
}
