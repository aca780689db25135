package repository

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"nerbench/boards"
	"nerbench/bundles"
	"nerbench/internal/atomicfile"
	"nerbench/submissions"
)

// Export writes a run of a repository as a bundle, with the signature of its submitter.
// The run is named by the beginning of its id. An existing file is replaced only if it is
// a bundle.
func Export(ctx context.Context, dir, run, out string, blobs Blobs) error {
	folder, err := open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	s, err := find(folder, run)
	if err != nil {
		return fmt.Errorf("board: %s: %w", dir, err)
	}
	if err := submissions.CheckReplaced(ctx, out); err != nil {
		return err
	}
	rules, err := boards.Read(folder.FS(), "board.toml")
	if err != nil {
		return fmt.Errorf("board: %s: %w", dir, err)
	}
	reader := newBlobReader(blobs, folder, rules.Addresses)
	if err := atomicfile.Write(out, func(w io.Writer) error { return reader.join(ctx, w, s) }); err != nil {
		return fmt.Errorf("board: %w", err)
	}
	return nil
}

// find reads the submission of a run.
func find(folder *os.Root, run string) (*Submission, error) {
	names, err := fs.Glob(folder.FS(), "submissions/*/*/*.json")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), run) {
			found = append(found, name)
		}
	}
	if len(found) != 1 || run == "" {
		return nil, fmt.Errorf("run %q: %d runs begin so, want one", run, len(found))
	}
	text, err := readFile(folder, found[0])
	if err != nil {
		return nil, err
	}
	s, _, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", found[0], err)
	}
	return s, nil
}

// join writes the bundle of a submission.
func (b *blobReader) join(ctx context.Context, to io.Writer, s *Submission) error {
	blob, err := b.open(ctx, s)
	if err != nil {
		return err
	}
	defer blob.Close()
	return bundles.Join(to, &s.Part, blob)
}
