package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// assets are the static files, ready to send. One hash over all of them stands in every URL, so that the
// stylesheet's relative addresses of fonts stay right and any change makes all URLs new.
type assets struct {
	hash  string
	files map[string]asset
}

type asset struct {
	mime  string
	plain []byte
	gzip  []byte // nil where it does not pay
}

// cssOrder stands first in app.css; the other stylesheets follow by name.
var cssOrder = []string{"css/tokens.css", "css/base.css", "css/components.css"}

func buildAssets(files fs.FS) (*assets, error) {
	as := &assets{files: map[string]asset{}}
	sum := sha256.New()
	raw := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		raw[name] = body
		sum.Write(fmt.Appendf(nil, "%s %d\n", name, len(body)))
		sum.Write(body)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	as.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	raw["css/app.css"] = joinCSS(raw)
	raw["js/app.js"] = joinJS(raw)
	for name, body := range raw {
		a, err := newAsset(name, body)
		if err != nil {
			return nil, err
		}
		as.files[name] = a
	}
	return as, nil
}

func joinCSS(raw map[string][]byte) []byte {
	names := slices.Clone(cssOrder)
	for _, name := range under(raw, "css/") {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var out bytes.Buffer
	for _, name := range names {
		out.Write(stripComments(raw[name]))
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// stripComments drops CSS comments and blank lines; our stylesheets hold no comment marks inside strings.
func stripComments(css []byte) []byte {
	var out bytes.Buffer
	for {
		before, rest, found := bytes.Cut(css, []byte("/*"))
		out.Write(before)
		if !found {
			break
		}
		_, css, _ = bytes.Cut(rest, []byte("*/"))
	}
	var lines [][]byte
	for line := range bytes.Lines(out.Bytes()) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return bytes.Join(lines, []byte("\n"))
}

// joinJS wraps each script in a block, so that their names do not meet.
func joinJS(raw map[string][]byte) []byte {
	var out bytes.Buffer
	for _, name := range under(raw, "js/") {
		fmt.Fprintf(&out, "{\n%s\n}\n", raw[name])
	}
	return out.Bytes()
}

func under(raw map[string][]byte, dir string) []string {
	var names []string
	for name := range raw {
		if strings.HasPrefix(name, dir) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func newAsset(name string, body []byte) (asset, error) {
	a := asset{mime: mimeOf(name), plain: body}
	if !strings.HasPrefix(a.mime, "text/") && !strings.HasSuffix(a.mime, "xml") {
		return a, nil
	}
	var buf bytes.Buffer
	zw, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return a, fmt.Errorf("compress %s: %w", name, err)
	}
	if _, err := zw.Write(body); err != nil {
		return a, fmt.Errorf("compress %s: %w", name, err)
	}
	if err := zw.Close(); err != nil {
		return a, fmt.Errorf("compress %s: %w", name, err)
	}
	if buf.Len() < len(body) {
		a.gzip = buf.Bytes()
	}
	return a, nil
}

// mimeOf knows our endings by itself, because the machine's table differs from place to place.
func mimeOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".svg":
		return "image/svg+xml"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}

// url answers the cacheable URL of a file; a name that is none fails the render, and so a test.
func (as *assets) url(name string) (string, error) {
	if _, ok := as.files[name]; !ok {
		return "", fmt.Errorf("no static file %s", name)
	}
	return "/static/" + as.hash + "/" + name, nil
}

func (e *Edge) mountStatic() {
	e.echo.GET("/static/:hash/*", e.render.assets.serve)
	e.echo.GET("/favicon.ico", func(c echo.Context) error { return e.render.assets.send(c, "img/icon.svg", false) })
}

// serve answers a static file. A hash that is not ours comes from a page of another release during a roll-out:
// it gets our file, but may not keep it.
func (as *assets) serve(c echo.Context) error {
	return as.send(c, c.Param("*"), c.Param("hash") == as.hash)
}

func (as *assets) send(c echo.Context, name string, forever bool) error {
	a, ok := as.files[name]
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set(echo.HeaderCacheControl, "no-cache")
	if forever {
		h.Set(echo.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	body := a.plain
	if a.gzip != nil {
		h.Set(echo.HeaderVary, echo.HeaderAcceptEncoding)
		if strings.Contains(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
			h.Set(echo.HeaderContentEncoding, "gzip")
			body = a.gzip
		}
	}
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	return c.Blob(http.StatusOK, a.mime, body)
}
