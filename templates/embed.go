// Package templates embeds the pages. Every folder but partials/ belongs to one room; layout.html and
// partials/*.html are parsed into every page, and a file whose name begins with an underscore into every
// page of its own folder. internal/web parses them all at start.
package templates

import "embed"

// Files holds layout.html and <folder>/<page>.html.
//
//go:embed layout.html */*.html
var Files embed.FS
