package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nerbench/results"
	"nerbench/runners"
)

// openStore opens the store for reading and writing. Only results.Create makes one
// where there is none.
func (env *environment) openStore(ctx context.Context, mode results.Mode) (*results.Store, error) {
	if err := env.checkStore(); err != nil {
		return nil, err
	}
	s, err := results.Open(ctx, env.store, mode)
	return s, adviseStore(err)
}

// lateStore is a store that is made when the first run begins: a command that
// finds neither data nor model leaves no file behind.
type lateStore struct {
	env   *environment
	store *results.Store // nil if there is none yet
}

// openLateStore opens the store if there is one: one that must be left alone is an
// error before anything is asked.
func (env *environment) openLateStore(ctx context.Context) (*lateStore, error) {
	s, err := env.openStore(ctx, results.Existing)
	if !errors.Is(err, fs.ErrNotExist) {
		return &lateStore{env, s}, err
	}
	folder := filepath.Dir(env.store)
	if _, err := os.Stat(folder); err != nil {
		return nil, fmt.Errorf("store: %s: its folder: %w", env.store, errors.Unwrap(err))
	}
	return &lateStore{env: env}, nil
}

// open returns the store, and makes it if there is none yet.
func (l *lateStore) open(ctx context.Context) (*results.Store, error) {
	if l.store != nil {
		return l.store, nil
	}
	var err error
	l.store, err = l.env.openStore(ctx, results.Create)
	return l.store, err
}

func (l *lateStore) Close() error {
	if l.store == nil {
		return nil
	}
	return l.store.Close()
}

// openStoreReadOnly opens a store that must be there, and never changes it.
func (env *environment) openStoreReadOnly(ctx context.Context) (*results.Store, error) {
	if err := env.checkStore(); err != nil {
		return nil, err
	}
	s, err := results.OpenReadOnly(ctx, env.store)
	return s, adviseStore(err)
}

// checkStore refuses the address of a server, which would else become the name
// of a file.
func (env *environment) checkStore() error {
	if strings.Contains(env.store, "://") {
		return usagef("--store: %s: only files are supported", env.store)
	}
	return nil
}

// adviseStore adds the way to get a store where there is none.
func adviseStore(err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &runners.Hint{Err: err, Advice: "run something first (nerbench run, nerbench quickstart), or name another store with --store"}
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
