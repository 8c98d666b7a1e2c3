package idp

import (
	"context"
	"strings"
	"unicode/utf8"
)

// MemberFilter picks a page of an org's members by address. Search finds part of an address or a name. After is
// the cursor that the page before answered; what is no such cursor gives the first page, or an empty one.
// Removed lists those who were removed instead of the active ones.
type MemberFilter struct {
	OrgID, Search, After string
	Limit                int // 50 when 0, 200 at most
	Removed              bool
}

// MemberLists reads many members at a time.
type MemberLists interface {
	// MemberPage answers at most f.Limit members whose address comes after that of the member f.After.
	MemberPage(ctx context.Context, f MemberFilter) ([]Member, error)
	// CountOwners counts the active owners.
	CountOwners(ctx context.Context, orgID string) (int64, error)
}

// MemberPage answers a page of an org's members and the cursor of the next one, "" at the end.
func (s *Service) MemberPage(ctx context.Context, f MemberFilter) (page []Member, next string, err error) {
	limit := pageLimit(f.Limit)
	f.Limit, f.Search = limit+1, searchText(f.Search)
	page, err = s.deps.Store.MemberPage(ctx, f)
	if err != nil || len(page) <= limit {
		return page, "", err
	}
	return page[:limit], page[limit-1].Membership.UserID, nil
}

// searchText is what was typed into a search box, made fit to be looked for.
func searchText(typed string) string {
	if !utf8.ValidString(typed) || strings.ContainsRune(typed, 0) {
		return ""
	}
	return cleanName(typed)
}
