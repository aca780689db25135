package exchange

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"nerbench/internal/fault"
)

var update = flag.Bool("update", false, "rewrite golden files")

// contents reads all files below a folder; those of Parquet as their rows.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if filepath.Ext(name) == ".parquet" {
			data = []byte(parquetText(t, filepath.Join(dir, name)))
		}
		fmt.Fprintf(&b, "-- %s --\n%s", name, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parquetText are the rows of a file, one value in each line.
func parquetText(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := parquet.NewReader(f)
	defer r.Close()
	var b strings.Builder
	rows := make([]parquet.Row, 1)
	for {
		n, err := r.ReadRows(rows)
		for _, row := range rows[:n] {
			for _, v := range row {
				if !v.IsNull() {
					fmt.Fprintf(&b, "%s: %s\n", r.Schema().Columns()[v.Column()][0], v)
				}
			}
			b.WriteString("\n")
		}
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// exported is what a format writes.
func exported(t *testing.T, name string, runs []*Run, o Options) string {
	t.Helper()
	if Printed(name) {
		var b strings.Builder
		if err := Print(&b, name, runs, o); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	dir := t.TempDir()
	if _, err := WriteFolder(dir, name, runs, o); err != nil {
		t.Fatal(err)
	}
	return contents(t, dir)
}

// TestGolden compares every format with its golden file. The runs and options are the
// only inputs: a second export is equal.
func TestGolden(t *testing.T) {
	for _, name := range Formats() {
		t.Run(name, func(t *testing.T) {
			got := exported(t, name, fixture(), options)
			if again := exported(t, name, fixture(), options); again != got {
				t.Error("two exports differ")
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s:\n%s", file, got)
			}
		})
	}
}

// TestParquetBytes: Parquet files are equal byte for byte, too.
func TestParquetBytes(t *testing.T) {
	var files [2][]byte
	for i := range files {
		dir := t.TempDir()
		if _, err := WriteFolder(dir, "parquet", fixture(), options); err != nil {
			t.Fatal(err)
		}
		var err error
		if files[i], err = os.ReadFile(filepath.Join(dir, "metrics.parquet")); err != nil {
			t.Fatal(err)
		}
	}
	if string(files[0]) != string(files[1]) {
		t.Error("two exports differ")
	}
}

// TestNothingIsOverwritten: an export writes all files or none, and replaces no other one.
func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	files, err := WriteFolder(dir, "eee", fixture(), options)
	if err != nil || len(files) != 4 {
		t.Fatalf("%q: %v", files, err)
	}
	if _, err := WriteFolder(dir, "eee", fixture(), options); err != nil {
		t.Errorf("the same export again: %v", err)
	}
	before := contents(t, dir)
	if strings.Contains(before, stagePrefix) {
		t.Error("the hidden folder is left")
	}
	changed := fixture()
	changed[0].Metrics[0].Figures.TP = 0
	_, err = WriteFolder(dir, "eee", changed, options)
	var hint *fault.Hint
	if !errors.As(err, &hint) || !strings.Contains(err.Error(), "exists and differs") {
		t.Errorf("error is %v", err)
	}
	if contents(t, dir) != before {
		t.Error("a file was replaced")
	}

	broken := fixture()
	broken[1].Read = func(func(*Passage) error) error { return errors.New("no data") }
	for _, name := range []string{"eee", "lm-eval", "parquet"} {
		absent := filepath.Join(t.TempDir(), "new")
		if _, err := WriteFolder(absent, name, broken, options); err == nil || !strings.Contains(err.Error(), "no data") {
			t.Errorf("%s: error is %v", name, err)
		}
		if _, err := os.Stat(absent); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a failed export leaves its folder: %v", name, err)
		}
	}
}

// TestRefused: what the hub would show as a plain number must be one.
func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func([]*Run) []*Run
		want   string
	}{
		"incomplete":    {func(r []*Run) []*Run { r[0].Whole, r[0].Note = false, "incomplete: 1 of 2 passages"; return r }, "incomplete: 1 of 2 passages"},
		"oracle":        {func(r []*Run) []*Run { r[0].Keys["queries"] = "gold"; return r }, "uses gold"},
		"not scored":    {func(r []*Run) []*Run { r[0].Metrics = r[0].Metrics[1:]; return r }, "not scored by span_f1"},
		"twice":         {func(r []*Run) []*Run { return []*Run{r[0], fixture()[0]} }, "of one model on pets"},
		"other weights": {func(r []*Run) []*Run { r[1].Keys["digest"] = "d2"; return r }, "different models"},
	} {
		for _, format := range []string{"hf-eval-results", "model-index"} {
			t.Run(name+" "+format, func(t *testing.T) {
				runs, err := tc.change(fixture()), error(nil)
				if Printed(format) {
					err = Print(io.Discard, format, runs, options)
				} else {
					_, err = WriteFolder(t.TempDir(), format, runs, options)
				}
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error is %v, want %q", err, tc.want)
				}
			})
		}
	}
	if _, err := WriteFolder(t.TempDir(), "hf-eval-results", fixture(), Options{Benchmark: "x"}); err == nil {
		t.Error("a benchmark without an owner is accepted")
	}
}

