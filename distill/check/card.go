package check

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/distill"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/internal/strict"
	"nerbench/runners"
	"nerbench/runners/cards"
)

// writtenCard has the fields of a card that are known of a student, in the order of the
// file. The others are for the user.
type writtenCard struct {
	Title    string   `toml:"title"`
	Model    string   `toml:"model,omitempty"`
	Family   string   `toml:"family"`
	Variant  string   `toml:"variant"`
	Shape    string   `toml:"shape"`
	Context  int      `toml:"context,omitempty"`
	Stop     []string `toml:"stop"`
	Special  []string `toml:"special"`
	Training []string `toml:"training"`
	Note     string   `toml:"note"`
}

// WriteCard writes the model card of a student into a folder of cards, and returns its file.
// The datasets in its training data are those that it has seen, so that tables mark
// them. A card that exists is not changed, so that the user's own fields stay; if it names
// other prompts or datasets, that is an error.
func WriteCard(set *distill.Set, s *Model, folder string) (string, error) {
	variant := cmp.Or(set.Build.Settings.Variant, "repo")
	if len(set.Build.Sources) > 0 { // datasets that it has not seen are asked as constructed data is
		variant, _, _ = strings.Cut(variant, "+")
	}
	training := set.Build.Seen
	if training == nil {
		training = []string{} // none, which is known
	}
	card := writtenCard{
		Title: cardName(s.Name), Model: s.Run, Family: "uniner", Variant: variant, Shape: "completion", Context: s.Context,
		Stop: []string{runners.EndOfSequence}, Special: []string{runners.EndOfSequence}, Training: training,
		Note: fmt.Sprintf("A student of data made with negatives %s. Training data: SHA-256 %s.", set.Build.Settings.Negatives, set.Build.Train.SHA256),
	}
	file := filepath.Join(folder, card.Title+".toml")
	var old cards.Card
	err := strict.ReadTOML(os.DirFS(folder), filepath.Base(file), &old)
	switch {
	case err == nil:
		return file, card.agrees(&old, file)
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("check: model card: %w", err)
	}
	var b bytes.Buffer
	if err := strict.WriteTOML(&b, card); err != nil {
		return "", err
	}
	err = atomicfile.Write(file, func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return err
	})
	if err != nil {
		return "", fmt.Errorf("check: model card: %w", err)
	}
	return file, nil
}

// agrees compares a card with one that exists.
func (c *writtenCard) agrees(old *cards.Card, file string) error {
	differs := func(key string, has, want any) error {
		return &fault.Hint{
			Err:    fmt.Errorf("check: model card %s: %s is %v, and the training data has %v", file, key, has, want),
			Advice: "correct the card, or remove it to have it written",
		}
	}
	seen, training := slices.Clone(old.Training), slices.Clone(c.Training)
	slices.Sort(seen)
	slices.Sort(training)
	switch {
	case old.Family != c.Family || old.Variant != c.Variant:
		return differs("variant", old.Family+" "+old.Variant, c.Family+" "+c.Variant)
	case old.Training == nil || !slices.Equal(seen, training):
		return differs("training", old.Training, c.Training)
	}
	return nil
}

// cardName makes the name of a card of that of a student: the file without its folder and
// suffix. A file named as many others are has that of its folder.
func cardName(student string) string {
	name := filepath.Base(filepath.Clean(strings.TrimPrefix(student, "gguf/")))
	if strings.HasSuffix(name, ".gguf") {
		name = strings.TrimSuffix(name, ".gguf")
		if folder := filepath.Base(filepath.Dir(filepath.Clean(student))); strings.HasPrefix(name, "model") && folder != "." && folder != "/" {
			name = folder + "-" + name
		}
	}
	return strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '.' || r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			return r
		}
		return '-'
	}, name), ".-")
}
