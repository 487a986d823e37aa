package diag

import (
	"os/user"
	"slices"
	"strconv"
	"testing"
)

// TestLookupUser: by name and by number, with a group in the place of the user's own.
func TestLookupUser(t *testing.T) {
	me, err := user.LookupId("0")
	if err != nil {
		t.Skip(err)
	}
	by := lookupUser(me.Username)
	if by.UID != 0 || by.Failure != "" {
		t.Errorf("%+v", by)
	}
	if n := lookupUser("#0"); n.UID != 0 || !slices.Equal(n.GIDs, by.GIDs) {
		t.Errorf("%+v and %+v", n, by)
	}
	if n := lookupUser("#987654:#98765"); n.UID != 987654 || !slices.Equal(n.GIDs, []int{98765}) || n.Failure != "" {
		t.Errorf("%+v", n)
	}
	own, _ := strconv.Atoi(me.Gid)
	if n := lookupUser(me.Username + ":#98765"); slices.Contains(n.GIDs, own) || !slices.Contains(n.GIDs, 98765) {
		t.Errorf("%+v", n)
	}
	if n := lookupUser("nobody-has-this-name"); n.Failure == "" {
		t.Errorf("%+v", n)
	}
}
