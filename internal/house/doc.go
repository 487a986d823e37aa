// Package house holds the tests of rules that the whole repository keeps: which
// package may import which, and where a server's name may stand.
package house
