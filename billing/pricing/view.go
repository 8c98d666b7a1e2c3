package pricing

import (
	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// plansPage is the view of templates/pricing/plans.html.
type plansPage struct {
	web.Page
	ClientID                   string
	PageURL                    string // the page without any choice, for forms and for search engines
	HereURL                    string // the page with the choice that it shows
	Headline                   string
	Sentence                   string
	HeadlineLang, SentenceLang string // where they are not the page's
	TestMode                   bool
	Notes                      []string // what was ignored of the address, in words
	Facts                      []string // what a subscriber must know of the choice before paying
	Why                        string   // why these prices: the country that they are for, and who said it
	Intervals                  []choiceLink
	Currencies                 []choiceLink
	Country                    *countryView
	Orgs                       []web.Option
	OrgID                      string
	Hidden                     []hidden // the selection, for forms that change one part of it
	Chosen                     *card    // what a signed-in visitor is about to pay for
	OrgName                    string
	Plans                      []card
	Bundles                    []card
	Compare                    *compareTable
	Seller                     *Seller
	TermsURL                   string
	PrivacyURL                 string
	Questions                  []question // the owner's own
	PerSeat                    bool       // some plan is sold per seat
	LinkedData                 *linkedData
	Form                       *web.Form
}

// choiceLink is one side of a switch.
type choiceLink struct {
	Label, Note, URL string
	Current          bool
}

// question is one of the owner's, in the visitor's language where there is a text in it.
type question struct {
	Question, Answer string
	Lang             string // where it is not the page's
}

type hidden struct{ Name, Value string }

// countryView says for which country the prices are and offers others.
type countryView struct {
	Name    string
	Code    string
	Options []web.Option // empty when the country is known from the connection
}

// card is one plan as it is sold to this visitor.
type card struct {
	Slug, Name, Description string
	PriceID                 string // "" when it cannot be bought here
	Recommended, Chosen     bool
	Primary                 bool // its button is the one that stands out
	Current                 *currentPlan
	From                    bool   // the price is the least that one seat costs
	Price                   string // large
	LongPrice               bool   // too long to be set in the largest size
	Per                     string // "/ month", "per user, monthly"
	Sub                     string // what else must be known of the price
	Saving                  string
	Trial                   string
	Seats                   *seatsView
	Tiers                   *tierTable
	Features                []billing.Feature
	Apps                    []bundleApp // of a bundle
	BundleName              string
	Button                  string
	Error                   string
	Unavailable             string // why there is no price
	UnavailableURL          string
	UnavailableLabel        string
	Manage                  bool   // the visitor's org has a plan in this scope already
	SwitchURL               string // where changing to this price is quoted
	SwitchLabel             string // of the link beside the button, where the same plan is shown with another price
	Summary                 string // the choice in one line

	hidden []hidden
	order  int64
}

// Hidden are the fields of the card's form.
func (c card) Hidden() []hidden { return c.hidden }

// ErrorID is the id of the sentence beside the card that says what is wrong, or "".
func (c card) ErrorID() string {
	if c.Error == "" {
		return ""
	}
	return "error-" + c.PriceID
}

type currentPlan struct {
	Label  string // "Your plan"
	Detail string // "renews on 22 December 2026"
	Kind   string // badge: ok, warn
	Action string // the right next step
}

type seatsView struct {
	Label    string
	Value    string
	Min, Max int64
	Total    string
	Note     string
	Error    string
}

type tierTable struct {
	Mode    string // the scheme in words
	Rows    []tierRow
	Worked  string // how a number of seats comes to its total
	HasFlat bool
}

type tierRow struct{ Seats, Unit, Flat string }

type bundleApp struct {
	Name, LogoURL string
	Asking        bool
}

type compareTable struct {
	Plans []compareHead
	Rows  []compareRow
}

type compareHead struct{ Name, Price string }

type compareRow struct {
	key               string
	Name, Description string
	Has               []bool
}

// closedPage is the view of templates/pricing/closed.html: no such app, or an app that sells nothing.
type closedPage struct {
	web.Page
	ClientID string
	Known    bool // the app exists, its billing is off
	AppName  string
}
