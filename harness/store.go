package harness

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"nerbench/internal/fault"
	"nerbench/internal/httpclient"
	"nerbench/ner"
	"nerbench/results"
)

// OpenStore opens the store for reading and writing, and upgrades an older
// schema. The store must exist.
func (b *Bench) OpenStore(ctx context.Context) (*results.Store, error) {
	return b.openStore(ctx, results.Existing)
}

func (b *Bench) openStore(ctx context.Context, mode results.Mode) (*results.Store, error) {
	if err := b.checkStore(); err != nil {
		return nil, err
	}
	s, err := results.Open(ctx, b.Store, mode)
	return s, adviseStore(err)
}

// ReadStore opens the store for reading. The store must exist, and is not changed.
func (b *Bench) ReadStore(ctx context.Context) (*results.Store, error) {
	if err := b.checkStore(); err != nil {
		return nil, err
	}
	s, err := results.OpenReadOnly(ctx, b.Store)
	return s, adviseStore(err)
}

// BackupStore copies the store to a new file, also while other processes write to it.
func (b *Bench) BackupStore(ctx context.Context, path string) error {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return err
	}
	return errors.Join(store.Backup(ctx, path), store.Close())
}

// RecoverStore takes over what is whole in the store into a new one, and reports what
// was damaged ([results.Store.Recover]).
func (b *Bench) RecoverStore(ctx context.Context, path string) (results.Health, error) {
	store, err := b.ReadStore(ctx)
	if errors.Is(err, results.ErrDamaged) {
		return results.Health{}, &fault.Hint{Err: err, Advice: "nothing can be read: use a copy (runs export --what store), or try sqlite3 FILE .recover"}
	} else if err != nil {
		return results.Health{}, err
	}
	health, err := store.Recover(ctx, path)
	return health, errors.Join(err, store.Close())
}

// lateStore is a store that is created when the first run begins, so that a command
// without data or model creates no file.
type lateStore struct {
	bench *Bench
	store *results.Store // nil until it is opened
}

// openLateStore opens the store if it exists, and else checks that it can be created: an
// unusable store must be an error before a model is loaded or trained.
func (b *Bench) openLateStore(ctx context.Context) (*lateStore, error) {
	s, err := b.openStore(ctx, results.Existing)
	if !errors.Is(err, fs.ErrNotExist) {
		return &lateStore{b, s}, err
	}
	return &lateStore{bench: b}, results.Creatable(b.Store)
}

// open returns the store, and creates it if need be.
func (l *lateStore) open(ctx context.Context) (*results.Store, error) {
	if l.store != nil {
		return l.store, nil
	}
	var err error
	l.store, err = l.bench.openStore(ctx, results.Create)
	return l.store, err
}

func (l *lateStore) close() error {
	if l.store == nil {
		return nil
	}
	return l.store.Close()
}

// checkStore rejects the address of a server, which would otherwise be the name of a
// file.
func (b *Bench) checkStore() error {
	if strings.Contains(b.Store, "://") {
		return fault.Usagef("--store: %s: only files are supported", httpclient.Redact(b.Store))
	}
	return nil
}

// adviseStore adds advice to the error about a missing store.
func adviseStore(err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &fault.Hint{Err: err, Advice: "run something first (nerbench run, nerbench quickstart), or name another store with --store"}
}

// StoreAdvice returns advice for the user about an error of a store; empty for other
// errors.
func StoreAdvice(err error) string {
	if errors.As(err, new(*results.AskedError)) {
		return "wait until that process ends, or stop it; then run the same command again (parts of a run at once, as with run --shard: each in a store of its own, then merge)"
	}
	for _, a := range []struct {
		reason error
		advice string
	}{
		{results.ErrNoRun, "nerbench runs list shows the runs of the store"},
		{results.ErrAmbiguous, "give more characters of the id; nerbench runs list shows the model and the dataset of each run"},
		{results.ErrFolder, "name a file, such as results.db in that folder"},
		{results.ErrNotFile, "name a file"},
		{results.ErrNoFolder, "make the folder first, or name a file in another one"},
		{results.ErrNewer, "install the newer nerbench; the store was not touched"},
		{results.ErrOlder, "nerbench score --all upgrades it (--store FILE)"},
		{results.ErrNotStore, "the file was not touched; name a store, such as results.db"},
		{results.ErrFileSystem, "put the store on a local disk (--store), and merge (nerbench merge): docs/scale.md"},
		{results.ErrInUse, "wait until that process ends; if there is none, nerbench runs list --store FILE recovers its log"},
		{results.ErrLocked, "wait for the other nerbench to finish, or stop it"},
		{results.ErrFull, "free disk space and run the same command again to resume"},
		{results.ErrReadOnly, "change the permissions, or name another store with --store"},
		{results.ErrDamaged, "nerbench doctor --only store lists the damage; nerbench store recover --into FILE copies the readable part"},
	} {
		if errors.Is(err, a.reason) {
			return a.advice
		}
	}
	return ""
}

// SelectRuns returns the runs of a store whose keys have one of the values, for
// every key named; oldest first. A model in a file can be named as for a run.
func SelectRuns(ctx context.Context, store *results.Store, where map[string][]string) ([]results.RunInfo, error) {
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return nil, err
	}
	where = namedModels(runs, where)
	return slices.DeleteFunc(runs, func(r results.RunInfo) bool { return !fits(r.Keys, where) }), nil
}

func fits(keys map[string]string, where map[string][]string) bool {
	shown := results.RunInfo{Keys: keys}.Shown() // values may be copied from a table
	for name, values := range where {
		if !slices.Contains(values, keys[name]) && !slices.Contains(values, shown[name]) && !slices.Contains(values, ner.KeyValue(keys, name)) {
			return false
		}
	}
	return true
}

// ParseWhere parses conditions key=value on runs. Different keys are ANDed, repeated
// keys are ORed. An empty value selects runs without the key. known reports whether a
// key exists.
func ParseWhere(pairs []string, known func(string) bool) (map[string][]string, error) {
	where := map[string][]string{}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fault.Usagef("%s: want key=value", pair)
		}
		if !known(key) {
			return nil, fault.Usagef("%s: %v", pair, ner.UnknownKey(key, ner.KeyNames()))
		}
		where[key] = append(where[key], value)
	}
	return where, nil
}
