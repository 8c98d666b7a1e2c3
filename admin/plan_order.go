package admin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/internal/web"
)

// errPlansChanged means that an order of plans was made on a page that is not of today.
var errPlansChanged = errors.New("the plans are not those that were arranged")

// orderPlans puts the plans of one app, or of one bundle, into the posted order. The page's script asks; it wants no
// page back.
func (k *Console) orderPlans(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	s, ok, err := k.shelf(c.Request().Context(), v.app)
	if err != nil || !ok {
		return toPlans(c, v, err)
	}
	ids := form.Values["plan"]
	if len(ids) == 0 {
		return fmt.Errorf("%w: none is named", errPlansChanged)
	}
	p, err := s.plan(ids[0])
	if err != nil {
		return fmt.Errorf("%w: there is no %q", errPlansChanged, ids[0])
	}
	now, _ := s.order(p)
	if !slices.Equal(slices.Sorted(slices.Values(now)), slices.Sorted(slices.Values(ids))) {
		return fmt.Errorf("%w: %d of %d", errPlansChanged, len(ids), len(now))
	}
	if err := k.deps.Editor.ReorderPlans(acting(c, v), p.Scope, ids); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
