package web

// Page is what the layout needs; every view embeds it: `type LoginPage struct { web.Page; Form *web.Form }`.
// [Edge.Render] fills what it can by itself: Lang, Flash, RequestID, CurrentPath, AlternateLangURL.
type Page struct {
	// Title stands in the window's title, before the brand.
	Title string
	// Layout is "card" (one narrow centred card, the default), "wide" (pricing) or "rail" (admin: a rail of
	// links at the left, filled by the page's block "rail").
	Layout string
	// User is the signed-in person as the header shows them, nil for an anonymous visitor.
	User *PageUser
	// Brand is the app's, where the page is shown on behalf of one; the zero Brand is the product's own.
	Brand Brand
	// Flash is the message that the page before left.
	Flash *Flash

	Lang             string
	CurrentPath      string
	AlternateLangURL string
	RequestID        string
	// SignOutURL, SignInURL and AccountURL are links of the header; empty ones are not shown.
	SignOutURL, SignInURL, AccountURL string
}

// PageUser is a signed-in person on a page.
type PageUser struct {
	Name, Email string
}

// Display answers the name, or the e-mail address of a person without one.
func (u *PageUser) Display() string {
	if u.Name != "" {
		return u.Name
	}
	return u.Email
}

// Brand is the face of an app on the pages shown on its behalf.
type Brand struct {
	Name string
	// LogoURL is a path on this site: logos are stored, never hot-linked.
	LogoURL string
	// StylesheetURL is a path on this site that serves [BrandCSS].
	StylesheetURL string
}

// View is a pointer to a struct that embeds [Page].
type View interface{ page() *Page }

func (p *Page) page() *Page { return p }
