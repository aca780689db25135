package repository

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/harness"
)

// cacheFiles are the files of cache/pairs with their content.
func cacheFiles(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"*.txt", "datasets/*.txt"} {
		names, err := filepath.Glob(filepath.Join(dir, "cache/pairs", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			files[filepath.Base(name)] = read(t, name)
		}
	}
	return files
}

// buildWith builds a site with intervals, and returns its numbers.
func buildWith(t testing.TB, b *harness.Bench, dir string) (Built, string) {
	t.Helper()
	r := BuildRequest{Dir: dir, Out: filepath.Join(t.TempDir(), "site")}
	r.Site.Resamples = 1000
	done, err := Build(t.Context(), b, r)
	if err != nil {
		t.Fatal(err)
	}
	return done, read(t, filepath.Join(r.Out, "data", "board.json"))
}

// signed is a line of a file with its checksum.
func signed(line string) string {
	sum := sha256.Sum256([]byte(line))
	return fmt.Sprintf("%s %x\n", line, sum[:4])
}

// TestErrorsInCache: the errors of submissions are counted once. Other answers, and damaged
// lines, are counted again.
func TestErrorsInCache(t *testing.T) {
	b, dir := board(t)
	page := func() string {
		t.Helper()
		out := filepath.Join(t.TempDir(), "site")
		if _, err := Build(t.Context(), b, BuildRequest{Dir: dir, Out: out}); err != nil {
			t.Fatal(err)
		}
		names, err := filepath.Glob(filepath.Join(out, "run", "*.html"))
		if err != nil || len(names) != 2 {
			t.Fatalf("%q, %v", names, err)
		}
		return read(t, names[0]) + read(t, names[1])
	}
	want := page()
	law := filepath.Join(dir, "cache/pairs/datasets/sample-law.txt")
	content := read(t, law)
	_, rest, found := strings.Cut(content, ` errors {"classes":{`)
	before, _, _ := strings.Cut(rest, ",") // "B":0
	name, _, _ := strings.Cut(before, ":")
	lines := strings.SplitAfter(content, "\n")
	at := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, " errors ") })
	if !found || at < 0 || strings.Count(content, " errors ") != 1 {
		t.Fatalf("the cache is %s", content)
	}
	line := lines[at][:strings.LastIndexByte(lines[at], ' ')]
	changed := strings.Replace(line, before, name+":98765", 1)
	for _, tc := range []struct {
		name, line string
		used       bool
	}{
		{"changed", signed(changed), true},
		{"changed without its checksum", strings.Replace(lines[at], before, name+":98765", 1), false},
		{"of other answers", signed(strings.Repeat("ab", 16) + changed[32:]), false},
		{"no JSON", signed(strings.Replace(changed, "{", "[", 1)), false},
		{"missing", "", false},
	} {
		if err := os.WriteFile(law, []byte(strings.Join(slices.Concat(lines[:at], []string{tc.line}, lines[at+1:]), "")), 0o600); err != nil {
			t.Fatal(err)
		}
		got := page()
		if strings.Contains(got, "98,765") != tc.used || !tc.used && got != want {
			t.Errorf("%s: the errors of the cache are used: %v", tc.name, !tc.used)
		}
		if !tc.used && read(t, law) != content {
			t.Errorf("%s: the cache is not as before", tc.name)
		}
	}
}

