package keys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/secret"
)

// rsaBits is what RFC 7518 asks for; longer keys would sign several times slower.
const rsaBits = 2048

// set is the keys of one moment, ready to use.
type set struct {
	signers map[string]map[string]jose.Signer // by algorithm, by `typ`
	public  jose.JSONWebKeySet
	json    []byte
}

// The `typ` headers that are signed.
const (
	TypeIDToken     = "JWT"
	TypeAccessToken = "at+jwt" // RFC 9068
)

func (k *Keys) set(ctx context.Context) (*set, error) { return k.cache.Load(ctx, struct{}{}) }

// Sign answers payload as a compact JWS under the active key of alg. [idp.ErrKeyUnavailable] for an unknown
// algorithm.
func (k *Keys) Sign(ctx context.Context, alg, typ string, payload []byte) (string, error) {
	s, err := k.set(ctx)
	if err != nil {
		return "", err
	}
	signer := s.signers[alg][typ]
	if signer == nil {
		return "", fmt.Errorf("sign %s with %s: %w", typ, alg, idp.ErrKeyUnavailable)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign %s with %s: %w", typ, alg, err)
	}
	return jws.CompactSerialize()
}

// Verify checks a compact JWS of ours, whose `typ` must be the given one, and answers its payload. Only our
// published keys count, each with its own algorithm; keys and algorithms that the token names itself do not.
func (k *Keys) Verify(ctx context.Context, token, typ string) ([]byte, error) {
	s, err := k.set(ctx)
	if err != nil {
		return nil, err
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA})
	if err != nil {
		return nil, fmt.Errorf("parse token: %w", errNotOurs)
	}
	head := jws.Signatures[0].Header
	found := s.public.Key(head.KeyID)
	if len(found) != 1 || found[0].Algorithm != head.Algorithm || head.ExtraHeaders[jose.HeaderType] != typ {
		return nil, errNotOurs
	}
	payload, err := jws.Verify(found[0].Key)
	if err != nil {
		return nil, fmt.Errorf("verify token: %w", errNotOurs)
	}
	return payload, nil
}

var errNotOurs = errors.New("not signed by a key of ours")

// JWKS answers the published key set as JSON.
func (k *Keys) JWKS(ctx context.Context) ([]byte, error) {
	s, err := k.set(ctx)
	if err != nil {
		return nil, err
	}
	return s.json, nil
}

func (k *Keys) load(ctx context.Context) (*set, error) {
	rows, err := k.store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	s := &set{signers: map[string]map[string]jose.Signer{}, public: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}}
	for _, row := range rows {
		if row.ExpiresAt != nil && row.ExpiresAt.Before(k.now()) {
			continue
		}
		var pub jose.JSONWebKey
		if err := json.Unmarshal([]byte(row.PublicJWK), &pub); err != nil {
			return nil, fmt.Errorf("read public key %s: %w", row.ID, err)
		}
		s.public.Keys = append(s.public.Keys, pub)
		if row.State == idp.KeyActive {
			if s.signers[row.Alg], err = k.signers(row); err != nil {
				return nil, err
			}
		}
	}
	s.json, err = json.Marshal(s.public)
	return s, err
}

func (k *Keys) signers(row idp.SigningKey) (map[string]jose.Signer, error) {
	der, err := k.box.Open(row.PrivateSealed, place(row.ID))
	if err != nil {
		return nil, fmt.Errorf("open signing key %s: %w", row.ID, err)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("read signing key %s: %w", row.ID, err)
	}
	out := map[string]jose.Signer{}
	for _, typ := range []string{TypeIDToken, TypeAccessToken} {
		key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(row.Alg), Key: jose.JSONWebKey{Key: private, KeyID: row.ID}}
		out[typ], err = jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
		if err != nil {
			return nil, fmt.Errorf("prepare signing key %s: %w", row.ID, err)
		}
	}
	return out, nil
}

func place(id string) secret.Place {
	return secret.Place{Table: "signing_keys", Column: "private_sealed", Row: id}
}

func (k *Keys) generate(alg string) (idp.SigningKey, error) {
	private, err := newKey(alg)
	if err != nil {
		return idp.SigningKey{}, fmt.Errorf("generate %s key: %w", alg, err)
	}
	pub := jose.JSONWebKey{Key: private.Public(), Algorithm: alg, Use: "sig"}
	thumb, err := pub.Thumbprint(crypto.SHA256)
	if err != nil {
		return idp.SigningKey{}, fmt.Errorf("name %s key: %w", alg, err)
	}
	pub.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return idp.SigningKey{}, fmt.Errorf("write %s key: %w", alg, err)
	}
	public, err := json.Marshal(pub)
	if err != nil {
		return idp.SigningKey{}, fmt.Errorf("write public %s key: %w", alg, err)
	}
	return idp.SigningKey{ID: pub.KeyID, Alg: alg, PublicJWK: string(public), PrivateSealed: k.box.Seal(der, place(pub.KeyID))}, nil
}

func newKey(alg string) (crypto.Signer, error) {
	switch alg {
	case RS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	default:
		return nil, idp.ErrKeyUnavailable
	}
}

// ignoreLost drops the error of a race that another replica won.
func ignoreLost(err error) error {
	if errors.Is(err, idp.ErrKeyUnavailable) {
		return nil
	}
	return err
}
