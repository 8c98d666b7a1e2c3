package pricing

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// accountPage is the view of templates/pricing/account.html.
type accountPage struct {
	web.Page
	Orgs []accountOrg
}

// accountOrg is an org that the visitor buys for.
type accountOrg struct {
	ID, Name string
	Personal bool
	Held     []heldView
	Invoices []invoiceView
	Unknown  bool // Stripe could not be asked about something
}

// heldView is one subscription in words.
type heldView struct {
	ID, Plan, App  string
	Status, Kind   string // badge and its colour
	Note           string // what happens next
	Alert          string // what must be done
	PayURL         string // Stripe's page of the invoice that waits
	Price          string
	Seats, Spare   string
	Next, NextDate string
	Card           string
	Pending        string // a wish that Stripe has not heard yet
	PlansURL       string
	Test           bool
	MayCancel      bool
	MayResume      bool
	MayStay        bool // a switch at the end of the period can be taken back
	MayPay         bool // a card can be changed on Stripe's page
}

// invoiceView is one line of the table.
type invoiceView struct {
	Number, App, Total, Status, Kind string
	Date                             time.Time
	URL, PDF                         string
}

// accountView writes the page for a visitor.
func accountView(c echo.Context, visitor Visitor, held []billing.Holding, now time.Time) *accountPage {
	w := wordsOf(c)
	view := &accountPage{}
	for _, org := range visitor.Orgs {
		o := accountOrg{ID: org.ID, Name: org.Name, Personal: org.Personal}
		for _, h := range held {
			if h.OrgID != org.ID {
				continue
			}
			o.Unknown = o.Unknown || h.Unknown
			if h.EndedAt == nil || now.Sub(*h.EndedAt) < endedShown {
				o.Held = append(o.Held, w.held(h, now))
			}
			o.Invoices = append(o.Invoices, w.invoices(h)...)
		}
		slices.SortStableFunc(o.Invoices, func(a, b invoiceView) int { return b.Date.Compare(a.Date) })
		view.Orgs = append(view.Orgs, o)
	}
	// Those that buy something come first.
	slices.SortStableFunc(view.Orgs, func(a, b accountOrg) int { return cmp.Compare(min(len(b.Held), 1), min(len(a.Held), 1)) })
	return view
}

// endedShown is how long what has ended keeps its card; its invoices stay longer.
const endedShown = 30 * 24 * time.Hour

func (w words) date(t time.Time) string { return i18n.Date(w.lang, t.UTC()) }

func (w words) held(h billing.Holding, now time.Time) heldView {
	v := heldView{
		ID: h.ID, Plan: h.PlanName, App: h.AppName, Test: !h.Livemode, PlansURL: "/billing/" + url.PathEscape(h.ClientID) + "?org_id=" + url.QueryEscape(h.OrgID),
		Price: w.priceOf(h), Card: w.card(h.Card),
	}
	w.standing(&v, h, now)
	if h.PerSeat && h.EndedAt == nil {
		v.Seats = w.t("life.seats", "Seats", w.seats(h.Price.SeatLabel, h.Quantity), "Count", h.Members)
		if spare := h.Quantity - h.Members; spare > 0 {
			v.Spare = w.t("life.spare", "Count", spare)
		}
	}
	if h.Next != nil {
		v.Next, v.NextDate = w.money(h.Next.Due, h.Next.Currency), w.date(h.Next.At)
	}
	later := h.Wish != nil && h.Wish.Kind == billing.ChangeSwitch && h.Wish.DueAt != nil && h.CurrentPeriodEnd != nil
	switch {
	case later:
		v.Pending = w.t("life.pending.switch_later", "Plan", h.WishPlan, "Date", w.date(*h.CurrentPeriodEnd))
	case h.Wish != nil:
		v.Pending = w.t("life.pending."+h.Wish.Kind, "Plan", h.WishPlan)
	}
	live := h.Holds && h.Recurring && h.EndedAt == nil
	v.MayPay = live
	v.MayResume = live && (h.CancelAtPeriodEnd || h.CancelAt != nil)
	v.MayCancel = live && !v.MayResume
	v.MayStay = v.MayCancel && later
	return v
}

