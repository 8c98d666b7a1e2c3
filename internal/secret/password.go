package secret

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/alexedwards/argon2id"
)

var (
	// ErrBusy means that too many passwords are waiting to be hashed; the edge answers 503 with Retry-After.
	ErrBusy = errors.New("too many logins at once")
	// ErrPasswordTooLong means a password of more than [MaxPassword] bytes.
	ErrPasswordTooLong = errors.New("password too long")
)

// MaxPassword is the longest password that is hashed, in bytes.
const MaxPassword = 1024

// passwordParams are OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
var passwordParams = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// dummyHash is checked for users that do not exist, so that both answers take the same time. It is of the
// same parameters and of no password anyone can type.
const dummyHash = "$argon2id$v=19$m=19456,t=2,p=1$d29sZmllYXV0aGR1bW15cw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Passwords hashes and verifies passwords, at most one per core at a time, with a bounded queue behind.
type Passwords struct {
	slots   chan struct{}
	waiting atomic.Int64
	queue   int64
}

// NewPasswords makes a gate that hashes workers at a time and lets queue more wait; zeros mean one per core
// and 64 waiting.
func NewPasswords(workers, queue int) *Passwords {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if queue <= 0 {
		queue = 64
	}
	return &Passwords{slots: make(chan struct{}, workers), queue: int64(queue)}
}

// Hash answers the PHC string to store: [ErrPasswordTooLong], [ErrBusy], or the context's error.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > MaxPassword {
		return "", ErrPasswordTooLong
	}
	leave, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := argon2id.CreateHash(password, &passwordParams)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Verify tells whether password is the one of hash, and whether it should be hashed again because the
// parameters of the house have changed. An empty hash (no such user, or a user without a password) costs the
// same time and is never right. [ErrBusy], or the context's error.
func (p *Passwords) Verify(ctx context.Context, password, hash string) (ok, rehash bool, err error) {
	known := hash != "" && len(password) <= MaxPassword
	if !known {
		hash, password = dummyHash, "\x00"
	}
	leave, err := p.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	match, params, err := argon2id.CheckHash(password, hash)
	if err != nil {
		return false, false, fmt.Errorf("verify password: %w", err)
	}
	ok = match && known
	return ok, ok && *params != passwordParams, nil
}

func (p *Passwords) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.slots <- struct{}{}:
		return p.leave, nil
	default:
	}
	if p.waiting.Add(1) > p.queue {
		p.waiting.Add(-1)
		return nil, ErrBusy
	}
	defer p.waiting.Add(-1)
	select {
	case p.slots <- struct{}{}:
		return p.leave, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}

func (p *Passwords) leave() { <-p.slots }
