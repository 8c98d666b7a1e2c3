package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// shopArea is what the pricing page says beside the plans, and the order of the plans.
func shopArea() area {
	return area{
		templates: []string{"admin/shop"},
		routes: []route{
			{method: http.MethodGet, path: pathApp + "/shop", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).askShop},
			{method: http.MethodPost, path: pathApp + "/shop", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).saveShop},
			{method: http.MethodPost, path: pathApp + "/plans/order", find: (*Console).ofApp, perm: permission.PlansWrite, page: (*Console).orderPlans, back: pathApp},
		},
	}
}

// ShopEditor is the part of [Editor] about the pricing page itself.
type ShopEditor interface {
	// EditShop answers billing.FieldErrors, billing.ErrBillingOff, or billing.ErrConflict where another change
	// came first.
	EditShop(ctx context.Context, in billing.ShopEdit) error
}

// ShopPage is the view of admin/shop.
type ShopPage struct {
	Frame
	App       idp.App
	Form      *web.Form
	Seen      string // the state of the settings when the form was opened
	ShopURL   string
	Orders    []web.Option
	Modes     []web.Option // how a change of plan is charged
	Questions []QuestionInput
	Full      bool // no further question fits
}

// QuestionInput is one question as it was typed.
type QuestionInput struct {
	Row, Number int // from 0, and from 1
	Cells       []QuestionCell
	First, Last bool
}

// QuestionCell is a question, or an answer, in one language.
type QuestionCell struct {
	ID, Name, Label, Lang, Value, Error string
	Long                                bool
}

// questionColumns are the fields of a question, in the order of the form.
var questionColumns = []string{"q_pl", "a_pl", "q_en", "a_en"}

// shopFields are the names of the values in the form.
var shopFields = map[string]string{
	"changeMode": "change_mode", "defaultCurrency": "currency", "defaultCountry": "country", "headlinePl": "headline_pl", "headlineEn": "headline_en",
	"sentencePl": "sentence_pl", "sentenceEn": "sentence_en", "termsUrlPl": "terms_pl", "termsUrlEn": "terms_en",
	"privacyUrlPl": "privacy_pl", "privacyUrlEn": "privacy_en",
	"questionPl": "q_pl", "answerPl": "a_pl", "questionEn": "q_en", "answerEn": "a_en",
}

func (k *Console) askShop(c echo.Context, v *visit) error {
	catalog, err := k.catalog(c.Request().Context(), v.app)
	if err != nil || !catalog.Settings.Enabled {
		return toPlans(c, v, err)
	}
	s, form := catalog.Settings, &web.Form{}
	shop := s.Shop
	// The words that came with the app's billing are in one language, which nobody wrote down.
	own := func(w billing.Wording, came string) billing.Wording {
		switch {
		case w != (billing.Wording{}):
			return w
		case web.Lang(c) == "pl":
			return billing.Wording{PL: came}
		default:
			return billing.Wording{EN: came}
		}
	}
	for name, w := range map[string]billing.Wording{
		"headline": own(shop.Headline, s.Headline), "sentence": own(shop.Sentence, s.Sentence), "terms": shop.TermsURL, "privacy": shop.PrivacyURL,
	} {
		form.Set(name+"_pl", w.PL)
		form.Set(name+"_en", w.EN)
	}
	form.Set("order", orderOf(shop))
	form.Set("change_mode", string(s.Changes()))
	form.Set("currency", s.DefaultCurrency)
	form.Set("country", s.DefaultCountry)
	for _, q := range shop.Questions {
		for i, text := range []string{q.Question.PL, q.Answer.PL, q.Question.EN, q.Answer.EN} {
			form.Values[questionColumns[i]] = append(form.Values[questionColumns[i]], text)
		}
	}
	return k.renderShop(c, v, http.StatusOK, form, s)
}

// The orders in which a pricing page shows its plans.
const (
	orderByPrice  = "price"
	orderArranged = "arranged"
)

func orderOf(shop billing.Shop) string {
	if shop.Arranged {
		return orderArranged
	}
	return orderByPrice
}

// saveShop saves what was typed, or answers a button that only changes the rows of questions.
func (k *Console) saveShop(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	catalog, err := k.catalog(c.Request().Context(), v.app)
	if err != nil || !catalog.Settings.Enabled {
		return toPlans(c, v, err)
	}
	if do := form.Value("do"); do != "" {
		changeQuestions(form, do)
		return k.renderShop(c, v, http.StatusOK, form, catalog.Settings)
	}
	tidyQuestions(form)
	err = k.deps.Tx.InTx(acting(c, v), func(ctx context.Context) error {
		err := k.deps.Editor.EditShop(ctx, readShop(form, v.app.ClientID))
		return settle(c, form, shopFields, err)
	})
	if errors.Is(err, billing.ErrConflict) {
		form.Summary, err = web.T(c, "admin.editor.conflict"), nil
	}
	if err := settled(err); err != nil {
		return err
	}
	if !form.OK() {
		return k.renderShop(c, v, http.StatusUnprocessableEntity, form, catalog.Settings)
	}
	return k.done(c, v, web.T(c, "shop.saved"))
}

