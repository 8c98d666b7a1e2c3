package sandbox

import (
	"net/url"
	"testing"
)

// FuzzParseForm: whatever is sent, the decoder neither panics nor loses its
// order, and a form equals itself.
func FuzzParseForm(f *testing.F) {
	for _, seed := range []string{
		"", "a=1", "a[b]=1&a[c]=2", "items[0][price]=p&items[0][quantity]=2&items[1][price]=q", "expand[]=x&expand[]=y", "a=1&a[b]=2", "a[b]=1&a=2",
		"a[=1", "a]=1", "[a]=1", "a[b]c=1", "a[0]=x&a[2]=y&a[1]=z", "a[01]=x", "%zz=1", "a=%zz", "metadata[%C5%BC]=%C5%82", "a[b][c][d][e][f][g][h][i][j][k]=1", "&&&=&=",
		"a[-1]=x", "a[][]=1", "a=1&a=2",
	} {
		f.Add(seed)
	}
	known := fields{
		"a": loose(), "items": list(hash(fields{"price": text().need(), "quantity": count()})), "expand": list(text()), "metadata": metadata(), "n": integer(), "d": decimal(), "b": yesNo(), "t": moment("now"),
	}
	f.Fuzz(func(t *testing.T, raw string) {
		form, err := parseForm(raw)
		if err != nil {
			return
		}
		again, err := parseForm(raw)
		if err != nil || form.canonical() != again.canonical() {
			t.Fatalf("%q is not equal to itself", raw)
		}
		params, bad := decodeParams(form, known, "")
		if bad != nil {
			if bad.message == "" || bad.status != 400 {
				t.Fatalf("%q gave an unclear error %+v", raw, bad)
			}
			return
		}
		_ = params.json()
	})
}

func TestFormListsKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	form, bad := parseForm("a[10]=k&a[2]=c&a[0]=a")
	if bad != nil {
		t.Fatal(bad)
	}
	params, bad := decodeParams(form, fields{"a": list(text())}, "")
	if bad != nil {
		t.Fatal(bad)
	}
	if got := params.strs("a"); len(got) != 3 || got[0] != "a" || got[1] != "c" || got[2] != "k" {
		t.Errorf("order %v", got)
	}
}

func TestEqualFormsCompareEqual(t *testing.T) {
	t.Parallel()
	a, _ := parseForm(url.Values{"x": {"1"}, "y[z]": {"2"}}.Encode())
	b, _ := parseForm("y[z]=2&x=1")
	c, _ := parseForm("y[z]=3&x=1")
	if a.canonical() != b.canonical() || a.canonical() == c.canonical() {
		t.Error("the canonical form depends on order, or not on values")
	}
}
