package admin

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/billing"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

// TaxPage is the view of admin/tax: who an org is on the platform's invoices.
type TaxPage struct {
	Frame
	Form     *web.Form
	Seller   bool // the org owns the platform
	MayWrite bool
	Path     string
	Facts    []Fact // for those who may only read
}

// Fact is one value with its label.
type Fact struct{ Label, Value string }

func (k *Console) showTax(c echo.Context, v *visit) error {
	p, err := k.deps.Fees.TaxProfile(c.Request().Context(), v.org.ID)
	if err != nil && !errors.Is(err, billing.ErrTaxProfileNotFound) {
		return err
	}
	form := &web.Form{}
	for name, value := range map[string]string{
		"name": p.Name, "address1": p.Address1, "address2": p.Address2, "country": p.Country, "nip": p.NIP, "vat_number": p.VATNumber, "tax_id": p.TaxID,
		"bank_account": p.BankAccount,
	} {
		form.Set(name, value)
	}
	return k.renderTax(c, v, http.StatusOK, form)
}

func (k *Console) renderTax(c echo.Context, v *visit, status int, form *web.Form) error {
	view := &TaxPage{
		Frame: frame(c, v, "fees", web.T(c, "fees.tax_title")), Form: form, Seller: v.org.PlatformOwner, MayWrite: v.may(permission.OrgWrite),
		Path: "/admin/orgs/" + v.org.Slug + "/tax",
	}
	for _, f := range [][2]string{
		{"name", "fees.tax_name"},
		{"address1", "fees.tax_address1"},
		{"address2", "fees.tax_address2"},
		{"country", "fees.tax_country"},
		{"nip", "fees.tax_nip"},
		{"vat_number", "fees.tax_vat"},
		{"tax_id", "fees.tax_id"},
		{"bank_account", "fees.tax_bank"},
	} {
		if value := form.Value(f[0]); value != "" {
			view.Facts = append(view.Facts, Fact{web.T(c, f[1]), value})
		}
	}
	return k.edge.Render(c, status, "admin/tax", view)
}

func (k *Console) saveTax(c echo.Context, v *visit) error {
	form, err := web.NewForm(c)
	if err != nil {
		return err
	}
	err = k.deps.Fees.SaveTaxProfile(acting(c, v), billing.TaxProfile{
		OrgID: v.org.ID, Seller: v.org.PlatformOwner, Name: form.Value("name"), Address1: form.Value("address1"), Address2: form.Value("address2"),
		Country: form.Value("country"), NIP: form.Value("nip"), VATNumber: form.Value("vat_number"), TaxID: form.Value("tax_id"),
		BankAccount: form.Value("bank_account"),
	})
	mistakes, ok := errors.AsType[billing.FieldErrors](err)
	if err != nil && !ok {
		return err
	}
	for _, m := range mistakes {
		field, sentence := taxMistake(c, v, m)
		form.Fail(field, sentence)
	}
	if !form.OK() {
		return k.renderTax(c, v, http.StatusUnprocessableEntity, form)
	}
	return k.toFlash(c, web.T(c, "fees.tax_saved"), "/admin/orgs/"+v.org.Slug+"/tax")
}

func taxMistake(c echo.Context, v *visit, m *billing.FieldError) (field, sentence string) {
	switch m.Field + " " + m.Code {
	case "nip " + billing.CodeInvalid:
		return "nip", web.T(c, "fees.tax_nip_wrong")
	case "vatNumber " + billing.CodeInvalid:
		return "vat_number", web.T(c, "fees.tax_vat_wrong")
	case "bankAccount " + billing.CodeInvalid:
		return "bank_account", web.T(c, "fees.tax_bank_wrong")
	case "country " + billing.CodeUnknownCountry:
		if v.org.PlatformOwner {
			return "country", web.T(c, "fees.tax_country_seller")
		}
		return "country", web.T(c, "fees.tax_country_wrong")
	}
	if m.Field == "taxId" {
		return "tax_id", codeSentence(c, m.Code)
	}
	return m.Field, codeSentence(c, m.Code)
}
