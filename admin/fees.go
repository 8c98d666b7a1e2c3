package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// Fees is what the console asks about the platform's share; [billing.Service] is one.
type Fees interface {
	// FeeRates answers the rate in force now and the org's history, the latest first.
	FeeRates(ctx context.Context, orgID string) (now int64, history []billing.FeeRate, err error)
	// SetFeeRate answers billing.ErrFeeRate, or billing.ErrRace for a second rate of the same moment.
	SetFeeRate(ctx context.Context, n billing.NewFeeRate) (billing.FeeRate, error)
	// Statements answers the closed months, the newest first.
	Statements(ctx context.Context, orgID string) ([]billing.Statement, error)
	// Statement answers billing.ErrStatementNotFound, also for another org's.
	Statement(ctx context.Context, orgID, id string) (billing.Statement, error)
	FeeRows(ctx context.Context, f billing.FeeRowFilter) ([]billing.StatedRow, error)
	// FeeInvoices answers the platform's invoices to the org, the newest first.
	FeeInvoices(ctx context.Context, orgID string) ([]billing.FeeInvoice, error)
	FeeInvoice(ctx context.Context, orgID, id string) (billing.FeeInvoice, error)
	// TaxProfile answers billing.ErrTaxProfileNotFound.
	TaxProfile(ctx context.Context, orgID string) (billing.TaxProfile, error)
	// SaveTaxProfile answers billing.FieldErrors.
	SaveTaxProfile(ctx context.Context, p billing.TaxProfile) error
}

const (
	pathFees = "/admin/orgs/:org/fees"
	pathTax  = "/admin/orgs/:org/tax"
)

// feeArea is what an org owes the platform for its sales.
func feeArea() area {
	return area{
		templates: []string{"admin/fees", "admin/tax"},
		routes: []route{
			{method: http.MethodGet, path: pathFees, find: (*Console).feeOrg, perm: permission.SalesRead, page: (*Console).showFees},
			{method: http.MethodGet, path: pathFees + ".csv", find: (*Console).feeOrg, perm: permission.SalesRead, page: (*Console).exportFees},
			{method: http.MethodGet, path: pathFees + "/invoices/:invoice", find: (*Console).feeOrg, perm: permission.SalesRead, page: (*Console).showFeeInvoice},
			{method: http.MethodGet, path: pathTax, find: (*Console).feeOrg, perm: permission.SalesRead, page: (*Console).showTax},
			{method: http.MethodPost, path: pathTax, find: (*Console).feeOrg, perm: permission.OrgWrite, page: (*Console).saveTax},
			{method: http.MethodPost, path: pathFees + "/rate", find: (*Console).feeOrg, perm: permission.PlatformFees, page: (*Console).setFeeRate},
		},
	}
}

// feeOrg finds the org that the address names by its slug, or by its id as the platform's pages do.
func (k *Console) feeOrg(c echo.Context, v *visit) (err error) {
	name := c.Param("org")
	for _, o := range v.orgs {
		if o.Org.ID == name {
			v.org = o.Org
			return nil
		}
	}
	if v.policy.PlatformAdmin(v.subject) && plain(name) {
		v.org, err = k.deps.People.Org(c.Request().Context(), name)
		if !errors.Is(err, idp.ErrOrgNotFound) {
			return err
		}
	}
	v.org, err = k.named(c.Request().Context(), v, name)
	return err
}

// FeesPage is the view of admin/fees: an org's statements and fee rows, or the rows of one statement.
type FeesPage struct {
	Frame
	Form       *web.Form
	Path       string
	Rate       string // per cent, such as 4.25
	RateIsOwn  bool
	MaySetRate bool
	History    []FeeRateRow
	Statements []StatementRow
	Statement  *StatementRow // the one whose rows are shown, or nil
	Rows       []FeeRowView
	Older      string // address of the next page, "" at the end
	CSV        string
}

// FeeRateRow is a rate of the org's history.
type FeeRateRow struct {
	Rate, Note string
	From       time.Time
	State      string // past, now, or to come
}

// StatementRow is a closed month.
type StatementRow struct {
	billing.Statement
	URL      string
	Invoices []FeeInvoiceRow
}

// FeeInvoiceRow is an invoice of the platform, or the correction of one.
type FeeInvoiceRow struct {
	billing.FeeInvoice
	URL   string // of its document
	Waits string // what it waits for, in words
}

// FeeRowView is a fee row in words.
type FeeRowView struct {
	billing.StatedRow
	Label, Rate string
}

func percent(basisPoints int64) string {
	return fmt.Sprintf("%d.%02d", basisPoints/100, basisPoints%100)
}

func (k *Console) showFees(c echo.Context, v *visit) error {
	return k.renderFees(c, v, http.StatusOK, &web.Form{})
}

