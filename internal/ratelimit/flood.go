package ratelimit

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxAddresses bounds the memory of a [Flood]; 64k limiters take about 10 MB.
const maxAddresses = 1 << 16

// Flood bounds requests per second by address, in this process alone. It is safe for concurrent use.
type Flood struct {
	perSecond rate.Limit
	burst     int
	now       func() time.Time

	mu   sync.Mutex
	seen map[netip.Prefix]*visitor
}

type visitor struct {
	limiter *rate.Limiter
	last    time.Time
}

// NewFlood allows perSecond requests a second from one address, after a burst.
func NewFlood(perSecond float64, burst int, now func() time.Time) *Flood {
	return &Flood{perSecond: rate.Limit(perSecond), burst: burst, now: now, seen: map[netip.Prefix]*visitor{}}
}

// Allow counts one request from ip and tells whether it may pass. One IPv6 network of 64 bits counts as one
// address, because a household owns as many. Text that is no address shares one count.
func (f *Flood) Allow(ip string) bool {
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	p := network(ip)
	v := f.seen[p]
	if v == nil {
		if len(f.seen) >= maxAddresses {
			f.sweep(now)
		}
		v = &visitor{limiter: rate.NewLimiter(f.perSecond, f.burst)}
		f.seen[p] = v
	}
	v.last = now
	return v.limiter.AllowN(now, 1)
}

// sweep forgets the visitors whose allowance is full again; when everybody is busy it forgets all, for a
// bound on memory matters more than one second's count.
func (f *Flood) sweep(now time.Time) {
	refill := time.Duration(float64(f.burst) / float64(f.perSecond) * float64(time.Second))
	for p, v := range f.seen {
		if now.Sub(v.last) >= refill {
			delete(f.seen, p)
		}
	}
	if len(f.seen) >= maxAddresses {
		clear(f.seen)
	}
}

func network(ip string) netip.Prefix {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
