package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/web"
)

// ConfirmPage is the view of admin/confirm: what will stop, what stays, and the question. Where there is a Word,
// it has to be typed.
type ConfirmPage struct {
	Frame
	Form    *web.Form
	Heading string
	Lead    string
	Lines   []string // what stops
	Keeps   string   // what stays
	Action  string
	Label   string // of the field for the word
	Word    string
	Submit  string
	// Crumb and Back lead to where the person came from.
	Crumb, Back string
}

// confirmed reads the answer: true where the word was typed, or none is wanted. Otherwise it has rendered the
// question, and err is how that went.
func (k *Console) confirmed(c echo.Context, view *ConfirmPage) (ok bool, err error) {
	if c.Request().Method != http.MethodPost {
		return false, k.edge.Render(c, http.StatusOK, "admin/confirm", view)
	}
	form, err := web.NewForm(c)
	if err != nil {
		return false, err
	}
	if view.Word != "" && form.Value("word") != view.Word {
		form.Fail("word", web.T(c, "apps.confirm.mismatch", "Word", view.Word))
		view.Form = form
		return false, k.edge.Render(c, http.StatusUnprocessableEntity, "admin/confirm", view)
	}
	return true, nil
}

// toFlash tells what was done on the page that the person goes on to.
func (k *Console) toFlash(c echo.Context, text, next string) error {
	if err := k.edge.SetFlash(c, "ok", text); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, next)
}
