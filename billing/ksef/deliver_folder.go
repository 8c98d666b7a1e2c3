package ksef

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Folder delivers documents as files into a directory, for those who send them on by other means.
type Folder struct{ Dir string }

// ErrTaken means that a file of that name says something else.
var ErrTaken = errors.New("file exists with another content")

// Issue writes the document as <number>.xml, with dashes for slashes. The same document again changes nothing. A
// folder knows no number of the system; the receipt is the file's name.
func (f Folder) Issue(_ context.Context, _, number string, doc []byte) (ksefNumber, receipt string, err error) {
	name := strings.NewReplacer("/", "-", `\`, "-").Replace(number) + ".xml"
	path := filepath.Join(f.Dir, name)
	there, err := os.ReadFile(path) // #nosec G304 -- a number of our own making
	switch {
	case err == nil && bytes.Equal(there, doc):
		return "", name, nil
	case err == nil:
		return "", "", fmt.Errorf("%w: %s", ErrTaken, name)
	case !errors.Is(err, fs.ErrNotExist):
		return "", "", err
	}
	// Under another name first, so that nobody reads half a document.
	tmp, err := os.CreateTemp(f.Dir, ".invoice-*")
	if err != nil {
		return "", "", err
	}
	_, err = tmp.Write(doc)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return "", "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return "", name, nil
}
