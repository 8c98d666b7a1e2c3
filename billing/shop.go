package billing

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wolfieauth/wolfieauth/internal/i18n"
	"github.com/wolfieauth/wolfieauth/internal/money"
)

// Wording is a text in the languages of the pages. Either may be missing.
type Wording struct {
	PL string `json:"pl,omitempty"`
	EN string `json:"en,omitempty"`
}

// In answers the text in a language, and the other one where that is missing.
func (w Wording) In(lang string) string {
	if lang == i18n.Polish {
		return cmp.Or(w.PL, w.EN)
	}
	return cmp.Or(w.EN, w.PL)
}

// Foreign is the language of what In answers where that is not the asked one, else "".
func (w Wording) Foreign(lang string) string {
	switch {
	case lang == i18n.Polish && w.PL == "" && w.EN != "":
		return i18n.English
	case lang != i18n.Polish && w.EN == "" && w.PL != "":
		return i18n.Polish
	default:
		return ""
	}
}

func (w Wording) trimmed() Wording {
	return Wording{PL: strings.TrimSpace(w.PL), EN: strings.TrimSpace(w.EN)}
}

// Question is an entry of the pricing page's questions, in plain text. A language has both halves or none.
type Question struct {
	Question Wording `json:"question"`
	Answer   Wording `json:"answer"`
}

// In answers both halves in one language, the other one's where that is missing.
func (q Question) In(lang string) (question, answer string) {
	if lang == i18n.Polish && q.Question.PL == "" || lang != i18n.Polish && q.Question.EN != "" {
		return q.Question.EN, q.Answer.EN
	}
	return q.Question.PL, q.Answer.PL
}

// Shop is what an owner writes on the pricing page beside the plans. The links are https.
type Shop struct {
	// Arranged shows the plans in the order that the owner gave them; otherwise the pricing page goes by price.
	Arranged   bool       `json:"arranged,omitempty"`
	Headline   Wording    `json:"headline"`
	Sentence   Wording    `json:"sentence"`
	TermsURL   Wording    `json:"termsUrl"`
	PrivacyURL Wording    `json:"privacyUrl"`
	Questions  []Question `json:"questions,omitempty"`
}

// MaxQuestions is how many questions a pricing page may have.
const MaxQuestions = 30

// Front answers what the pricing page says. The one headline and sentence that came with the app's billing stand
// wherever the shop has none in any language.
func (s AppSettings) Front() Shop {
	shop := s.Shop
	if shop.Headline == (Wording{}) {
		shop.Headline = Wording{PL: s.Headline, EN: s.Headline}
	}
	if shop.Sentence == (Wording{}) {
		shop.Sentence = Wording{PL: s.Sentence, EN: s.Sentence}
	}
	return shop
}

// ShopEdit is what an owner types on the page about the shop window.
type ShopEdit struct {
	ClientID string
	// Expected is the settings' UpdatedAt as the owner saw it; zero asks for no comparison.
	Expected        time.Time
	DefaultCurrency string
	DefaultCountry  string // or ""
	Shop            Shop
	ChangeMode      ChangeMode // "" leaves it as it is
}

// EditShop changes what the pricing page says and begins with; the same again changes nothing. It answers
// [FieldErrors] (defaultCurrency, defaultCountry, changeMode; headline, sentence, termsUrl and privacyUrl with Pl or En behind;
// questions; questions[i].questionPl, .answerPl, .questionEn, .answerEn), [ErrBillingOff], or [ErrConflict].
func (s *Service) EditShop(ctx context.Context, in ShopEdit) error {
	what := "edit the shop window of " + in.ClientID
	in.tidy()
	if err := in.check().err(what); err != nil {
		return err
	}
	return s.changeCatalog(ctx, what, func(ctx context.Context) error {
		before, err := s.store.Settings(ctx, in.ClientID)
		if err != nil {
			return err
		}
		if err := unconflicted(before.UpdatedAt, in.Expected); err != nil {
			return err
		}
		after := before
		after.DefaultCurrency, after.DefaultCountry, after.Shop = in.DefaultCurrency, in.DefaultCountry, in.Shop
		if in.ChangeMode != "" {
			after.ChangeMode = in.ChangeMode
		}
		// The owner's own words, or none, take the place of those that came with the billing.
		after.Headline, after.Sentence = "", ""
		if sameSettings(before, after) {
			return errUnchanged
		}
		after.UpdatedAt = s.stamp(before.UpdatedAt)
		if err := s.store.SaveSettings(ctx, after); err != nil {
			return err
		}
		return s.recordSettings(ctx, "shop.changed", before, after)
	})
}

// tidy trims what was typed and drops questions in which nothing was.
func (in *ShopEdit) tidy() {
	in.DefaultCurrency, in.DefaultCountry = strings.ToUpper(strings.TrimSpace(in.DefaultCurrency)), strings.ToUpper(strings.TrimSpace(in.DefaultCountry))
	shop := &in.Shop
	shop.Headline, shop.Sentence = shop.Headline.trimmed(), shop.Sentence.trimmed()
	shop.TermsURL, shop.PrivacyURL = shop.TermsURL.trimmed(), shop.PrivacyURL.trimmed()
	questions := slices.Clone(shop.Questions)
	for i, q := range questions {
		questions[i] = Question{Question: q.Question.trimmed(), Answer: q.Answer.trimmed()}
	}
	shop.Questions = slices.DeleteFunc(questions, func(q Question) bool { return q == Question{} })
}

func (in *ShopEdit) check() *mistakes {
	m, shop := &mistakes{}, in.Shop
	m.check(money.Known(in.DefaultCurrency), "defaultCurrency", CodeUnknownCurrency)
	m.check(in.DefaultCountry == "" || knownCountry(in.DefaultCountry), "defaultCountry", CodeUnknownCountry)
	m.check(in.ChangeMode == "" || in.ChangeMode.Known(), "changeMode", CodeInvalid)
	m.wording("headline", shop.Headline, 120)
	m.wording("sentence", shop.Sentence, 400)
	m.link("termsUrlPl", shop.TermsURL.PL)
	m.link("termsUrlEn", shop.TermsURL.EN)
	m.link("privacyUrlPl", shop.PrivacyURL.PL)
	m.link("privacyUrlEn", shop.PrivacyURL.EN)
	m.check(len(shop.Questions) <= MaxQuestions, "questions", CodeTooLarge)
	for i, q := range shop.Questions {
		at := "questions[" + strconv.Itoa(i) + "]."
		m.wording(at+"question", q.Question, 200)
		m.wording(at+"answer", q.Answer, 2000)
		m.check(q.Question.PL != "" || q.Answer.PL == "", at+"questionPl", CodeRequired)
		m.check(q.Answer.PL != "" || q.Question.PL == "", at+"answerPl", CodeRequired)
		m.check(q.Question.EN != "" || q.Answer.EN == "", at+"questionEn", CodeRequired)
		m.check(q.Answer.EN != "" || q.Question.EN == "", at+"answerEn", CodeRequired)
	}
	return m
}

func (m *mistakes) wording(field string, w Wording, limit int) {
	m.text(field+"Pl", w.PL, limit, false)
	m.text(field+"En", w.EN, limit, false)
}

// link takes an absolute https address that names a host and no person, or nothing.
func (m *mistakes) link(field, typed string) {
	if typed == "" {
		return
	}
	u, err := url.Parse(typed)
	switch {
	case len(typed) > 500:
		m.add(field, CodeTooLong)
	case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
		m.add(field, CodeNotHTTPS)
	}
}
