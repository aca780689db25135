package repository

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"nerbench/boards"
	"nerbench/bundles"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/internal/names"
)

// The largest files, in bytes. Those of people must be read in a diff.
const (
	maxRun  = 20 << 10
	maxBlob = 25 << 20
	maxText = 1 << 20 // of the log and other files
	// maxCache is that of the largest sites of repositories.
	maxCache = 100 << 20
)

// logName is the file of the events.
const logName = "log.jsonl"

// layoutEntry describes files of a repository.
type layoutEntry struct {
	path *regexp.Regexp
	most int64 // bytes
	// fixed: a file that was merged never changes.
	fixed bool
}

// layout lists the files that a repository may have.
var layout = []layoutEntry{
	{regexp.MustCompile(`^board\.toml$`), maxText, false},
	{regexp.MustCompile(`^(README\.md|LICENSE|\.gitignore|\.gitattributes)$`), maxText, false},
	{regexp.MustCompile(`^\.github/.+$`), maxText, false},
	{regexp.MustCompile(`^keys/[a-zA-Z0-9-]{1,39}\.pub$`), maxRun, false},
	{regexp.MustCompile(`^models/[a-z0-9.-]+__[a-z0-9.-]+/model\.toml$`), maxRun, false},
	{regexp.MustCompile(`^submissions/[a-z0-9.-]+__[a-z0-9.-]+/([0-9a-f]{12}|by-name)/[0-9a-f]{16}\.json$`), maxRun, true},
	{regexp.MustCompile(`^blobs/[0-9a-f]{64}\.zst$`), maxBlob, true},
	{regexp.MustCompile(`^attestations/[0-9a-f]{16}/[a-zA-Z0-9-]{1,39}\.json(\.sig)?$`), maxText, true},
	{regexp.MustCompile(`^log\.jsonl$`), maxText, false},
	{regexp.MustCompile(`^cache/pairs/.+$`), maxCache, false},
	{regexp.MustCompile(`^cache/.+$`), 1 << 40, false},
}

var userPattern = regexp.MustCompile(`^[a-zA-Z0-9-]{1,39}$`)

// Submission is the content of a file RUN.json.
type Submission struct {
	User string `json:"user"` // whose key signed it: keys/USER.pub
	bundles.Part
}

func (s *Submission) run() *bundles.Run { return &s.Manifest.Runs[0] }

// path is the place of the submission.
func (s *Submission) path() string {
	digest := "by-name"
	if d := s.run().Keys["digest"]; len(d) >= 12 {
		digest = d[:12]
	}
	return path.Join("submissions", s.model(), digest, s.run().ID+".json")
}

// model is the folder of the model: its organisation and name.
func (s *Submission) model() string {
	m := s.Manifest.Model
	_, name, found := strings.Cut(m.Name, "/")
	if !found {
		name = m.Name
	}
	if m.Title != "" {
		name = m.Title
	}
	return slug(m.Organisation, "unknown") + "__" + slug(name, "model")
}

// slug is a text in [a-z0-9.-].
func slug(text, otherwise string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			b.WriteRune(r)
		} else if !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	s := strings.Trim(b.String(), "-.")
	if s = s[:min(len(s), 80)]; s == "" {
		return otherwise
	}
	return s
}

func (s *Submission) blob() string { return path.Join("blobs", s.Blob+".zst") }

// counts are three numbers in three lines each, which would make a file long.
var counts = regexp.MustCompile(`\{\s+"tp": (\d+),\s+"n_pred": (\d+),\s+"n_gold": (\d+)\s+\}`)

// encode writes a submission for people, too.
func (s *Submission) encode() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(s)
	return counts.ReplaceAll(b.Bytes(), []byte(`{"tp": $1, "n_pred": $2, "n_gold": $3}`)), err
}

// decode reads a submission, in the form that encode writes.
func decode(text []byte) (*Submission, *bundles.Signer, error) {
	var s Submission
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return nil, nil, err
	}
	signer, err := s.Check()
	if err != nil {
		return nil, nil, err
	}
	if again, err := s.encode(); err != nil || !bytes.Equal(again, text) {
		return nil, nil, errors.Join(errors.New("not as board add writes it"), err)
	}
	return &s, signer, nil
}

