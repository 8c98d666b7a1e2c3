package claims

// SafeMerge puts the claim and its version into dst, a token's extra claims,
// and leaves every other key alone: slugs, names and feature keys are values
// inside the array and can never become claims of their own. The two names
// belong to this package, so whatever dst held under them is replaced, or
// removed when the claim is absent. dst must not be nil.
func SafeMerge(dst map[string]any, r Result) {
	if !r.Present {
		delete(dst, ClaimPlans)
		delete(dst, ClaimPlansVersion)
		return
	}
	dst[ClaimPlans] = r.Plans
	dst[ClaimPlansVersion] = r.Version
}
