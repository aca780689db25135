package repository

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"nerbench/internal/fault"
)

// changes lists the files that are new or changed since a commit. Files that were merged
// and must not change are faults, and so is what is no file, such as a submodule.
func (v *verifier) changes(dir, base string, files []string) (map[string]bool, error) {
	if strings.HasPrefix(base, "-") {
		return nil, fault.Usagef("--changed-since %q: want a commit", base)
	}
	if _, err := v.git(dir, "rev-parse", "--git-dir"); err != nil {
		return nil, &fault.Hint{Err: err, Advice: "without --changed-since, verify needs no git, and scores all runs again"}
	}
	if _, err := v.git(dir, "rev-parse", "--verify", "--quiet", base+"^{commit}"); err != nil {
		return nil, &fault.Hint{Err: fmt.Errorf("--changed-since %q: no such commit in %s", base, dir), Advice: "git fetch downloads the commits of a branch"}
	}
	diff, err := v.git(dir, "diff", "--no-ext-diff", "--no-textconv", "--name-status", "--no-renames", "--ignore-submodules=dirty", "-z", "--relative", base, "--", ".")
	if err != nil {
		return nil, err
	}
	untracked, err := v.git(dir, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, name := range files {
		there[name] = true
	}
	changed := map[string]bool{}
	fields := strings.Split(strings.TrimSuffix(string(diff), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		status, name := fields[i], fields[i+1]
		changed[name] = true
		at := slices.IndexFunc(layout, func(l layoutEntry) bool { return l.path.MatchString(name) })
		if isJudged(name) || status != "A" && at >= 0 && !layout[at].fixed && name != logName && !isCached(name) {
			v.out.Read = append(v.out.Read, name)
		}
		if status != "D" && !there[name] && !v.wrong[name] {
			v.fault(name, errors.New("not a file: submodules are refused"))
		}
		switch {
		case isCached(name):
			v.fault(name, errors.New("is written by the board build of a maintainer, and no part of a submission"))
		case status == "A":
		case status == "D" && name != logName && at < 0:
		case at >= 0 && layout[at].fixed:
			v.fault(name, errors.New("was merged, and must not change or go (a withdrawal is an event in the log)"))
		case name == logName:
			v.fault(name, v.onlyAppended(dir, base))
		}
	}
	for name := range strings.SplitSeq(string(untracked), "\x00") {
		changed[name] = true
		if isCached(name) || isJudged(name) {
			v.out.Read = append(v.out.Read, name)
		}
	}
	return changed, nil
}

// isCached reports whether a file is of the cache, whose numbers later builds use without
// computing them again. A submission must not bring them. Those of a maintainer's own
// builds may be in the folder, not yet committed.
func isCached(name string) bool { return strings.HasPrefix(name, "cache/") }

// isJudged reports whether a person must judge a file that is new, too: it says how the
// others are checked, ranked or merged, or vouches for a run. Who vouches may be the
// submitter with another key.
func isJudged(name string) bool {
	return name == "board.toml" || strings.HasPrefix(name, ".git") || // .github/, too
		strings.HasPrefix(name, "attestations/") && strings.HasSuffix(name, ".json")
}

// hasVerdict reports whether the log has a new event other than that its user added a new
// run: one that withdraws a run, or ranks it again.
func (v *verifier) hasVerdict(changed map[string]bool) bool {
	return slices.ContainsFunc(v.events[min(v.merged, len(v.events)):], func(e Event) bool {
		run := v.runs[e.Run]
		return e.Event != "added" || run == nil || run.User != e.User || !changed[v.places[e.Run]]
	})
}

// onlyAppended demands that the log has all that it had.
func (v *verifier) onlyAppended(dir, base string) error {
	before, err := v.git(dir, "show", base+":./"+logName)
	if err != nil {
		return err
	}
	v.merged = bytes.Count(before, []byte("\n"))
	now, err := readFile(v.folder, logName)
	if err == nil && !bytes.HasPrefix(now, before) {
		err = errors.New("lines that were merged changed: only append")
	}
	return err
}

// gitOptions keep git from running programs. A folder that looks like a bare repository
// is not read as one: a submission could bring it, with a configuration of its own.
var gitOptions = []string{"--no-optional-locks", "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull}

// git runs git, which runs no program of the repository.
func (v *verifier) git(dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(v.ctx, "git", slices.Concat([]string{"-C", dir}, gitOptions, args)...)
	var stderr bytes.Buffer
	cmd.Stderr = &limited{w: &stderr}
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return text, nil
}

// limited drops what is behind the first bytes.
type limited struct{ w *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	_, _ = io.CopyN(l.w, bytes.NewReader(p), int64(min(len(p), max(0, 1000-l.w.Len()))))
	return len(p), nil
}
