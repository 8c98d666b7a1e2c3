package app

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/wolfieauth/wolfieauth/idp"
)

// logoURL changes when the logo does, so that browsers may keep it for ever. idp/login serves it.
func logoURL(base string, a idp.App) string {
	sum := sha256.Sum256(a.Logo)
	return base + "/apps/" + a.ClientID + "/logo?v=" + hex.EncodeToString(sum[:6])
}