// TestPairs: a second build computes nothing, a new submission what is about it, and lines
// that are damaged or about other counts are computed again.
func TestPairs(t *testing.T) {
	b, dir := board(t)
	add := func(seed int) {
		t.Helper()
		file := bundle(t, b, seed, key(t, 1), "sample-law", "sample-stem")
		if _, err := Add(t.Context(), AddRequest{Dir: dir, File: file, User: "mira", Key: key(t, 1)}); err != nil {
			t.Fatal(err)
		}
	}
	add(2)
	first, want := buildWith(t, b, dir)
	files := cacheFiles(t, dir)
	if first.Computed == 0 || first.Cached != 0 || !slices.Equal(slices.Sorted(maps.Keys(files)), []string{"means.txt", "sample-law.txt", "sample-stem.txt"}) {
		t.Fatalf("first build: %+v, files %q", first, slices.Sorted(maps.Keys(files)))
	}
	again := func(name string, computed int) {
		t.Helper()
		done, got := buildWith(t, b, dir)
		if done.Computed != computed || done.Cached != first.Computed-computed {
			t.Errorf("%s: %d computed, %d from the cache, want %d of %d computed", name, done.Computed, done.Cached, computed, first.Computed)
		}
		if got != want {
			t.Errorf("%s: the numbers differ", name)
		}
		if now := cacheFiles(t, dir); !maps.Equal(now, files) {
			t.Errorf("%s: the files of the cache differ:\n%s", name, now)
		}
	}
	again("unchanged", 0)

	// Each change makes some lines useless.
	law := filepath.Join(dir, "cache/pairs/datasets/sample-law.txt")
	lines := slices.DeleteFunc(strings.SplitAfter(files["sample-law.txt"], "\n"), func(line string) bool { return strings.Contains(line, " errors ") })
	test := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, " test ") })
	fields := strings.Fields(lines[test])
	other := signed(strings.Join([]string{fields[0], "test", "0", fields[3], fields[4], fields[5]}, " "))
	for name, tc := range map[string]struct {
		change   func() string
		computed int
	}{
		"missing": {func() string { return "" }, len(lines) - 1},
		"a changed digit": {func() string {
			return strings.Replace(files["sample-law.txt"], " test "+fields[2], " test "+fields[2]+"0", 1)
		}, 1},
		"without its end":     {func() string { return strings.TrimSuffix(strings.Join(lines, ""), "\n") }, 1},
		"no text":             {func() string { return "\x00\xff\n" + files["sample-law.txt"] }, 0},
		"marks of a conflict": {func() string { return "<<<<<<< HEAD\n" + files["sample-law.txt"] + "=======\n>>>>>>> x\n" }, 0},
		"two values of a key": {func() string { return files["sample-law.txt"] + other }, 1},
		"more tested than tried": {func() string {
			return strings.Replace(files["sample-law.txt"], lines[test], signed(fields[0]+" test 5 2 drawn 0.1"), 1)
		}, 1},
		"a number that is none": {func() string {
			return strings.Replace(files["sample-law.txt"], lines[test], signed(fields[0]+" test 5 9 drawn NaN"), 1)
		}, 1},
		"statistics of no counts": {func() string {
			return signed(strings.Repeat("ab", 16)+" test 1 9999 drawn 0.1") + files["sample-law.txt"]
		}, 0},
	} {
		if content := tc.change(); content == files["sample-law.txt"] {
			t.Errorf("%s: nothing is changed", name)
		} else if err := os.WriteFile(law, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		again(name, tc.computed)
	}

	// A new submission: three systems of each contest, of which one pair was there.
	add(3)
	done, _ := buildWith(t, b, dir)
	if done.Cached != first.Computed || done.Computed == 0 {
		t.Errorf("a new submission: %d from the cache, want %d; %d computed", done.Cached, first.Computed, done.Computed)
	}
	for name, before := range files {
		now := cacheFiles(t, dir)[name]
		for line := range strings.Lines(before) {
			if !strings.Contains(now, line) {
				t.Errorf("%s: a new submission changes the line %s", name, line)
			}
		}
	}
	appendTo(t, filepath.Join(dir, "cache/pairs/datasets/gone.txt"), "x\n")
	buildWith(t, b, dir)
	if _, there := cacheFiles(t, dir)["gone.txt"]; there {
		t.Error("the file of a dataset that the board does not have stays")
	}
}

// TestPairsOfASubmission: numbers that a later build would believe are no part of a
// submission. What a maintainer built and has not committed is only listed.
func TestPairsOfASubmission(t *testing.T) {
	b, dir := board(t)
	buildWith(t, b, dir)
	refused := func(name, base string, want int, listed ...string) {
		t.Helper()
		v, err := Verify(t.Context(), b, dir, base, Blobs{})
		n := 0
		for _, f := range v.Faults {
			if strings.HasPrefix(f, "cache/pairs/") && strings.Contains(f, "no part of a submission") {
				n++
			}
		}
		if n != want || (err != nil) != (want > 0) || len(v.Faults) != want || !slices.Equal(v.Read, append([]string{}, listed...)) {
			t.Errorf("%s: %d files are refused, want %d: %+v, %v", name, n, want, v, err)
		}
	}
	refused("not committed", "HEAD", 0, "cache/pairs/datasets/sample-law.txt", "cache/pairs/datasets/sample-stem.txt", "cache/pairs/means.txt")
	git(t, dir, "add", "--all")
	git(t, dir, "commit", "-q", "-m", "build")
	refused("committed", "HEAD^1", 3)
	refused("committed by the maintainer", "HEAD", 0)
	refused("all", "", 0)
	law := filepath.Join(dir, "cache/pairs/datasets/sample-law.txt")
	appendTo(t, law, "x\n")
	refused("changed", "HEAD", 1)
	if err := os.Remove(law); err != nil {
		t.Fatal(err)
	}
	refused("removed", "HEAD", 1)
	git(t, dir, "checkout", "-q", ".")
	if err := os.MkdirAll(filepath.Join(dir, "cache/site"), 0o700); err != nil {
		t.Fatal(err)
	}
	appendTo(t, filepath.Join(dir, "cache/site/index.html"), "x")
	refused("the site, which git ignores", "HEAD", 0)
}
