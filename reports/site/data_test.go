package site

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestDataFile(t *testing.T) {
	value := []string{"</script><b>", `quotes ' " \ \n`, "\u2028\u2029", "a\nb", "模型"}
	script, plain, err := dataFile("runs/x/a000", value)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^data/runs/x/a000\.[0-9a-f]{12}\.js$`).MatchString(script.path) || plain.path != "data/runs/x/a000.json" {
		t.Errorf("paths %q, %q", script.path, plain.path)
	}
	if got := keyOf(script.path); got != "runs/x/a000" {
		t.Errorf("key %q", got)
	}
	text := string(script.content)
	if strings.Contains(text, "<") || strings.Count(text, "\n") != 1 {
		t.Errorf("the script has a < or a line break: %s", text)
	}
	// Undo what a JavaScript string does; a browser does it in TestPagesInBrowser.
	inner := strings.TrimSuffix(strings.TrimPrefix(text, `nerbench("runs/x/a000",'`), "');\n")
	inner = strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\x3c`, "<").Replace(inner)
	var got []string
	if err := json.Unmarshal([]byte(inner), &got); err != nil || strings.Join(got, "|") != strings.Join(value, "|") {
		t.Errorf("read %q, %v", got, err)
	}
}
