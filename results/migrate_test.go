package results

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// real is the number of migrations of the actual schema.
const real = 9

// versions returns the settings of a program with the actual schema and n-1 further
// migrations.
func versions(t *testing.T, n int) config {
	t.Helper()
	c := defaults()
	files := fstest.MapFS{}
	names, err := fs.Glob(c.migrations, "*.sql")
	must(t, err)
	if len(names) != real {
		t.Fatalf("%d migrations, want %d", len(names), real)
	}
	for _, name := range names {
		text, err := fs.ReadFile(c.migrations, name)
		must(t, err)
		files[name] = &fstest.MapFile{Data: text}
	}
	more := []struct{ name, text string }{
		{"notes", "CREATE TABLE notes (note TEXT NOT NULL) STRICT; INSERT INTO notes VALUES ('two')"},
		{"more", "ALTER TABLE notes ADD COLUMN three INTEGER NOT NULL DEFAULT 3"},
	}
	for i, m := range more[:n-1] {
		files[migration(i+2, m.name)] = &fstest.MapFile{Data: []byte(m.text)}
	}
	c.migrations = files
	return c
}

// migration is the name of the migration to version n.
func migration(n int, name string) string { return fmt.Sprintf("%04d_%s.sql", real+n-1, name) }

func TestMigrations(t *testing.T) {
	for old := 1; old <= 3; old++ {
		path := filepath.Join(t.TempDir(), "results.db")
		s, err := open(t.Context(), path, Create, versions(t, old))
		must(t, err)
		must(t, s.Begin(t.Context(), testRun("m"), 2))
		must(t, s.Record(t.Context(), testRun("m").ID(), testPassages("q", 2), nil))
		must(t, s.Close())

		before := folder(t, filepath.Dir(path))
		s, err = openReadOnly(t.Context(), path, versions(t, 3))
		if old < 3 {
			if !errors.Is(err, ErrOlder) || !strings.Contains(err.Error(), "schema") {
				t.Errorf("schema %d read-only: %v, want ErrOlder", old, err)
			}
		} else {
			must(t, err)
			must(t, s.Close())
		}
		if after := folder(t, filepath.Dir(path)); !maps.Equal(after, before) {
			t.Errorf("schema %d: reading changed %v to %v", old, before, after)
		}

		s, err = open(t.Context(), path, Create, versions(t, 3))
		must(t, err)
		if got := collect(t, s, testRun("m").ID()); len(got) != 2 {
			t.Errorf("schema %d: %d passages after the upgrade, want 2", old, len(got))
		}
		var note string
		var three, version int
		must(t, s.read.QueryRow("SELECT note, three, user_version FROM notes, pragma_user_version").Scan(&note, &three, &version))
		if note != "two" || three != 3 || version != real+2 {
			t.Errorf("schema %d upgraded: note %q, three %d, version %d", old, note, three, version)
		}
		must(t, s.Close())
		s, err = openReadOnly(t.Context(), path, versions(t, 3))
		must(t, err)
		must(t, s.Close())
		sound(t, path)
	}
}

func TestFailedMigrationChangesNothing(t *testing.T) {
	path := filled(t, 2)
	broken := versions(t, 2)
	broken.migrations.(fstest.MapFS)[migration(3, "broken")] = &fstest.MapFile{Data: []byte("DROP TABLE notes; DROP TABLE nothing")}
	_, err := open(t.Context(), path, Create, broken)
	if err == nil || !strings.Contains(err.Error(), "migration "+migration(3, "broken")+": ") {
		t.Fatalf("error %v", err)
	}
	s, err := open(t.Context(), path, Create, versions(t, 1)) // not newer: still the actual schema
	must(t, err)
	must(t, s.Close())
	sound(t, path)
}

func TestMigrationsHaveNoGap(t *testing.T) {
	c := versions(t, 3)
	delete(c.migrations.(fstest.MapFS), migration(2, "notes"))
	if _, err := open(t.Context(), filepath.Join(t.TempDir(), "results.db"), Create, c); err == nil || !strings.Contains(err.Error(), migration(3, "more")+": expected number "+migration(2, "")[:5]) {
		t.Errorf("error %v", err)
	}
	if _, err := numbered(defaults().migrations); err != nil {
		t.Error(err)
	}
}

func TestNewerStoreIsUnchanged(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T) string{
		"closed": func(t *testing.T) string {
			path := filled(t, 2)
			execRaw(t, path, "PRAGMA user_version = 99")
			return path
		},
		"version only in the log": func(t *testing.T) string {
			path := filled(t, 2)
			db := raw(t, path) // stays open, so that the log stays
			_, err := db.Exec("PRAGMA user_version = 99")
			must(t, err)
			return path
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := prepare(t)
			before := folder(t, filepath.Dir(path))
			for _, open := range []func(context.Context, string) (*Store, error){openExisting, OpenReadOnly} {
				_, err := open(t.Context(), path)
				if !errors.Is(err, ErrNewer) || !strings.HasSuffix(err.Error(), fmt.Sprintf("written by a newer nerbench: schema 99, this program has %d", real)) {
					t.Errorf("error %v, want ErrNewer", err)
				}
			}
			after := folder(t, filepath.Dir(path))
			delete(before, "results.db-shm") // it contains the positions of readers
			delete(after, "results.db-shm")
			if !maps.Equal(after, before) {
				t.Errorf("files changed from %v to %v", before, after)
			}
		})
	}
}

// TestLackingTables checks that a store whose schema number promises a table that it lacks
// gets it at the next writing, with the columns of a new store, and is older until then.
func TestLackingTables(t *testing.T) {
	schema := func(path string) (text string) {
		must(t, raw(t, path).QueryRow("SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name)").Scan(&text))
		return text
	}
	want := schema(filled(t, 2))
	for _, r := range recomputed {
		path := filled(t, 2)
		execRaw(t, path, "DROP TABLE "+r.table)
		_, err := OpenReadOnly(t.Context(), path)
		if !errors.Is(err, ErrOlder) || !strings.Contains(err.Error(), fmt.Sprintf("schema %d, this program has %d", numberOf(r.migration)-1, real)) {
			t.Errorf("without %s: %v, want ErrOlder", r.table, err)
		}
		s, err := openExisting(t.Context(), path)
		must(t, err)
		if got := collect(t, s, testRun("m").ID()); len(got) != 2 {
			t.Errorf("without %s: %d passages after the upgrade, want 2", r.table, len(got))
		}
		must(t, s.Close())
		if got := schema(path); got != want {
			t.Errorf("without %s: the schema is %s, want %s", r.table, got, want)
		}
		s, err = OpenReadOnly(t.Context(), path)
		must(t, err)
		must(t, s.Close())
		sound(t, path)
	}
	// Any other table has rows that cannot be computed again.
	path := filled(t, 2)
	execRaw(t, path, "DROP TABLE facts")
	s, err := openExisting(t.Context(), path)
	if err == nil {
		err = s.AddFacts(t.Context(), testRun("m").ID(), map[string]string{"device": "CPU"}, nil)
		must(t, s.Close())
	}
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "no such table: facts") {
		t.Errorf("without facts: %v, want ErrDamaged", err)
	}
}
