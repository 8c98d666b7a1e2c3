package admin

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
)

// exportFees streams the org's fee rows, or those of one statement, the newest first. Amounts are minor units; the
// head line is for programs and the same in every language. A failure under way breaks the download off.
func (k *Console) exportFees(c echo.Context, v *visit) error {
	ctx := c.Request().Context()
	filter, err := k.feeFilter(c, v)
	if err != nil {
		return err
	}
	filter.Before, filter.Limit = "", exportPage
	page, err := k.deps.Fees.FeeRows(ctx, filter)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", "fees-"+v.org.Slug+".csv"))
	c.Response().WriteHeader(http.StatusOK)
	w := csv.NewWriter(c.Response())
	_ = w.Write([]string{
		"id", "time", "kind", "invoice", "app", "buyer_org_id", "livemode", "currency", "paid", "returned", "rate_percent", "fee", "statement", "corrects",
	})
	for len(page) > 0 {
		for _, r := range page {
			_ = w.Write(feeLine(r))
		}
		if w.Flush(); w.Error() != nil {
			panic(http.ErrAbortHandler)
		}
		filter.Before = page[len(page)-1].ID
		if page, err = k.deps.Fees.FeeRows(ctx, filter); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	w.Flush()
	return nil
}

// feeLine needs no defusing but where a name comes from outside: a negative amount is a number.
func feeLine(r billing.StatedRow) []string {
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		r.ID, r.At.UTC().Format(time.RFC3339), string(r.Kind), defuse(r.StripeInvoiceID), r.ClientID, r.BuyerOrgID, strconv.FormatBool(r.Livemode), r.Currency,
		whole(r.Paid), whole(r.Returned), percent(r.BasisPoints), whole(r.Amount), r.StatementID, r.Corrects,
	}
}
