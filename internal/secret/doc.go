// Package secret keeps what must not be read: random tokens stored only as hashes, values sealed at rest
// under a master key, and passwords hashed through a gate so that a storm of logins cannot starve the rest.
package secret