func (w words) priceOf(h billing.Holding) string {
	q, err := billing.QuotePrice(h.Price, max(1, h.Quantity))
	if err != nil {
		return ""
	}
	return w.money(q.Total, h.Price.Currency) + " " + w.t("pricing.per."+string(h.Price.Interval))
}

// standing says where a subscription stands, and what follows.
func (w words) standing(v *heldView, h billing.Holding, now time.Time) {
	badge := func(kind, word string) { v.Kind, v.Status = kind, w.t("life.status."+word) }
	switch {
	case h.EndedAt != nil:
		badge("", "ended")
		v.Note = w.t("life.note.ended", "Date", w.date(*h.EndedAt))
	case h.Status == billing.StatusPastDue || h.Status == billing.StatusUnpaid:
		badge("danger", "past_due")
		v.Alert = w.t("life.alert.past_due")
		if until := h.GraceUntil(); until != nil && now.Before(*until) {
			v.Alert = w.t("life.alert.past_due_until", "Date", w.date(*until))
		} else if until != nil {
			v.Alert = w.t("life.alert.past_due_over", "Date", w.date(*until))
		}
		if invoice, ok := h.OpenInvoice(); ok {
			v.PayURL = invoice.URL
		}
	case h.CancelAt != nil || h.CancelAtPeriodEnd:
		badge("warn", "ending")
		if end := cmp.Or(h.CancelAt, h.CurrentPeriodEnd); end != nil {
			v.Note = w.t("life.note.ending", "Date", w.date(*end))
		}
	case h.Status == billing.StatusTrialing && h.TrialEnd != nil:
		badge("accent", "trial")
		v.Note = w.t("life.note.trial", "Date", w.date(*h.TrialEnd))
	case !h.Recurring && h.ExpiresAt != nil:
		badge("ok", "active")
		v.Note = w.t("life.note.expires", "Date", w.date(*h.ExpiresAt))
	case !h.Recurring:
		badge("ok", "active")
		v.Note = w.t("life.note.forever")
	case h.Status == billing.StatusActive && h.CurrentPeriodEnd != nil:
		badge("ok", "active")
		v.Note = w.t("life.note.renews", "Date", w.date(*h.CurrentPeriodEnd))
	case h.Status == billing.StatusPaused:
		badge("warn", "paused")
	default:
		badge("warn", "incomplete")
	}
}

func (w words) card(c billing.RemoteCard) string {
	switch {
	case c.Kind == "":
		return ""
	case c.Last4 == "":
		return w.t("life.card.other")
	case c.Kind == "card":
		expiry := time.Date(int(c.ExpYear), time.Month(c.ExpMonth), 1, 0, 0, 0, 0, time.UTC).Format("01/2006")
		return w.t("life.card.card", "Brand", brandName(c.Brand), "Last4", c.Last4, "Expiry", expiry)
	default:
		return w.t("life.card.account", "Last4", c.Last4)
	}
}

func brandName(brand string) string {
	names := map[string]string{"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay", "discover": "Discover"}
	if name, ok := names[brand]; ok {
		return name
	}
	return strings.ToUpper(brand)
}

func (w words) invoices(h billing.Holding) (out []invoiceView) {
	kinds := map[string]string{"paid": "ok", "open": "warn", "void": "", "uncollectible": "danger"}
	for _, i := range h.Invoices {
		kind, ok := kinds[i.Status]
		if !ok {
			continue
		}
		out = append(out, invoiceView{
			Number: cmp.Or(i.Number, i.ID), App: h.AppName, Total: w.money(i.Total, i.Currency), Status: w.t("life.invoice." + i.Status), Kind: kind,
			Date: i.Created, URL: i.URL, PDF: i.PDF,
		})
	}
	return out
}
