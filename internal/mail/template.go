package mail

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"net/url"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"

	"github.com/wolfieauth/wolfieauth/internal/i18n"
)

// Template names one mail that the product sends.
type Template string

// The mails. Each comment names the data it needs besides Link; Name may be given to all.
const (
	VerifyEmail            Template = "verify_email"             // Hours
	ResetPassword          Template = "reset_password"           // Minutes
	PasswordChanged        Template = "password_changed"         //
	PurchaseDoubleRefunded Template = "purchase_double_refunded" // Plan (given back), Kept, App
	Invitation             Template = "invitation"               // Inviter, InviterFull (with the address), Org, Role, Until
	InvitationAccepted     Template = "invitation_accepted"      // Org, Member, MemberFull, Role
	MemberRemoved          Template = "member_removed"           // Org
	OwnershipTransferred   Template = "ownership_transferred"    // Org, From, To
	SeatsLate              Template = "seats_late"               // Org, App, Plan, Wanted, Quantity, Reason, Since
	CompEnding             Template = "comp_ending"              // Who, Plan, App, Date
	LifePastDue            Template = "life_past_due"            // Org, App, Plan, Date, as all of a subscription's life
	LifePastDueMiddle      Template = "life_past_due_middle"     //
	LifePastDueEnd         Template = "life_past_due_end"        //
	LifeTrialEnding        Template = "life_trial_ending"        // Amount, too
	LifeCancelled          Template = "life_cancelled"           //
	LifeEnded              Template = "life_ended"               //
)

// needs lists the data of each template; count is the one that chooses the plural form of the note, foot the
// last line of a mail to somebody who may have no account. Role is a role's name in code ("admin"), Reason
// the code of a reason why seats wait ("card_declined"), Until and Since a [time.Time]; all are written in the mail's
// language.
var needs = map[Template]struct {
	data        []string
	count, foot string
}{
	VerifyEmail:            {data: []string{"Link", "Hours"}, count: "Hours"},
	ResetPassword:          {data: []string{"Link", "Minutes"}, count: "Minutes"},
	PasswordChanged:        {data: []string{"Link"}},
	PurchaseDoubleRefunded: {data: []string{"Link", "Plan", "Kept", "App"}},
	Invitation:             {data: []string{"Link", "Inviter", "InviterFull", "Org", "Role", "Until"}, foot: "mail.foot_invited"},
	InvitationAccepted:     {data: []string{"Link", "Org", "Member", "MemberFull", "Role"}},
	MemberRemoved:          {data: []string{"Link", "Org"}},
	OwnershipTransferred:   {data: []string{"Link", "Org", "From", "To"}},
	SeatsLate:              {data: []string{"Link", "Org", "App", "Plan", "Wanted", "Quantity", "Reason", "Since"}},
	CompEnding:             {data: []string{"Link", "Who", "Plan", "App", "Date"}},
	LifePastDue:            {data: []string{"Link", "Org", "App", "Plan", "Date"}},
	LifePastDueMiddle:      {data: []string{"Link", "Org", "App", "Plan", "Date"}},
	LifePastDueEnd:         {data: []string{"Link", "Org", "App", "Plan", "Date"}},
	LifeTrialEnding:        {data: []string{"Link", "Org", "App", "Plan", "Date", "Amount"}},
	LifeCancelled:          {data: []string{"Link", "Org", "App", "Plan", "Date"}},
	LifeEnded:              {data: []string{"Link", "Org", "App", "Plan", "Date"}},
}

// Templates lists every template.
func Templates() []Template {
	return []Template{
		VerifyEmail, ResetPassword, PasswordChanged, PurchaseDoubleRefunded, Invitation, InvitationAccepted, MemberRemoved, OwnershipTransferred, SeatsLate, CompEnding,
		LifePastDue, LifePastDueMiddle, LifePastDueEnd, LifeTrialEnding, LifeCancelled, LifeEnded,
	}
}

