package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/filetest"
)

// An interrupted fetch speaks of downloads, not of answers. Doctor names what it left,
// and what an interrupted import left; the next fetch resumes.
func TestInterruptedFetch(t *testing.T) {
	const content = "Mira\tB-PER\n\nOslo\tB-LOC\n"
	ctx, interrupt := context.WithCancel(t.Context())
	first := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v"`)
		if !first {
			if r.Header.Get("Range") != "bytes=5-" {
				t.Errorf("the range is %q", r.Header.Get("Range"))
			}
			w.Header().Set("Content-Range", "bytes 5-22/23")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, content[5:])
			return
		}
		first = false
		w.Header().Set("Content-Length", "23")
		_, _ = io.WriteString(w, content[:5])
		w.(http.Flusher).Flush()
		parts := filepath.Join("data", ".fetch", "plain", "*", "plain", "test.tsv.part")
		for r.Context().Err() == nil { // until the bytes are on the disk
			if found, _ := filepath.Glob(parts); len(found) == 1 {
				if b, err := os.ReadFile(found[0]); err == nil && len(b) == 5 {
					break
				}
			}
		}
		interrupt()
		<-r.Context().Done()
	}))
	defer server.Close()
	t.Chdir(t.TempDir())
	filetest.Write(t, "", map[string]string{"datasets/plain.toml": strings.ReplaceAll(fetchDataset, "SERVER", server.URL), "data/.import-0123/x": "x"})
	call := func(ctx context.Context, args ...string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = run(ctx, append(append([]string{"nerbench"}, args...), "--data", "data", "--datasets", "datasets", "-q"), testEnvironment(&out, &errs))
		return code, out.String(), errs.String()
	}
	code, _, stderr := call(ctx, "datasets", "fetch", "plain")
	if want := "nerbench: interrupted\nnerbench: hint: the next fetch resumes the downloads\n"; code != exitInterrupted || stderr != want {
		t.Errorf("exit code %d, %q, want %q", code, stderr, want)
	}
	_, stdout, _ := call(t.Context(), "doctor", "--only", "data")
	for _, want := range []string{".fetch/plain: an unfinished download", ".import-0123: of an interrupted import"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("doctor prints\n%s\nwant %q", stdout, want)
		}
	}
	if code, stdout, stderr := call(t.Context(), "datasets", "fetch", "plain"); code != exitOK || !strings.Contains(stdout, "plain: fetched from") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if got, err := os.ReadFile(filepath.Join("data", "plain", "test.tsv")); err != nil || string(got) != content {
		t.Errorf("%q, %v", got, err)
	}
	if _, stdout, _ := call(t.Context(), "doctor", "--only", "data", "--json"); !strings.Contains(stdout, `"unfinished": []`) {
		t.Errorf("doctor prints\n%s", stdout)
	}
}

const fetchDataset = `id = "plain"
title = "Plain"
dataset = "plain"
domain = "general"
data_dir = "plain"
families = ["conll"]
overlap = "flat"
offsets = "tokens"
access = "open"
licence = "CC0-1.0"
labels = [{ native = "PER", type = "person" }, { native = "LOC", type = "place" }]
[citation]
key = "nobody2026"
text = "Nobody, 2026"
[[source]]
kind = "url"
where = "SERVER/"
files = "test.tsv"
[conll]
separator = "tab"
token_column = 0
tag_column = 1
scheme = "iob2"
[[set]]
name = "plain"
family = "conll"
primary = true
unit = "sentence"
[[set.split]]
name = "test"
files = [{ path = "test.tsv" }]
`
