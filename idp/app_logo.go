package idp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// ErrLogoInvalid means that what was uploaded is no picture that we take: PNG or JPEG, at most [MaxLogoBytes] and
// [MaxLogoSide]. Drawings in SVG are refused, for they can hold scripts and fetch from elsewhere.
var ErrLogoInvalid = errors.New("logo invalid")

// Bounds of an uploaded logo; logoSide is the longest side of what is kept of it, three times of what is shown.
const (
	MaxLogoBytes = 512 << 10
	MaxLogoSide  = 2048
	logoSide     = 144
	// A page carries the logo, and may weigh 100 kB with everything.
	lightLogo = 24 << 10
)

// SetLogo keeps a picture as the app's logo. It is decoded, made small and written anew, so that nothing of the
// upload but its pixels is ever served. [ErrLogoInvalid], [ErrAppNotFound].
func (s *Service) SetLogo(ctx context.Context, clientID string, upload []byte) error {
	logo, mediaType, err := redraw(upload)
	if err != nil {
		return fmt.Errorf("set logo of %s: %w", clientID, err)
	}
	return s.changeApp(ctx, clientID, "app.logo_changed", func(a *App) (bool, error) {
		if bytes.Equal(a.Logo, logo) {
			return false, nil
		}
		a.Logo, a.LogoMediaType = logo, mediaType
		return true, nil
	})
}

// RemoveLogo takes the logo away: [ErrAppNotFound].
func (s *Service) RemoveLogo(ctx context.Context, clientID string) error {
	return s.changeApp(ctx, clientID, "app.logo_removed", func(a *App) (bool, error) {
		if len(a.Logo) == 0 {
			return false, nil
		}
		a.Logo, a.LogoMediaType = nil, ""
		return true, nil
	})
}

// redraw answers the picture's pixels in a file of our own. The size is read before any pixel is, so that a small
// file cannot unfold into a huge picture.
func redraw(upload []byte) (logo []byte, mediaType string, err error) {
	if len(upload) == 0 || len(upload) > MaxLogoBytes {
		return nil, "", fmt.Errorf("%d bytes: %w", len(upload), ErrLogoInvalid)
	}
	decode, size := png.Decode, png.DecodeConfig
	if bytes.HasPrefix(upload, []byte{0xff, 0xd8, 0xff}) {
		decode, size = jpeg.Decode, jpeg.DecodeConfig
	}
	head, err := size(bytes.NewReader(upload))
	if err != nil {
		return nil, "", errors.Join(ErrLogoInvalid, err)
	}
	if head.Width < 1 || head.Height < 1 || head.Width > MaxLogoSide || head.Height > MaxLogoSide {
		return nil, "", fmt.Errorf("%d x %d pixels: %w", head.Width, head.Height, ErrLogoInvalid)
	}
	picture, err := decode(bytes.NewReader(upload))
	if err != nil {
		return nil, "", errors.Join(ErrLogoInvalid, err)
	}
	small := shrink(picture, logoSide)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		return nil, "", fmt.Errorf("write logo: %w", err)
	}
	if out.Len() <= lightLogo || !small.Opaque() {
		return out.Bytes(), "image/png", nil
	}
	out.Reset() // a photograph
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: 85}); err != nil {
		return nil, "", fmt.Errorf("write logo: %w", err)
	}
	return out.Bytes(), "image/jpeg", nil
}

// shrink fits a picture into a square of that side by averaging; a smaller one keeps its size.
func shrink(in image.Image, side int) *image.NRGBA {
	b := in.Bounds()
	w, h := b.Dx(), b.Dy()
	if longest := max(w, h); longest > side {
		w, h = max(1, w*side/longest), max(1, h*side/longest)
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			area := image.Rect(b.Min.X+x*b.Dx()/w, b.Min.Y+y*b.Dy()/h, b.Min.X+(x+1)*b.Dx()/w, b.Min.Y+(y+1)*b.Dy()/h)
			out.Set(x, y, average(in, area))
		}
	}
	return out
}

// average mixes the colours of an area, each by its opacity.
func average(in image.Image, area image.Rectangle) color.Color {
	var r, g, b, a, n uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			pr, pg, pb, pa := in.At(x, y).RGBA() // 16 bits each, multiplied by the opacity
			r, g, b, a, n = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa), n+1
		}
	}
	n = max(n, 1)
	return color.RGBA64{R: uint16(r / n), G: uint16(g / n), B: uint16(b / n), A: uint16(a / n)} //nolint:gosec // an average of 16 bits has 16 bits
}
