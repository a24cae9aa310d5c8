package image

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
)

func TestRunsOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		platforms []Platform
		node      Platform
		want      bool
	}{
		{nil, Platform{OS: "linux", Architecture: "amd64"}, true},
		{[]Platform{{OS: "linux", Architecture: "amd64"}}, Platform{OS: "linux", Architecture: "amd64"}, true},
		{[]Platform{{OS: "linux", Architecture: "arm64", Variant: "v8"}}, Platform{OS: "linux", Architecture: "arm64"}, true},
		{[]Platform{{OS: "linux", Architecture: "arm64"}}, Platform{OS: "linux", Architecture: "amd64"}, false},
		{[]Platform{{OS: "linux", Architecture: "arm64"}, {OS: "linux", Architecture: "amd64"}}, Platform{OS: "linux", Architecture: "amd64"}, true},
		{[]Platform{{OS: "windows", Architecture: "amd64"}}, Platform{OS: "linux", Architecture: "amd64"}, false},
		{[]Platform{{OS: "linux", Architecture: "386"}}, Platform{OS: "linux", Architecture: "amd64"}, true},
		{[]Platform{{OS: "linux", Architecture: "arm", Variant: "v7"}}, Platform{OS: "linux", Architecture: "arm"}, true},
		{[]Platform{{OS: "linux", Architecture: "arm", Variant: "v7"}}, Platform{OS: "linux", Architecture: "arm64"}, true},
		{[]Platform{{OS: "linux", Architecture: "amd64"}}, Platform{OS: "linux", Architecture: "386"}, false},
	} {
		assert.Equal(t, test.want, Image{Platforms: test.platforms}.RunsOn(test.node), "%v on %v", test.platforms, test.node)
	}
}

func TestPlatformsOf(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []Platform{{OS: "linux", Architecture: "amd64"}}, platformsOf(&v1.Platform{OS: "linux", Architecture: "x86_64"}))
	assert.Nil(t, platformsOf(nil))
	assert.Nil(t, platformsOf(&v1.Platform{}))
	assert.Nil(t, platformsOf(&v1.Platform{OS: "linux", Architecture: "amd64"}, &v1.Platform{OS: "linux"}))
	assert.Equal(t, "linux/arm/v7", Platform{OS: "linux", Architecture: "arm", Variant: "v7"}.String())
}
