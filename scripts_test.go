package nerbench

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// variable is what a script of Python or of the shell reads from the environment.
	variable = regexp.MustCompile(`os\.environ(?:\.get\(|\[)["']([A-Z][A-Z0-9_]*)|os\.getenv\(["']([A-Z][A-Z0-9_]*)|\$\{([A-Z][A-Z0-9_]*)(?::|-|\?|\})`)
	flag     = regexp.MustCompile(`add_argument\("(--[a-z_-]+)"`)
)

// TestScriptsAreDocumented: a page names each variable and each flag that the scripts of
// exports, of the examples and of continuous integration read.
func TestScriptsAreDocumented(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented strings.Builder
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		documented.Write(text)
	}
	usual := []string{"HOME", "XDG_CACHE_HOME", "LD_LIBRARY_PATH", "PATH"}
	others := map[string]string{"distill/export/assets/fastchat/train.py": "--output_dir"} // FastChat's own
	scripts, found := 0, 0
	for _, root := range []string{"distill/export/assets", "examples", ".ci"} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			scripts++
			for _, match := range variable.FindAllStringSubmatch(string(text), -1) {
				name := match[1] + match[2] + match[3]
				if found++; !strings.Contains(string(text), "\n"+name+"=") && !slices.Contains(usual, name) && !regexp.MustCompile(`\b`+name+`\b`).MatchString(documented.String()) {
					t.Errorf("%s reads the variable %s, which no page names", path, name)
				}
			}
			for _, match := range flag.FindAllStringSubmatch(string(text), -1) {
				if found++; others[path] != match[1] && !strings.Contains(documented.String(), match[1]) {
					t.Errorf("%s has the flag %s, which no page names", path, match[1])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if scripts < 20 || found < 20 {
		t.Errorf("%d scripts with %d variables and flags were found", scripts, found)
	}
}
