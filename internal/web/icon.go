package web

import (
	"fmt"
	"html/template"
)

// icons are drawn on a 24-unit grid with a 1.75-unit stroke of the text's colour.
var icons = map[string]string{
	"check":    `<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
	"alert":    `<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.4v.1"/>`,
	"arrow":    `<path d="M5 12h14m-6-6 6 6-6 6"/>`,
	"back":     `<path d="M19 12H5m6-6-6 6 6 6"/>`,
	"close":    `<path d="m6 6 12 12M18 6 6 18"/>`,
	"plus":     `<path d="M12 5v14M5 12h14"/>`,
	"grip":     `<path d="M9 6v.1M15 6v.1M9 12v.1M15 12v.1M9 18v.1M15 18v.1"/>`,
	"minus":    `<path d="M5 12h14"/>`,
	"menu":     `<path d="M4 7h16M4 12h16M4 17h16"/>`,
	"more":     `<circle cx="5.5" cy="12" r=".8"/><circle cx="12" cy="12" r=".8"/><circle cx="18.5" cy="12" r=".8"/>`,
	"search":   `<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>`,
	"user":     `<circle cx="12" cy="8.5" r="4"/><path d="M4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5"/>`,
	"users":    `<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5c.8-3.5 3.4-5 6.5-5s5.7 1.5 6.5 5M16 5.300a3.5 3.5 0 0 1 0 6.400M18 15c1.8.7 3 2.2 3.5 4.5"/>`,
	"app":      `<rect x="4" y="4" width="16" height="16" rx="4"/><path d="M4 9.500h16"/>`,
	"bundle":   `<path d="m12 3.5 8 4.5-8 4.500L4 8zM4 12.200l8 4.5 8-4.500M4 16.200l8 4.3 8-4.3"/>`,
	"card":     `<rect x="3" y="5.5" width="18" height="13" rx="2.5"/><path d="M3 10h18M7 14.500h3"/>`,
	"key":      `<circle cx="8" cy="15.5" r="4"/><path d="m11 12.5 8-8M16 7.500l2.5 2.5"/>`,
	"lock":     `<rect x="5" y="10.5" width="14" height="9.5" rx="2.5"/><path d="M8 10.500V8a4 4 0 0 1 8 0v2.5"/>`,
	"mail":     `<rect x="3" y="5.5" width="18" height="13" rx="2.5"/><path d="m3.5 7.5 8.5 6 8.5-6"/>`,
	"chart":    `<path d="M4 20h16M7 16v-5M12 16V6M17 16v-8"/>`,
	"receipt":  `<path d="M6 3.500h12v17l-3-2-3 2-3-2-3 2zM9.5 8.500h5M9.5 12.500h5"/>`,
	"clock":    `<circle cx="12" cy="12" r="8.5"/><path d="M12 7.500V12l3 2"/>`,
	"settings": `<path d="M4 7h9m5 0h2M4 17h2m5 0h9"/><circle cx="15.5" cy="7" r="2.3"/><circle cx="8.5" cy="17" r="2.3"/>`,
	"device":   `<rect x="3.5" y="5" width="17" height="11" rx="2"/><path d="M8.5 20h7M12 16v4"/>`,
	"shield":   `<path d="M12 3.5 5 6v5.500c0 4.5 3 7.5 7 9 4-1.5 7-4.5 7-9V6z"/>`,
	"external": `<path d="M9 5H5.500v13.500H19V15M13 5h6v6M19 5l-8.5 8.5"/>`,
	"logout":   `<path d="M10 4.500H5.500v15H10M15 8l4 4-4 4M19 12H9.5"/>`,
	"gift":     `<path d="M4.5 11.500h15v8h-15zM3.5 8h17v3.500h-17zM12 8v11.500M12 8C9 8 7.5 6.8 7.5 5.500S9 3.5 10 4.500c1 .9 2 3.5 2 3.500s1-2.6 2-3.500c1-1 2.5-.3 2.5 1S15 8 12 8z"/>`,
}

// icon draws one of the house's icons; it says nothing to a screen reader, the text beside it does.
func icon(name string) (template.HTML, error) {
	path, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("no icon %s", name)
	}
	// #nosec G203 -- constants of this file
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + path + `</svg>`), nil
}
