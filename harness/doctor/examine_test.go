package doctor

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestMain is the process of a check: what it does is in a variable.
func TestMain(m *testing.M) {
	switch os.Getenv("NERBENCH_TEST_CHECK") {
	case "":
		os.Exit(m.Run())
	case "broken":
		fmt.Println(`{"findings":[{"name":"gguf","state":"broken","text":"no such library"}]}`)
		os.Exit(1)
	case "crash":
		os.Exit(7)
	}
	os.Exit(0)
}

// TestExamineApart: the finding of a process is reported as it is, and a process without
// one is a finding too.
func TestExamineApart(t *testing.T) {
	for does, want := range map[string]string{
		"broken": "no such library", "crash": "the check did not finish: exit status 7", "silent": "the check did not finish: no report",
	} {
		t.Setenv("NERBENCH_TEST_CHECK", does)
		f := examineApart(t.Context(), os.Args[:1])
		if f.State != Broken || f.Text != want {
			t.Errorf("%s: %+v, want %q", does, f, want)
		}
		if hinted := strings.Contains(f.Hint, "NERBENCH_LLAMA_LIB"); hinted == (does == "broken") {
			t.Errorf("%s: hint %q", does, f.Hint)
		}
	}
}