var (
	// ErrUnknownTemplate means a template that is not one of [Templates].
	ErrUnknownTemplate = errors.New("unknown mail template")
	// ErrMissingData means that a template's data are not complete, or its link is no http(s) URL.
	ErrMissingData = errors.New("mail data missing")
)

// Texts answers sentences by language and key; args are one map or pairs of name and value. *i18n.Catalog is
// one.
type Texts interface {
	T(lang, key string, args ...any) string
}

//go:embed templates
var files embed.FS

var (
	textLayout = texttemplate.Must(texttemplate.ParseFS(files, "templates/mail.txt"))
	htmlLayout = htmltemplate.Must(htmltemplate.ParseFS(files, "templates/mail.html"))
)

// content is what both layouts show.
type content struct {
	Lang, Brand                           string
	Subject, Heading, Greeting            string
	Body, Button, Link, Note, Plain, Foot string
}

type rendered struct{ subject, text, html string }

func render(texts Texts, brand string, m Message) (rendered, error) {
	data, err := prepare(brand, m)
	if err != nil {
		return rendered{}, err
	}
	localise(texts, m.Lang, data)
	t := func(key string) string { return texts.T(m.Lang, key, data) }
	note := maps.Clone(data) // Count chooses a plural form, which only the note has
	if count := needs[m.Template].count; count != "" {
		note["Count"] = data[count]
	}
	own := "mail." + string(m.Template) + "."
	c := content{
		Lang: m.Lang, Brand: brand, Subject: t(own + "subject"), Heading: t(own + "heading"), Body: t(own + "body"),
		Button: t(own + "button"), Link: data["Link"].(string), Note: texts.T(m.Lang, own+"note", note),
		Greeting: t("mail.greeting"), Plain: t("mail.plain_link"), Foot: t("mail.foot"),
	}
	if data["Name"] != "" {
		c.Greeting = t("mail.greeting_name")
	}
	if foot := needs[m.Template].foot; foot != "" {
		c.Foot = t(foot)
	}
	var text, html bytes.Buffer
	if err := errors.Join(textLayout.Execute(&text, c), htmlLayout.Execute(&html, c)); err != nil {
		return rendered{}, fmt.Errorf("render mail %s: %w", m.Template, err)
	}
	return rendered{subject: c.Subject, text: text.String(), html: html.String()}, nil
}

// localise writes roles, reasons and times in the mail's language.
func localise(texts Texts, lang string, data map[string]any) {
	if role, ok := data["Role"].(string); ok {
		data["Role"] = texts.T(lang, "mail.role_"+role)
	}
	if reason, ok := data["Reason"].(string); ok {
		data["Reason"] = texts.T(lang, "mail.seats_reason."+reason)
	}
	for name, v := range data {
		if at, ok := v.(time.Time); ok {
			data[name] = i18n.DateTime(lang, at.UTC())
		}
	}
}

// prepare checks a message's data and makes them safe to stand in a line: a name with line breaks must not
// write a header or a paragraph of its own.
func prepare(brand string, m Message) (map[string]any, error) {
	spec, ok := needs[m.Template]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownTemplate, m.Template)
	}
	data := map[string]any{"Brand": brand, "Name": ""}
	for name, v := range m.Data {
		if s, ok := v.(string); ok && name != "Link" {
			v = oneLine(s)
		}
		data[name] = v
	}
	for _, name := range spec.data {
		if v, ok := data[name]; !ok || v == "" {
			return nil, fmt.Errorf("mail %s: %w: %s", m.Template, ErrMissingData, name)
		}
	}
	link, _ := data["Link"].(string)
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.ContainsFunc(link, unicode.IsSpace) {
		return nil, fmt.Errorf("mail %s: %w: Link is no web address", m.Template, ErrMissingData)
	}
	return data, nil
}

func oneLine(s string) string {
	const limit = 120
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
