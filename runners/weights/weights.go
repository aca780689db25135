// Package weights identifies models by their weights, where a server reports no digest:
// the same weights are the same model, on whichever server they are. The digest is the
// SHA-256 of the lines "SHA-256  NAME" of the files that determine an answer, sorted by
// name, as sha256sum prints them: the safetensors, the configuration, the configuration
// of generation, the files of the tokenizer, and the chat template.
package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"nerbench/datasets/fetch"
	"nerbench/internal/fault"
)

// Form describes how weights are named, for help texts.
const Form = "DIR, FILE, hf:ORG/NAME@COMMIT or sha256:HEX"

// Weights identifies the weights of a model.
type Weights struct {
	// Digest is a SHA-256 in hexadecimal.
	Digest string
	// From tells where the digest comes from, without the folders of this machine: the
	// name of a folder or file, hf:ORG/NAME@COMMIT, or sha256.
	From string

	// Name is that by which servers know the weights: ORG/NAME, or that of a folder; empty:
	// unknown.
	Name string
}

// Resolver finds digests.
type Resolver struct {
	// Cache is a folder for digests of files that were read, by their path, size and time,
	// and of commits of the hub; empty: none.
	Cache string
	Hub   fetch.Hub
	HTTP  *http.Client // of the hub; nil: the default one
	// Observe is called before large files are read; nil: it is not told.
	Observe func(string)
}

var (
	hubForm    = regexp.MustCompile(`^hf:([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)@([0-9a-f]{40})$`)
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// Check returns a usage error for weights that are named wrongly.
func Check(spec string) error {
	switch {
	case spec == "":
		return fault.Usagef("weights: empty: want %s", Form)
	case strings.HasPrefix(spec, "hf:") && !hubForm.MatchString(spec):
		return fault.Usagef("weights %s: want hf:ORG/NAME@COMMIT, with the 40 hexadecimal digits of a commit: a branch may change", spec)
	case strings.HasPrefix(spec, "sha256:") && !digestForm.MatchString(spec):
		return fault.Usagef("weights %s: want sha256: and 64 hexadecimal digits, in lower case", spec)
	}
	return nil
}

// IsPath reports whether weights are named by a path.
func IsPath(spec string) bool {
	return spec != "" && !strings.HasPrefix(spec, "hf:") && !strings.HasPrefix(spec, "sha256:")
}

// Resolve returns the digest of weights.
func (r *Resolver) Resolve(ctx context.Context, spec string) (Weights, error) {
	if err := Check(spec); err != nil {
		return Weights{}, err
	}
	if digest, is := strings.CutPrefix(spec, "sha256:"); is {
		return Weights{Digest: digest, From: "sha256"}, nil
	}
	if m := hubForm.FindStringSubmatch(spec); m != nil {
		digest, err := r.ofHub(ctx, m[1], m[2])
		return Weights{Digest: digest, From: spec, Name: m[1]}, err
	}
	info, err := os.Stat(spec)
	if err != nil {
		return Weights{}, fmt.Errorf("weights: %w", err)
	}
	name := folderName(spec)
	w := Weights{From: path.Base(name), Name: name}
	if info.IsDir() {
		w.Digest, err = r.ofFolder(ctx, spec)
		return w, err
	}
	sums, err := r.ofFiles(ctx, filepath.Dir(spec), []string{filepath.Base(spec)})
	w.Digest = sums[filepath.Base(spec)]
	return w, err
}

// Fits reports whether the name that a server reports for its weights may be that of
// these: their last elements are equal, and so are the organisations if both are known.
func (w Weights) Fits(reported string) bool {
	if w.Name == "" || reported == "" {
		return true
	}
	other := folderName(reported)
	if org, name, is := strings.Cut(reported, "/"); is && org != "" && org != "." && org != ".." && !strings.Contains(name, "/") {
		other = reported // ORG/NAME, or a relative path: the organisation is compared only with another one
	}
	org, last := path.Split(w.Name)
	otherOrg, otherLast := path.Split(other)
	return strings.EqualFold(last, otherLast) && (org == "" || otherOrg == "" || strings.EqualFold(org, otherOrg))
}

// folderName is the name by which a folder of weights is known: its last element, or
// ORG/NAME in the cache of the hub.
func folderName(folder string) string {
	if abs, err := filepath.Abs(folder); err == nil && strings.HasPrefix(folder, ".") {
		folder = abs
	}
	elements := strings.Split(strings.Trim(strings.ReplaceAll(folder, `\`, "/"), "/"), "/")
	for _, e := range elements {
		if model, is := strings.CutPrefix(e, "models--"); is {
			return strings.Replace(model, "--", "/", 1)
		}
	}
	return elements[len(elements)-1]
}

// counts are the names of files that determine an answer. All are at the top of a folder,
// but for further chat templates.
var counts = []string{
	"*.safetensors",
	"config.json", "generation_config.json", "adapter_config.json", "params.json",
	"tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
	"spiece.model", "sentencepiece.bpe.model", "*.tiktoken", "tekken.json",
	"chat_template*", "additional_chat_templates/*.jinja",
}

// Counts reports whether a file, by its path in the folder of a model, is part of the
// digest.
func Counts(name string) bool {
	return slices.ContainsFunc(counts, func(pattern string) bool {
		match, _ := path.Match(pattern, name)
		return match
	})
}

var errNoSafetensors = errors.New("no safetensors")

// digestOf is the digest of files by their names and checksums.
func digestOf(sums map[string]string) (string, error) {
	h := sha256.New()
	safetensors := false
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		safetensors = safetensors || strings.HasSuffix(name, ".safetensors")
		fmt.Fprintf(h, "%s  %s\n", sums[name], name)
	}
	if !safetensors {
		return "", &fault.Hint{Err: errNoSafetensors, Advice: "weights in another format: name their FILE, or sha256:HEX of your own"}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