// Event is a line of the log.
type Event struct {
	Event string `json:"event"` // one of events
	Run   string `json:"run"`
	User  string `json:"user"`
	// Reason is for people; empty for an added run.
	Reason string `json:"reason,omitempty"`
}

var events = []string{"added", "corrected", "withdrawn"}

func parseLog(text []byte) ([]Event, error) {
	var list []Event
	for i, line := range strings.SplitAfter(string(text), "\n") {
		if line == "" {
			continue
		}
		e, err := parseEvent(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: want an event (%s) of a run in one line: %w", logName, i+1, strings.Join(events, ", "), err)
		}
		list = append(list, e)
	}
	return list, nil
}

var runPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)

func parseEvent(line string) (e Event, err error) {
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil {
		return e, err
	}
	switch rest := line[decoder.InputOffset():]; {
	case rest == "":
		return e, errors.New("the line has no end")
	case strings.TrimSpace(rest) != "":
		return e, errors.New("more than one value")
	case !slices.Contains(events, e.Event):
		return e, fmt.Errorf("event %q: unknown", e.Event)
	case !runPattern.MatchString(e.Run):
		return e, fmt.Errorf("run %q: want the id of a run", e.Run)
	case !userPattern.MatchString(e.User):
		return e, fmt.Errorf("user %q: not a name of a user", e.User)
	}
	return e, nil
}

var errNoFile = errors.New("not a file: links are refused")

// readFile reads a file below a folder, which is no link and not larger than its place
// permits.
func readFile(folder *os.Root, name string) ([]byte, error) {
	if info, err := folder.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, errNoFile)
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	most := int64(maxText)
	if i := slices.IndexFunc(layout, func(l layoutEntry) bool { return l.path.MatchString(name) }); i >= 0 {
		most = layout[i].most
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s: more than %d bytes", name, most)
	}
	return text, err
}

func writeFile(folder *os.Root, name string, content []byte) error {
	if _, err := names.Local(name); err != nil {
		return err
	}
	return atomicfile.WriteIn(folder, name, func(w io.Writer) error { _, err := w.Write(content); return err })
}

// workflows are the checks of pull requests on GitHub, which docs/submit.md shows, too.
//
//go:embed workflows/*.yml
var workflows embed.FS

// first are the files of a new repository.
func first() (map[string][]byte, error) {
	files := map[string][]byte{
		"board.toml": boards.DefaultText(),
		logName:      {},
		// Two submissions both append to the log: git keeps the lines of both.
		".gitattributes": []byte("*.zst binary\n*.json text eol=lf\n" + logName + " text eol=lf merge=union\n/" + pairsFolder + "/** text eol=lf merge=union\n"),
		".gitignore":     []byte("/cache/*\n!/" + pairsFolder + "/\n"),
	}
	entries, err := workflows.ReadDir("workflows")
	for _, e := range entries {
		var text []byte
		if err == nil {
			text, err = workflows.ReadFile("workflows/" + e.Name())
		}
		files[".github/workflows/"+e.Name()] = text
	}
	return files, err
}

// Init makes a repository in a folder, which must be empty or new: the built-in
// definition of the board, an empty log, and the checks of pull requests.
func Init(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("board: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("board: %w", err)
	}
	for _, e := range entries {
		if e.Name() != ".git" {
			return fmt.Errorf("board: %s: is not empty (%s)", dir, e.Name())
		}
	}
	folder, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("board: %w", err)
	}
	defer folder.Close()
	files, err := first()
	if err != nil {
		return fmt.Errorf("board: %w", err)
	}
	for name, content := range files {
		if err := writeFile(folder, name, content); err != nil {
			return fmt.Errorf("board: %w", err)
		}
	}
	return nil
}

// open opens a repository.
func open(dir string) (*os.Root, error) {
	folder, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("board: %w", err)
	}
	if _, err := folder.Stat("board.toml"); err != nil {
		folder.Close()
		return nil, &fault.Hint{Err: fmt.Errorf("board: %s: no board.toml: not a repository of submissions", dir), Advice: "--board names the folder; nerbench board init makes one"}
	}
	return folder, nil
}
