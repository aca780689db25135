package nerbench

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nerbench/internal/parallel"
	"nerbench/internal/reference"
)

// installer installs as those of .ci do, and adds a line to the file installed.
const installer = `set -euo pipefail
. .ci/folder kind pins
[ -e "$dir/complete" ] || {
  rm -rf "$dir"
  mkdir -p "$dir"
  echo >>"$cache/installed"
  touch "$dir/complete"
}`

// TestInstallersDelete: of several installers at once, one installs, and one deletes the
// folders of other pins that were not used for a week.
func TestInstallersDelete(t *testing.T) {
	for _, program := range []string{"bash", "flock"} {
		if _, err := exec.LookPath(program); err != nil {
			reference.Skip(t, "no "+program)
		}
	}
	home := t.TempDir()
	cache := filepath.Join(home, "nerbench")
	long := time.Now().Add(-9 * 24 * time.Hour)
	for name, ago := range map[string]time.Duration{
		"kind-old": 0, "kind-used": 2 * 24 * time.Hour, "kinds-old": 0, "other-old": 0, "kind-stopped.deleted": 0,
	} {
		folder := filepath.Join(cache, name)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"complete", "used"} {
			if err := os.WriteFile(filepath.Join(folder, file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			at := long
			if file == "used" && ago > 0 {
				at = time.Now().Add(-ago)
			}
			if err := os.Chtimes(filepath.Join(folder, file), at, at); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(folder, long, long); err != nil {
			t.Fatal(err)
		}
	}
	const at = 6
	var said [at]bytes.Buffer
	var group parallel.Group
	for i := range at {
		group.Go(func() {
			cmd := exec.Command("bash", "-c", installer)
			cmd.Env, cmd.Stderr = append(os.Environ(), "XDG_CACHE_HOME="+home), &said[i]
			if err := cmd.Run(); err != nil {
				t.Errorf("%v\n%s", err, &said[i])
			}
		})
	}
	group.Wait()
	entries, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"installed", "kind-pins", "kind-used", "kind.lock", "kinds-old", "other-old"}; !slices.Equal(left, want) {
		t.Errorf("the cache has %q, want %q", left, want)
	}
	installed, err := os.ReadFile(filepath.Join(cache, "installed"))
	if err != nil || string(installed) != "\n" {
		t.Errorf("%d installations, %v", len(installed), err)
	}
	all := ""
	for i := range said {
		all += said[i].String()
	}
	if n := strings.Count(all, "kind: deletes "+filepath.Join(cache, "kind-old")+" ("); n != 1 || strings.Count(all, "deletes") != 1 {
		t.Errorf("printed:\n%s", all)
	}
}