func readShop(form *web.Form, clientID string) billing.ShopEdit {
	both := func(name string) billing.Wording {
		return billing.Wording{PL: form.Value(name + "_pl"), EN: form.Value(name + "_en")}
	}
	in := billing.ShopEdit{
		ClientID: clientID, Expected: seenAt(form), DefaultCurrency: form.Value("currency"), DefaultCountry: form.Value("country"),
		ChangeMode: billing.ChangeMode(form.Value("change_mode")),
		Shop: billing.Shop{
			Arranged: form.Value("order") == orderArranged, Headline: both("headline"), Sentence: both("sentence"), TermsURL: both("terms"), PrivacyURL: both("privacy"),
		},
	}
	for i := range questionRows(form) {
		in.Shop.Questions = append(in.Shop.Questions, billing.Question{
			Question: billing.Wording{PL: cell(form, "q_pl", i), EN: cell(form, "q_en", i)},
			Answer:   billing.Wording{PL: cell(form, "a_pl", i), EN: cell(form, "a_en", i)},
		})
	}
	return in
}

func questionRows(form *web.Form) int {
	rows := 0
	for _, name := range questionColumns {
		rows = max(rows, len(form.Values[name]))
	}
	return min(rows, billing.MaxQuestions+1) // one more, for the domain to refuse
}

// arrangeQuestions puts the rows of those numbers, in that order, into the form; -1 is an empty row.
func arrangeQuestions(form *web.Form, rows []int) {
	for _, name := range questionColumns {
		column := make([]string, 0, len(rows))
		for _, row := range rows {
			if row < 0 {
				column = append(column, "")
			} else {
				column = append(column, cell(form, name, row))
			}
		}
		form.Values[name] = column
	}
}

// tidyQuestions drops rows in which nothing was typed, so that mistakes stand beside the row that they are in.
func tidyQuestions(form *web.Form) {
	var rows []int
	for i := range questionRows(form) {
		if slices.ContainsFunc(questionColumns, func(name string) bool { return cell(form, name, i) != "" }) {
			rows = append(rows, i)
		}
	}
	arrangeQuestions(form, rows)
}

// changeQuestions adds, takes away or moves a row, as the pressed button says.
func changeQuestions(form *web.Form, do string) {
	rows := make([]int, 0, questionRows(form)+1)
	for i := range questionRows(form) {
		rows = append(rows, i)
	}
	verb, number, _ := strings.Cut(do, "-")
	at, err := strconv.Atoi(number)
	known := err == nil && at >= 0 && at < len(rows)
	switch {
	case do == doAddTier && len(rows) < billing.MaxQuestions:
		rows = append(rows, -1)
	case verb+"-" == doCutTier && known:
		rows = slices.Delete(rows, at, at+1)
	case verb == "up" && known && at > 0:
		rows[at-1], rows[at] = rows[at], rows[at-1]
	case verb == "down" && known && at < len(rows)-1:
		rows[at+1], rows[at] = rows[at], rows[at+1]
	}
	arrangeQuestions(form, rows)
}

func questionInputs(c echo.Context, form *web.Form) []QuestionInput {
	rows := make([]QuestionInput, 0, questionRows(form))
	for i := range questionRows(form) {
		row := QuestionInput{Row: i, Number: i + 1, First: i == 0, Last: i == questionRows(form)-1}
		for _, name := range questionColumns {
			kind, lang, _ := strings.Cut(name, "_")
			id := name + "-" + strconv.Itoa(i)
			row.Cells = append(row.Cells, QuestionCell{
				ID: id, Name: name, Lang: lang, Value: cell(form, name, i), Error: form.Err(id), Long: kind == "a",
				Label: web.T(c, "shop.faq."+kind, "Lang", web.T(c, "shop.lang."+lang)),
			})
		}
		rows = append(rows, row)
	}
	return rows
}

func (k *Console) renderShop(c echo.Context, v *visit, status int, form *web.Form, s billing.AppSettings) error {
	view := &ShopPage{
		Frame: frame(c, v, "overview", web.T(c, "shop.title")), App: v.app, Form: form, Seen: form.Value("seen"),
		ShopURL: "/billing/" + v.app.ClientID, Orders: []web.Option{
			{Value: orderByPrice, Label: web.T(c, "shop.sequence.price")}, {Value: orderArranged, Label: web.T(c, "shop.sequence.arranged")},
		}, Questions: questionInputs(c, form), Full: questionRows(form) >= billing.MaxQuestions,
	}
	if view.Seen == "" || form.Summary != "" {
		view.Seen = stampOf(s.UpdatedAt)
	}
	for _, m := range billing.ChangeModes() {
		view.Modes = append(view.Modes, web.Option{Value: string(m), Label: web.T(c, "life.mode."+string(m))})
	}
	return k.edge.Render(c, status, "admin/shop", view)
}
