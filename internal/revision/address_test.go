package revision

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckAddress(t *testing.T) {
	t.Parallel()
	for address, rule := range map[string]string{
		"https://hg.example.com/shop":          "",
		"http://ann:x@[::1]:8000/shop?a":       "",
		"ssh://hg@example.com:22//srv/shop":    "",
		"file:///srv/shop":                     "",
		"-http://x":                            "is no URL",
		"ssh://-oProxyCommand=touch pwned/x":   "is no URL", // a space
		"ssh://-oProxyCommand=id/x":            "names a host or a user that begins with a dash",
		"ssh://-oProxyCommand=id@h/x":          "names a host or a user that begins with a dash",
		"ssh://%2doProxyCommand=id@h/x":        "names a host or a user that begins with a dash",
		"ssh:///x":                             "names no host",
		"ext::sh -c id":                        "is no URL",
		"ext::http://x":                        "is no URL that hg may use: of https, http, ssh, file",
		"bundle://x/y":                         "is no URL that hg may use",
		"HTTPS2://x/y":                         "is no URL that hg may use",
		"git@example.com:shop/web.git":         "is git's short form; write it as a URL, such as ssh://git@example.com/shop/web.git",
		"https://example.com/x\n--config=a=!b": "is no URL",
	} {
		err := checkAddress(Mercurial, address)
		if rule == "" {
			require.NoError(t, err, address)
			continue
		}
		var refused *AddressError
		require.ErrorAs(t, err, &refused, address)
		assert.Contains(t, refused.Rule, rule, address)
		assert.True(t, IsAddress(address), address)
	}
	for _, path := range []string{".", "/srv/shop", "../shop", `C:\shop`, "shop"} {
		assert.False(t, IsAddress(path), path)
	}
}

func TestWhatIsSaidOfAnAddressLetsNobodyIn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ address, said, want string }{
		{"https://ann:s%40cret@h/x?t=tok", "can't read https://ann:s%40cret@h/x?t=tok", "can't read https://h/x"},
		{"https://ann:s%40cret@h/x", "password s@cret of https://ann:s%40cret@h/x/info", "password … of https://h/x/info"},
		{"https://t0ken@h/x", "https://t0ken@h/x/info/refs: 403", "https://h/x/info/refs: 403"},
		{"ssh://hg:pw@h/x", "ssh://hg:pw@h/x: no", "ssh://hg@h/x: no"},
		{"ssh://hg@h/x", "hg@h: Permission denied", "hg@h: Permission denied"},
		{"https://h/x", "nothing to hide", "nothing to hide"},
	} {
		assert.Equal(t, test.want, without(test.said, test.address))
	}
}
