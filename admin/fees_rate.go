package admin

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

var percentForm = regexp.MustCompile(`^(\d{1,3})(?:[.,](\d{1,2}))?$`)

// parsePercent reads a percentage with two decimals at most, as people of both languages write it.
func parsePercent(text string) (basisPoints int64, ok bool) {
	m := percentForm.FindStringSubmatch(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%")))
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1]+(m[2] + "00")[:2], 10, 64)
	return n, err == nil && n <= 10_000
}

// setFeeRate begins a rate now, or on a day to come.
func (k *Console) setFeeRate(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	next := billing.NewFeeRate{OrgID: v.org.ID, SetBy: v.user.ID, Note: form.Value("note")}
	var ok bool
	if next.BasisPoints, ok = parsePercent(form.Value("rate")); !ok {
		form.Fail("rate", web.T(c, "fees.rate_wrong"))
	}
	if from := form.Value("from"); from != "" {
		if next.StartsAt, err = time.Parse(time.DateOnly, from); err != nil {
			form.Fail("from", web.T(c, "fees.from_wrong"))
		} else if next.StartsAt.Before(k.deps.Now()) {
			form.Fail("from", web.T(c, "fees.from_past"))
		}
	}
	if len([]rune(next.Note)) > 200 {
		form.Fail("note", web.T(c, "fees.note_long"))
	}
	if !form.OK() {
		return k.renderFees(c, v, http.StatusUnprocessableEntity, form)
	}
	_, err = k.deps.Fees.SetFeeRate(acting(c, v), next)
	if errors.Is(err, billing.ErrRace) || errors.Is(err, billing.ErrFeeRate) {
		form.Fail("from", web.T(c, "fees.from_taken"))
		return k.renderFees(c, v, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return k.toFlash(c, web.T(c, "fees.rate_set", "Rate", percent(next.BasisPoints)), "/admin/orgs/"+v.org.Slug+"/fees")
}
