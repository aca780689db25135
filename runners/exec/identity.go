package exec

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"nerbench/internal/checksum"
	"nerbench/ner"
	"nerbench/runners"
)

// largestFile is the size up to which a file that the command names is identified by its
// content, in bytes. A larger one, such as of weights, is identified by name and size.
const largestFile = 64 << 20

// interpreters are programs that run another one, which the command names: their own
// files differ between machines.
var interpreters = regexp.MustCompile(`^(python|pypy|node|ruby|perl|java|julia|Rscript|bash|zsh|sh|env|uv)[0-9.]*$`)

// identify returns the digest of a program in runs, and the command as it is shown: with
// shortened paths, without secrets. The digest covers the name, the version and the
// digest that the program reports; if it reports no digest, the words of the command and
// the files that it names. See docs/decisions/0023-exec.md.
func identify(ctx context.Context, command []string, h Hello) (digest, shown string, err error) {
	words, contents := make([]string, len(command)), make([]string, len(command))
	for i, word := range command {
		if hidden, secrets := withoutSecrets(command[max(i-1, 0)], word); i > 0 && len(secrets) > 0 {
			words[i] = shortened(hidden)
			contents[i] = words[i]
			continue
		}
		flag, value := "", word
		if name, after, found := strings.Cut(word, "="); found && strings.HasPrefix(word, "-") {
			flag, value = name+"=", after
		}
		short := shortened(value)
		if i == 0 {
			short = strings.TrimSuffix(path.Base(filepath.ToSlash(value)), ".exe")
		}
		content := short
		if i > 0 || strings.ContainsAny(value, `/\`) && !interpreters.MatchString(short) {
			if content, err = contentOf(ctx, value, short); err != nil {
				return "", "", err
			}
		} else if m := interpreters.FindStringSubmatch(short); m != nil {
			content = m[1] // python3.12 and python3 are one
		}
		words[i], contents[i] = flag+short, flag+content
	}
	parts := []string{"exec", h.Name, h.Release, h.Digest}
	if h.Digest == "" {
		parts = append(parts, contents...)
	}
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d %s\n", len(p), p) // a hash never fails
	}
	return hex.EncodeToString(sum.Sum(nil)), joinWords(words), nil
}

// contentOf is what identifies a word of the command: the checksum of the file that it
// names, or the word.
func contentOf(ctx context.Context, word, short string) (string, error) {
	info, err := os.Stat(word)
	if err != nil || !info.Mode().IsRegular() {
		return short, nil
	}
	if info.Size() > largestFile {
		return short + " " + strconv.FormatInt(info.Size(), 10), nil
	}
	sum, err := checksum.Files(ctx, word)
	if err != nil {
		return "", fmt.Errorf("command: %w", err)
	}
	return "sha256:" + sum, nil
}

// folders are absolute paths in the script of a shell.
var folders = regexp.MustCompile(`(^|[\s"'=;])((?:~|\.\.)?/[^\s"';]*/)`)

// shortened is a word without the folders of this machine.
func shortened(word string) string {
	if strings.ContainsAny(word, " \t\n") {
		return folders.ReplaceAllString(word, "$1")
	}
	slashes := filepath.ToSlash(word)
	if filepath.IsAbs(word) || strings.HasPrefix(slashes, "~/") || slashes == ".." || strings.HasPrefix(slashes, "../") {
		return runners.ShortName(word, 1)
	}
	if rest, here := strings.CutPrefix(slashes, "./"); here {
		return rest
	}
	return word
}

// joinWords writes words so that [Split] gives them again.
func joinWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		switch {
		case w != "" && !strings.ContainsAny(w, " \t\r\n'\"\\|&;<>"):
		case !strings.Contains(w, "'"):
			quoted[i] = "'" + w + "'"
		default:
			quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w) + `"`
		}
	}
	return strings.Join(quoted, " ")
}

// Identity identifies the program for the keys of a run.
func (r *Runner) Identity() ner.Identity {
	return ner.Identity{Model: "exec/" + r.config.Name, Digest: r.digest, Server: "exec", ServerVersion: r.hello.Name + " " + r.hello.Release}
}
