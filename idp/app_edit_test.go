package idp_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wolfieauth/wolfieauth/idp"
)

func TestOneOfManyEditsOfAnAppWins(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *house) {
		app := newApp(t, b)
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				in := app.Edit()
				in.Name = "Edit " + string(rune('A'+i))
				_, _, err := b.UpdateApp(t.Context(), in)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, idp.ErrAppChanged):
					t.Errorf("edit %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d edits of one state were saved", won.Load())
		}
	})
}

func TestMachineKeepsToItsKind(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *house) {
		org := newApp(t, b).OrgID
		app, _, err := b.CreateApp(t.Context(), idp.CreateApp{OrgID: org, Slug: "robot", Kind: idp.AppMachine})
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func(*idp.AppEdit){
			"an address": func(in *idp.AppEdit) { in.RedirectURIs = []string{"https://robot.test/"} },
			"a scope":    func(in *idp.AppEdit) { in.Scopes = []string{"openid"} },
			"a sign-in":  func(in *idp.AppEdit) { in.GrantTypes = []string{"authorization_code"} },
			"no secret":  func(in *idp.AppEdit) { in.AuthMethod = idp.AuthNone },
		} {
			in := app.Edit()
			change(&in)
			if _, _, err := b.UpdateApp(t.Context(), in); !errors.Is(err, idp.ErrAppInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		in := app.Edit()
		in.AuthMethod = idp.AuthPost
		if _, plain, err := b.UpdateApp(t.Context(), in); err != nil || plain != "" {
			t.Errorf("another way to send the same secret: %q, %v", plain, err)
		}
	})
}

// TestLogoIsMadeSmall keeps a photograph light and a drawing sharp.
func TestLogoIsMadeSmall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *house) {
		app := newApp(t, b)
		photo := image.NewRGBA(image.Rect(0, 0, 144, 72))
		for i := range photo.Pix {
			photo.Pix[i] = byte(uint32(i) * uint32(i) * 2654435761 >> 24)
		}
		for i := 3; i < len(photo.Pix); i += 4 {
			photo.Pix[i] = 255
		}
		glass := image.NewNRGBA(image.Rect(0, 0, 20, 300))
		glass.Set(10, 150, color.NRGBA{R: 255, A: 40})
		for name, tc := range map[string]struct {
			upload    []byte
			mediaType string
			size      image.Point
		}{
			"photograph": {encoded(t, photo, "jpeg"), "image/jpeg", image.Pt(144, 72)},
			"drawing":    {encoded(t, glass, "png"), "image/png", image.Pt(9, 144)},
		} {
			if err := b.SetLogo(t.Context(), app.ClientID, tc.upload); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, err := b.App(t.Context(), app.ClientID)
			if err != nil {
				t.Fatal(err)
			}
			drawn, _, err := image.Decode(bytes.NewReader(got.Logo))
			if err != nil || got.LogoMediaType != tc.mediaType || drawn.Bounds().Size() != tc.size || len(got.Logo) > 40<<10 {
				t.Errorf("%s: %s, %d bytes, %v", name, got.LogoMediaType, len(got.Logo), err)
			}
		}
		if err := b.RemoveLogo(t.Context(), app.ClientID); err != nil {
			t.Fatal(err)
		}
		if got, _ := b.App(t.Context(), app.ClientID); len(got.Logo) > 0 || got.LogoMediaType != "" {
			t.Error("the logo is still there")
		}
	})
}

func encoded(t *testing.T, picture image.Image, format string) []byte {
	t.Helper()
	var out bytes.Buffer
	err := png.Encode(&out, picture)
	if format == "jpeg" {
		out.Reset()
		err = jpeg.Encode(&out, picture, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// newApp is a web app of an org of its own.
func newApp(t *testing.T, h *house) idp.App {
	t.Helper()
	org, _ := h.org(t, "acme")
	app, _, err := h.CreateApp(t.Context(), idp.CreateApp{OrgID: org.ID, Slug: "crm", Name: "Acme CRM", RedirectURIs: []string{"https://crm.acme.test/callback"}})
	if err != nil {
		t.Fatal(err)
	}
	return app
}