// TestNames: whatever a model is called, its files stay below the folder.
func TestNames(t *testing.T) {
	portable := regexp.MustCompile(`^[0-9A-Za-z._/-]+$`)
	for _, name := range []string{
		"../../x", "/etc/passwd", "ollama/../../x", "</script>", "con", "ollama/NUL.txt", "data/data", "unknown/unknown", "a\x00b\nc", "ollama/é:8b", `gguf/C:\models\a.gguf`,
		strings.Repeat("long", 200), "..", ".", "", "-", "ollama/", "a/b/c/d",
	} {
		t.Run(name, func(t *testing.T) {
			runs := fixture()[:1]
			runs[0].Model = Model{Name: name, Repository: name}
			for _, format := range []string{"eee", "lm-eval", "hf-eval-results", "parquet"} {
				parent := t.TempDir()
				files, err := WriteFolder(filepath.Join(parent, "out"), format, runs, options)
				if err != nil {
					t.Fatalf("%s: %v", format, err)
				}
				for _, f := range files {
					if !portable.MatchString(f) || !filepath.IsLocal(f) {
						t.Errorf("%s: file %q", format, f)
					}
					if _, err := os.Stat(filepath.Join(parent, "out", f)); err != nil {
						t.Error(err)
					}
				}
				if entries, err := os.ReadDir(parent); err != nil || len(entries) != 1 {
					t.Errorf("%s: files beside the folder: %v, %v", format, entries, err)
				}
			}
		})
	}
}

// TestUUID: the id of a run determines a UUID of version 4.
func TestUUID(t *testing.T) {
	pattern := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	var seen []string
	for i := range 1000 {
		id := uuid(fmt.Sprintf("%016x", i))
		if !pattern.MatchString(id) || slices.Contains(seen, id) || id != uuid(fmt.Sprintf("%016x", i)) {
			t.Fatalf("%d: %s", i, id)
		}
		seen = append(seen, id)
	}
}

// TestGroups: a task is once in a file of results, and files of one moment have names of
// their own.
func TestGroups(t *testing.T) {
	runs := append(fixture(), fixture()...)
	runs[2].ID, runs[2].Keys["limit"] = "cc", "1"
	runs[3].ID, runs[3].Keys["temperature"] = "dd", "1"
	for _, r := range runs {
		r.Updated = runs[0].Updated
	}
	files, err := WriteFolder(t.TempDir(), "lm-eval", runs, options)
	if err != nil {
		t.Fatal(err)
	}
	var results []string
	for _, f := range files {
		if strings.Contains(f, "/results_") {
			results = append(results, f)
		}
	}
	if len(results) != 3 || len(files) != 7 {
		t.Errorf("files are %q", files)
	}
}

// TestYAML: names from outside stay one scalar.
func TestYAML(t *testing.T) {
	for in, want := range map[string]string{
		`a "b" \c`: `"a \"b\" \\c"`, "a\nb: c": `"a\nb: c"`, "\x00\x7f\u0085\u2028\ufeff": `"\u0000\u007F\u0085\u2028\uFEFF"`,
		"é 😀": `"é 😀"`, "\U000e0001": `"\U000E0001"`, "\xff": "\"\ufffd\"", "": `""`,
	} {
		if got := quoted(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
