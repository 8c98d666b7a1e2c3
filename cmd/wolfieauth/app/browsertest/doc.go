// Package browsertest holds the browser suite: it boots the whole demo and walks it in headless Chromium as
// people do. It holds tests only. At every page it looks at accessibility (axe-core), console and
// content-security complaints, failed requests, sideways overflow and weight, and it leaves screenshots in
// artifacts/screenshots for a person to look at.
package browsertest
