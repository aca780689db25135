//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nerbench/internal/campaign"
	"nerbench/internal/reference"
)

// fullDisk runs a command twice in a copy of $BASE: first with little room, then with
// enough. The room is that of a small file system, or the limit of the size of a file.
const fullDisk = `
set -eu
if [ "$KIND" = room ]; then mount -t tmpfs -o size=256m tmpfs "$PLACE"; fi
cp -a "$BASE/." "$PLACE/"
cd "$PLACE"
first=0 second=0
if [ "$KIND" = room ]; then
  used=$(df -k "$PLACE" | awk 'NR == 2 { print $3 }')
  mount -o remount,size=$((used + ROOM))k "$PLACE"
  "$PROGRAM" "$@" >"$OUT/first" 2>&1 || first=$?
else
  (ulimit -f "$ROOM"; exec "$PROGRAM" "$@") >"$OUT/first" 2>&1 || first=$?
fi
cp -a "$PLACE" "$OUT/left"
if [ "$KIND" = room ]; then mount -o remount,size=256m "$PLACE"; fi
"$PROGRAM" "$@" >"$OUT/second" 2>&1 || second=$?
cp -a "$PLACE" "$OUT/end"
echo $first $second >"$OUT/codes"
`

// TestFullDiskCommands runs each command that writes without enough room. It must fail,
// and say so once; what it leaves must be whole; and with room the same command must do
// the rest, and ask nothing that was kept.
func TestFullDiskCommands(t *testing.T) {
	if out, err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", t.TempDir()).CombinedOutput(); err != nil {
		reference.Skip(t, fmt.Sprintf("a small file system cannot be mounted: %v: %s", err, out))
	}
	run := disturbed{name: "run", prepare: func(*workplace) {}, args: []string{"run", "-m", "ollama/tiny", "-d", "mini", "-q", "--probe", "0"}, timed: true}
	for _, d := range append(disturbedCommands(), run) {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			c := campaign.Start(t, campaign.Size{Short: 1, Full: 20})
			base := newWorkplace(t, 60, 0)
			d.prepare(base)
			d := d.named(base)
			calm := base.copied()
			want := d.undisturbed(calm)
			before, _ := base.kilobytes()
			after, largest := calm.kilobytes()
			for i := range c.Tries {
				kind, room := "room", 1+c.Random.IntN(1+(after-before)*5/4)
				if i%2 == 1 {
					kind, room = "limit", 1+c.Random.IntN(largest)
				}
				d.withoutRoom(c, base, want, kind, room)
				if t.Failed() {
					t.Logf("try %d: %s of %d KiB", i, kind, room)
					return
				}
			}
		})
	}
}

// TestFullStoreEndsTheRun runs several datasets into a store that cannot grow. The first
// of them says so, and the others send no queries. A store can be read without any room.
func TestFullStoreEndsTheRun(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		reference.Skip(t, "no bash, which sets a limit of file sizes")
	}
	w := newWorkplace(t, 1, 0)
	limited := func(kilobytes int, args ...string) (code int, output string) {
		cmd := w.program(args...)
		cmd.Args = append([]string{bash, "-c", fmt.Sprintf(`ulimit -f %d; exec "$0" "$@"`, kilobytes), cmd.Path}, args...)
		cmd.Path = bash
		out, _ := cmd.CombinedOutput() // the exit code counts
		return cmd.ProcessState.ExitCode(), string(out)
	}
	want := "nerbench: store: results.db: file too large for the limit of file sizes (ulimit -f): committed answers are kept\n" +
		"nerbench: hint: free disk space and run the same command again to resume\n"
	for _, kilobytes := range []int{20, 70, 85, 130} { // before, while and after the store gets its tables
		if code, out := limited(kilobytes, "quickstart", "-q"); code != exitError || out != want {
			t.Errorf("limit of %d KiB: exit code %d: %s\nwant %s", kilobytes, code, out, want)
		}
	}
	w.must("quickstart", "-q")
	if code, out := limited(8, "runs", "list"); code != 0 || out != w.must("runs", "list") {
		t.Errorf("runs list: exit code %d\n%s", code, out)
	}
}

// kilobytes are the sizes of all files and of the largest one.
func (w *workplace) kilobytes() (all, largest int) {
	_ = fs.WalkDir(os.DirFS(w.dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			size := int(info.Size()/1024) + 1
			all, largest = all+size, max(largest, size)
		}
		return nil
	})
	return all, largest
}

// withoutRoom runs a command with little room, and then with enough.
func (d *disturbed) withoutRoom(c *campaign.Campaign, base *workplace, want calm, kind string, room int) {
	t := base.t
	t.Helper()
	out, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(out)
	place := filepath.Join(out, "place")
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := base.program()
	program := cmd.Path
	cmd.Path, cmd.Args = "", append([]string{"unshare", "-rm", "bash", "-c", fullDisk, "full"}, d.args...)
	if cmd.Path, err = exec.LookPath("unshare"); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "KIND="+kind, "ROOM="+strconv.Itoa(room), "PLACE="+place, "BASE="+base.dir, "OUT="+out, "PROGRAM="+program)
	asked := base.fake.Asked()
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	asked = base.fake.Asked() - asked
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var first, second int
	if _, err := fmt.Sscan(read("codes"), &first, &second); err != nil {
		t.Fatal(err)
	}
	switch {
	case first == 0:
		c.Saw(1, "had room enough")
	case !saysFull(read("first")):
		t.Errorf("exit code %d, and the want of room is not said once:\n%s", first, read("first"))
	default:
		c.Saw(1, "failed for want of room")
	}
	left := &workplace{t: t, dir: filepath.Join(out, "left"), fake: base.fake}
	d.left(left, want)
	if again := d.again != "" && strings.Contains(read("second"), d.again); second != 0 && !again && !(first == 0 && d.done(d.content(left), want)) {
		t.Errorf("exit codes %d without and %d with room:\n%s\n%s", first, second, read("first"), read("second"))
	}
	end := &workplace{t: t, dir: filepath.Join(out, "end"), fake: base.fake}
	for _, args := range d.then {
		end.must(args...)
	}
	if got := d.content(end); !d.done(got, want) {
		t.Errorf("the files differ from those of the undisturbed command:\n%s", difference(got, want.after))
	}
	if _, answers := left.dumpedIfThere(); want.asked > 0 && asked > 2*want.asked-answers {
		t.Errorf("%d queries were sent, of %d; %d answers were kept of the first try", asked, want.asked, answers)
	}
}

// dumpedIfThere is the dump of the store, if there is one.
func (w *workplace) dumpedIfThere() (string, int) {
	if _, err := os.Stat(filepath.Join(w.dir, "results.db")); err != nil {
		return "", 0
	}
	return w.dumped("results.db")
}

// saysFull reports whether an output says once that there is no room.
func saysFull(output string) bool {
	times := 0
	for _, text := range []string{"disk full", "no space left on device", "file too large"} {
		times += strings.Count(output, text)
	}
	return times == 1 && strings.Contains(output, "nerbench: ") && !strings.Contains(output, "goroutine ")
}
