package ksef

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Errors of an [API].
var (
	// ErrPending means that the document was taken and has no number of the system yet; ask again.
	ErrPending = errors.New("not numbered yet")
	// ErrRefused means that the document was not taken.
	ErrRefused = errors.New("not taken")
)

// API delivers documents through an invoicing service over HTTP: PUT <URL>/api/ksef/invoices/<our id> with the
// document as the body. docs/contracts/invoice-delivery.md says what it answers.
type API struct {
	URL    string // without a slash at its end
	Token  string
	Client *http.Client // nil is one that waits 20 seconds and follows no redirects
}

const answerLimit = 64 << 10

// Issue sends the document. The id is ours and in the address, so sending it again makes nothing twice.
func (a API) Issue(ctx context.Context, id, number string, doc []byte) (ksefNumber, receipt string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, a.URL+"/api/ksef/invoices/"+url.PathEscape(id), bytes.NewReader(doc))
	if err != nil {
		return "", "", err
	}
	r.Header.Set("Authorization", "Bearer "+a.Token)
	r.Header.Set("Content-Type", "application/xml; charset=utf-8")
	r.Header.Set("Idempotency-Key", id)
	r.Header.Set("Invoice-Number", number)
	client := a.Client
	if client == nil {
		client = &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	res, err := client.Do(r)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if err != nil {
		return "", "", err
	}
	switch res.StatusCode {
	case http.StatusOK, http.StatusCreated:
	case http.StatusAccepted:
		return "", "", fmt.Errorf("%w: %s", ErrPending, number)
	default:
		return "", "", fmt.Errorf("%w: %s answered %d", ErrRefused, number, res.StatusCode) // the body may repeat secrets
	}
	var got struct {
		Number string `json:"ksefNumber"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return "", "", fmt.Errorf("%w: %s: unreadable answer", ErrRefused, number)
	}
	if !numberForm.MatchString(got.Number) {
		return "", "", fmt.Errorf("%w: %s: an answer without a number of the system", ErrPending, number)
	}
	return got.Number, strings.ToValidUTF8(string(body), "\uFFFD"), nil
}