func (k *Console) renderFees(c echo.Context, v *visit, status int, form *web.Form) error {
	ctx := c.Request().Context()
	view := &FeesPage{
		Frame: frame(c, v, "fees", web.T(c, "fees.title")), Form: form, Path: "/admin/orgs/" + v.org.Slug + "/fees", MaySetRate: v.may(permission.PlatformFees),
	}
	view.CSV = view.Path + ".csv"
	rate, history, err := k.deps.Fees.FeeRates(ctx, v.org.ID)
	if err != nil {
		return err
	}
	view.rates(rate, history, k.deps.Now())
	filter, err := k.feeFilter(c, v)
	if err != nil {
		return err
	}
	statements, err := k.deps.Fees.Statements(ctx, v.org.ID)
	if err != nil {
		return err
	}
	invoices, err := k.feeInvoices(c, v, view.Path)
	if err != nil {
		return err
	}
	for _, st := range statements {
		row := StatementRow{st, view.Path + "?statement=" + st.ID, invoices[st.ID]}
		view.Statements = append(view.Statements, row)
		if st.ID == filter.StatementID {
			view.Statement, view.CSV = &row, view.CSV+"?statement="+st.ID
		}
	}
	if err := k.feeRows(c, view, filter); err != nil {
		return err
	}
	return k.edge.Render(c, status, "admin/fees", view)
}

// feeInvoices answers the documents of each statement.
func (k *Console) feeInvoices(c echo.Context, v *visit, path string) (map[string][]FeeInvoiceRow, error) {
	all, err := k.deps.Fees.FeeInvoices(c.Request().Context(), v.org.ID)
	out := map[string][]FeeInvoiceRow{}
	for _, inv := range all {
		row := FeeInvoiceRow{FeeInvoice: inv, URL: path + "/invoices/" + inv.ID + ".xml"}
		if inv.State == billing.FeeInvoiceWaiting && inv.Reason != "" {
			row.Waits = web.T(c, "fees.waits."+inv.Reason)
		}
		out[inv.StatementID] = append(out[inv.StatementID], row)
	}
	return out, err
}

// showFeeInvoice answers the document as it was issued.
func (k *Console) showFeeInvoice(c echo.Context, v *visit) error {
	id, ok := strings.CutSuffix(c.Param("invoice"), ".xml")
	if !ok || !plain(id) {
		return unknown(billing.ErrFeeInvoiceNotFound)
	}
	inv, err := k.deps.Fees.FeeInvoice(c.Request().Context(), v.org.ID, id)
	if err != nil {
		return unlessMissing(err, billing.ErrFeeInvoiceNotFound)
	}
	if inv.Document == "" {
		return unknown(billing.ErrFeeInvoiceNotFound)
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", strings.ReplaceAll(inv.Number, "/", "-")+".xml"))
	return c.Blob(http.StatusOK, "application/xml; charset=utf-8", []byte(inv.Document))
}

func (k *Console) feeRows(c echo.Context, view *FeesPage, filter billing.FeeRowFilter) error {
	filter.Limit = perPage + 1
	rows, err := k.deps.Fees.FeeRows(c.Request().Context(), filter)
	if err != nil {
		return err
	}
	if len(rows) > perPage {
		rows = rows[:perPage]
		view.Older = view.Path + "?before=" + rows[perPage-1].ID
		if filter.StatementID != "" {
			view.Older += "&statement=" + filter.StatementID
		}
	}
	for _, r := range rows {
		view.Rows = append(view.Rows, FeeRowView{r, web.T(c, "fees.kind."+string(r.Kind)), percent(r.BasisPoints)})
	}
	return nil
}

// feeFilter reads the address; a statement that is not the org's does not exist.
func (k *Console) feeFilter(c echo.Context, v *visit) (billing.FeeRowFilter, error) {
	f := billing.FeeRowFilter{OrgID: v.org.ID, StatementID: c.QueryParam("statement"), Before: c.QueryParam("before")}
	if f.Before != "" && !plain(f.Before) {
		return f, unknown(billing.ErrStatementNotFound)
	}
	if f.StatementID == "" {
		return f, nil
	}
	if !plain(f.StatementID) {
		return f, unknown(billing.ErrStatementNotFound)
	}
	_, err := k.deps.Fees.Statement(c.Request().Context(), v.org.ID, f.StatementID)
	return f, unlessMissing(err, billing.ErrStatementNotFound)
}

func (p *FeesPage) rates(now int64, history []billing.FeeRate, at time.Time) {
	p.Rate = percent(now)
	for _, r := range history { // the latest first
		row := FeeRateRow{Rate: percent(r.BasisPoints), Note: r.Note, From: r.StartsAt, State: "coming"}
		if !r.StartsAt.After(at) {
			row.State = "past"
			if !p.RateIsOwn {
				row.State, p.RateIsOwn = "now", true
			}
		}
		p.History = append(p.History, row)
	}
}
