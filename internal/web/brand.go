package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// rgb is a colour in sRGB, each channel 0 to 255.
type rgb [3]uint8

// The surfaces of tokens.css on which an accent appears as text; a test holds the two files together.
var (
	lightSurfaces = []rgb{{0xff, 0xff, 0xff}, {0xf6, 0xf6, 0xf4}}
	darkSurfaces  = []rgb{{0x1b, 0x1c, 0x20}, {0x12, 0x13, 0x16}}
)

const (
	// textContrast is the least contrast of text in WCAG 2.2 level AA (success criterion 1.4.3).
	textContrast = 4.5
	// fillContrast keeps a filled surface visible on ours, a black button on a dark page say, without
	// spoiling a light brand; the text on it carries the meaning.
	fillContrast = 1.35
	defaultBrand = "#0f5f52"
)

// BrandCSS answers the stylesheet that paints a page in an app's colour (`#rgb` or `#rrggbb`; anything else
// reads as the product's own). It sets the roles --accent (a filled surface), --accent-hover, --accent-text
// (text on it), --accent-ink (the colour as text on our surfaces) and --accent-soft, for light and dark; each
// text has a contrast of at least 4.5:1.
func BrandCSS(color string) []byte { return BrandCSSIn(":root", color) }

// BrandCSSIn is [BrandCSS] for the part of a page that a CSS selector names.
func BrandCSSIn(selector, color string) []byte {
	c, ok := parseColor(color)
	if !ok {
		c, _ = parseColor(defaultBrand)
	}
	return fmt.Appendf(nil, "%s{%s}\n@media (prefers-color-scheme:dark){%s{%s}}\n",
		selector, brandRoles(c, lightSurfaces, rgb{}), selector, brandRoles(c, darkSurfaces, rgb{255, 255, 255}))
}

// brandRoles writes the roles of accent over surfaces; toward is the end (black or white) that stands out there.
func brandRoles(accent rgb, surfaces []rgb, toward rgb) string {
	for step := 1; step <= 20 && contrast(accent, surfaces[0]) < fillContrast; step++ {
		accent = mix(accent, toward, 0.05)
	}
	text := rgb{255, 255, 255}
	if contrast(accent, text) < textContrast {
		text = rgb{} // of white and black, one always has 4.58:1 or more
	}
	hover := mix(accent, rgb{}, 0.12)
	if text == (rgb{}) {
		hover = mix(accent, rgb{255, 255, 255}, 0.16)
	}
	ink := accent
	for step := 1; step <= 60 && !readable(ink, surfaces); step++ {
		ink = mix(ink, toward, 0.08)
	}
	return fmt.Sprintf("--accent:%s;--accent-hover:%s;--accent-text:%s;--accent-ink:%s;--accent-soft:%s;",
		accent, hover, text, ink, mix(surfaces[0], ink, 0.1))
}

func readable(ink rgb, surfaces []rgb) bool {
	// The soft surface is the ink's own tint, and text in ink stands on it too.
	for _, s := range append([]rgb{mix(surfaces[0], ink, 0.1)}, surfaces...) {
		if contrast(ink, s) < textContrast {
			return false
		}
	}
	return true
}

// ValidColor tells whether s is a colour as [BrandCSS] reads it.
func ValidColor(s string) bool { _, ok := parseColor(s); return ok }

func parseColor(s string) (rgb, bool) {
	hex, ok := strings.CutPrefix(s, "#")
	if !ok {
		return rgb{}, false
	}
	if len(hex) == 3 {
		hex = strings.Join([]string{hex[:1], hex[:1], hex[1:2], hex[1:2], hex[2:], hex[2:]}, "")
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if len(hex) != 6 || err != nil {
		return rgb{}, false
	}
	return rgb{uint8(n >> 16 & 0xff), uint8(n >> 8 & 0xff), uint8(n & 0xff)}, true
}

// String writes #rrggbb.
func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

func mix(a, b rgb, share float64) rgb {
	var out rgb
	for i := range out {
		out[i] = uint8(math.Round(float64(a[i])*(1-share) + float64(b[i])*share))
	}
	return out
}

// contrast is the contrast ratio of WCAG 2.2, 1 to 21.
func contrast(a, b rgb) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c rgb) float64 {
	var lin [3]float64
	for i, v := range c {
		s := float64(v) / 255
		if s <= 0.04045 {
			lin[i] = s / 12.92
		} else {
			lin[i] = math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*lin[0] + 0.7152*lin[1] + 0.0722*lin[2]
}
