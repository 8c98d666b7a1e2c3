package ksef_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wolfieauth/wolfieauth/billing/ksef"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	f := ksef.Folder{Dir: t.TempDir()}
	for range 2 {
		if number, receipt, err := f.Issue(t.Context(), "id", "WA/2026/1", []byte("<x/>")); err != nil || number != "" || receipt != "WA-2026-1.xml" {
			t.Fatalf("%q %q %v", number, receipt, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(f.Dir, "WA-2026-1.xml")); err != nil || string(got) != "<x/>" {
		t.Errorf("%q %v", got, err)
	}
	if _, _, err := f.Issue(t.Context(), "id", "WA/2026/1", []byte("<y/>")); !errors.Is(err, ksef.ErrTaken) {
		t.Errorf("another document of the same number: %v", err)
	}
	if entries, err := os.ReadDir(f.Dir); err != nil || len(entries) != 1 {
		t.Errorf("%v %v", entries, err)
	}
	if _, _, err := (ksef.Folder{Dir: filepath.Join(f.Dir, "nowhere")}).Issue(t.Context(), "id", "1", nil); err == nil {
		t.Error("wrote into a folder that is not there")
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	const number = "9999999999-20261201-0123456789AB-CD"
	for name, tc := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"created":      {http.StatusCreated, `{"ksefNumber":"` + number + `","receipt":"UPO"}`, nil},
		"there":        {http.StatusOK, `{"ksefNumber":"` + number + `"}`, nil},
		"under way":    {http.StatusAccepted, `{}`, ksef.ErrPending},
		"no number":    {http.StatusOK, `{}`, ksef.ErrPending},
		"refused":      {http.StatusUnprocessableEntity, `{}`, ksef.ErrRefused},
		"no token":     {http.StatusUnauthorized, ``, ksef.ErrRefused},
		"broken":       {http.StatusInternalServerError, `oops`, ksef.ErrRefused},
		"a page":       {http.StatusOK, `<html>`, ksef.ErrRefused},
		"led astray":   {http.StatusFound, ``, ksef.ErrRefused},
		"wrong number": {http.StatusOK, `{"ksefNumber":"1"}`, ksef.ErrPending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Method != http.MethodPut || r.URL.Path != "/api/ksef/invoices/id-1" || r.Header.Get("Authorization") != "Bearer secret" ||
					r.Header.Get("Idempotency-Key") != "id-1" || string(body) != "<x/>" {
					t.Errorf("%s %s %v %s", r.Method, r.URL.Path, r.Header, body)
				}
				if tc.status == http.StatusFound {
					w.Header().Set("Location", "/elsewhere")
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer door.Close()
			got, receipt, err := ksef.API{URL: door.URL, Token: "secret"}.Issue(t.Context(), "id-1", "WA/2026/1", []byte("<x/>"))
			if !errors.Is(err, tc.want) || tc.want == nil && (got != number || receipt != tc.body) {
				t.Errorf("%q %q %v", got, receipt, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error("the token is told")
			}
		})
	}
}

func TestBank(t *testing.T) {
	t.Parallel()
	answer, status := "", http.StatusOK
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/exchangerates/rates/a/eur/2026-11-20/2026-11-29/" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	defer door.Close()
	b := ksef.Bank{URL: door.URL}
	answer = `{"table":"A","code":"EUR","rates":[{"effectiveDate":"2026-11-26","mid":4.25},{"effectiveDate":"2026-11-27","mid":4.2567}]}`
	if got, err := b.Rate(t.Context(), "EUR", day("2026-11-30")); err != nil || got != "4.2567" {
		t.Errorf("%q %v", got, err)
	}
	for _, answer = range []string{
		`{"code":"USD","rates":[{"effectiveDate":"2026-11-27","mid":4.2567}]}`, `{"code":"EUR","rates":[]}`, `{"code":"EUR","rates":[{"effectiveDate":"2026-11-30","mid":4}]}`,
		`{"code":"EUR","rates":[{"effectiveDate":"2026-11-27","mid":-4}]}`, `{"code":"EUR","rates":[{"effectiveDate":"2026-11-27","mid":4e9}]}`, `no`,
	} {
		if got, err := b.Rate(t.Context(), "EUR", day("2026-11-30")); err == nil {
			t.Errorf("%s: %q", answer, got)
		}
	}
	status = http.StatusNotFound
	if _, err := b.Rate(t.Context(), "EUR", day("2026-11-30")); !errors.Is(err, ksef.ErrNoRate) {
		t.Error(err)
	}
}
