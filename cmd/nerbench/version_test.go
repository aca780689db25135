package main

import (
	"runtime/debug"
	"testing"
)

func TestRevision(t *testing.T) {
	noted := func(pairs ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{}
		for i := 0; i < len(pairs); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: pairs[i], Value: pairs[i+1]})
		}
		return info
	}
	for _, tc := range []struct {
		name, stamp string
		info        *debug.BuildInfo
		want        string
	}{
		{"stamped", "v0.1.0-3-gabc1234", noted("vcs.revision", "def"), "v0.1.0-3-gabc1234"},
		{"noted by the compiler", "", noted("vcs.modified", "false", "vcs.revision", "abc"), "abc"},
		{"files differ", "", noted("vcs.revision", "abc", "vcs.modified", "true"), "abc-dirty"},
		{"built outside of a repository", "", noted("vcs.modified", "true"), ""},
		{"nothing noted", "", nil, ""},
	} {
		if got := revision(tc.stamp, tc.info); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
