package admin

import (
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/permission"
	"github.com/wolfieauth/wolfieauth/internal/web"
)

const (
	// inviteBatch is how many invitations go at a time; what a list has more is offered next.
	inviteBatch = 500
	// faultsShown bounds the lines with a mistake that a page shows one by one.
	faultsShown = 500
	// maxFaultText bounds how much of such a line is repeated.
	maxFaultText = 120
)

// InviteRow is one person of a list: of good ones the address and role, of others what is wrong.
type InviteRow struct {
	Line        int // from 1
	Text        string
	Email, Role string
	RoleName    string
	Problem     string
	normal      string
}

// Faults are the lines of a list that are no invitation.
type Faults struct {
	Rows []InviteRow
	More int // beyond those that are listed
}

// Count is how many there are in all.
func (f Faults) Count() int { return len(f.Rows) + f.More }

// faultRows are the faults in the order of their lines.
func faultRows(all []InviteRow) Faults {
	slices.SortStableFunc(all, func(a, b InviteRow) int { return a.Line - b.Line })
	n := min(len(all), faultsShown)
	return Faults{Rows: all[:n], More: len(all) - n}
}

// inviteList is a list of people as it was typed, pasted or uploaded.
type inviteList struct {
	good, bad []InviteRow
	seen      map[string]bool
}

// inviteText is what was typed, with the uploaded file behind it.
func inviteText(form *web.Form, r *http.Request) (string, error) {
	text := form.Raw("addresses")
	if r.MultipartForm == nil {
		return text, nil
	}
	for _, upload := range r.MultipartForm.File["file"] {
		body, err := readUpload(upload)
		if err != nil {
			return "", err
		}
		text = strings.TrimRight(text, "\r\n") + "\n" + strings.TrimPrefix(body, "\ufeff")
	}
	return strings.TrimLeft(text, "\r\n"), nil
}

// readUpload answers a file of a form; the limit of the body bounds it.
func readUpload(upload *multipart.FileHeader) (string, error) {
	file, err := upload.Open()
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	body, err := io.ReadAll(file)
	return string(body), err
}

// inviteReader takes a list apart.
type inviteReader struct {
	c     echo.Context
	v     *visit
	usual string // the role of those who are given none
	list  *inviteList
}

// readInvites understands one address a line, several with anything usual in between, an address copied from a mail
// ("Jan Kowalski <jan@example.com>"), and a role behind an address, by its code or in words.
func readInvites(c echo.Context, v *visit, text, usual string) *inviteList {
	r := inviteReader{c: c, v: v, usual: usual, list: &inviteList{seen: map[string]bool{}}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		r.line(n, strings.TrimSpace(line))
	}
	return r.list
}

func (r *inviteReader) line(n int, line string) {
	if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
		r.list.fault(n, strings.ToValidUTF8(strings.ReplaceAll(line, "\x00", "�"), "�"), web.T(r.c, "team.line.unreadable"))
		return
	}
	parts := strings.FieldsFunc(line, func(c rune) bool { return c == ',' || c == ';' || c == '\t' })
	head := true
	for i, part := range parts {
		parts[i] = strings.TrimSpace(strings.Trim(strings.TrimSpace(part), `"'`))
		head = head && (parts[i] == "" || headWords[strings.ToLower(parts[i])])
	}
	if head {
		return
	}
	var people []InviteRow
	for _, part := range parts {
		role, isRole := r.role(part)
		switch {
		case part == "":
		case isRole && len(people) > 0:
			people[len(people)-1].Role = role
		case strings.Contains(part, "@"):
			for _, address := range addresses(part) {
				people = append(people, InviteRow{Line: n, Text: address, Email: address, Role: r.usual})
			}
		case len(people) == 0 && !isRole:
			people = append(people, InviteRow{Line: n, Text: part, Email: part, Role: r.usual})
		default:
			people = append(people, InviteRow{Line: n, Text: part, Problem: web.T(r.c, "team.line.neither")})
		}
	}
	for _, p := range people {
		r.add(p)
	}
}

// headWords begin a table, and are no people.
//
//nolint:misspell // some are Polish
var headWords = map[string]bool{"email": true, "e-mail": true, "mail": true, "address": true, "adres": true, "adres e-mail": true, "role": true, "rola": true}

// addresses finds the addresses in a part of a line.
func addresses(part string) []string {
	if _, rest, found := strings.Cut(part, "<"); found {
		if inner, _, closed := strings.Cut(rest, ">"); closed {
			return []string{strings.TrimSpace(inner)}
		}
	}
	if strings.Count(part, "@") > 1 {
		return strings.Fields(part)
	}
	return []string{part}
}

// role reads a role by its code or in the words of the page.
func (r *inviteReader) role(text string) (string, bool) {
	for _, role := range permission.Roles() {
		if strings.EqualFold(text, string(role)) || strings.EqualFold(text, roleName(r.c, role)) {
			return string(role), true
		}
	}
	return "", false
}

func (r *inviteReader) add(row InviteRow) {
	if row.Problem != "" {
		r.list.fault(row.Line, row.Text, row.Problem)
		return
	}
	email, normal, err := idp.ParseEmail(row.Email)
	switch {
	case err != nil:
		r.list.fault(row.Line, row.Text, web.T(r.c, "team.line.email"))
	case !r.v.mayGive(row.Role):
		r.list.fault(row.Line, row.Text, web.T(r.c, "team.refused.role_high"))
	case r.list.seen[normal]:
		r.list.fault(row.Line, row.Text, web.T(r.c, "team.line.twice"))
	default:
		row.Email, row.normal, row.RoleName = email, normal, roleName(r.c, permission.Role(row.Role))
		r.list.seen[normal] = true
		r.list.good = append(r.list.good, row)
	}
}

// fault sets a line apart; only the beginning of a long one is kept.
func (l *inviteList) fault(n int, text, problem string) {
	if short := []rune(text); len(short) > maxFaultText {
		text = string(short[:maxFaultText]) + "…"
	}
	l.bad = append(l.bad, InviteRow{Line: n, Text: text, Problem: problem})
}

// setApart takes out those for whom why has a sentence.
func (l *inviteList) setApart(why func(normal string) string) {
	kept := l.good[:0]
	for _, row := range l.good {
		if problem := why(row.normal); problem != "" {
			l.fault(row.Line, row.Email, problem)
		} else {
			kept = append(kept, row)
		}
	}
	l.good = kept
}

// batch parts the people who are invited now from those who are offered next.
func (l *inviteList) batch() (now, later []InviteRow) {
	n := min(len(l.good), inviteBatch)
	return l.good[:n], l.good[n:]
}

// linesOf writes people as lines that read the same again.
func linesOf(rows []InviteRow) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(row.Email + "," + row.Role + "\n")
	}
	return b.String()
}
