// Package static embeds what pages load beside their HTML: stylesheets, the text face and small scripts.
// The stylesheets in css/ are served as one file, css/app.css, and the scripts in js/ as js/app.js;
// internal/web builds both at start.
package static

import "embed"

// Files holds css/*.css, js/*.js, fonts/* and img/*.
//
//go:embed css/*.css js/*.js fonts/* img/*
var Files embed.FS
