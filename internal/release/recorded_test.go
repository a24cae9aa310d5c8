package release

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/pkg/skycap"
)

func summed(number int, revision string, running map[string]skycap.Running) skycap.Release {
	found := skycap.Release{Number: number, Revision: revision, Running: running}
	for name := range running {
		found.Services = append(found.Services, name)
	}
	return found
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	runs := func(config string, digests ...string) map[string]skycap.Running {
		return map[string]skycap.Running{"web": {Config: config, Digests: digests}}
	}
	both := map[string]skycap.Running{"web": {Config: "c1", Digests: []string{digestA}}, "api": {}}
	made := func(services ...Service) *Release {
		return &Release{Revision: revision.Revision{ID: "r1"}, Services: services}
	}
	service := Service{
		Name: "web", Images: map[string]image.Image{"web": {Digest: digestA}},
		Config: "c1",
	}
	onHosts := func(manifest string) Service {
		return Service{Name: "web", Target: skycap.TargetHosts, Config: "c1", Folder: &Folder{Manifest: manifest}}
	}
	inFolder := func(manifest string) map[string]skycap.Running {
		return map[string]skycap.Running{"web": {Config: "c1", Folder: (&Folder{Manifest: manifest}).Key()}}
	}
	inBoth := map[string]skycap.Running{"web": {Config: "c1", Digests: []string{digestA}, Folder: inFolder("f1")["web"].Folder}}
	for name, test := range map[string]struct {
		release  *Release
		releases []skycap.Release
		want     int
	}{
		"never":               {made(service), nil, 0},
		"nothing ever":        {made(), nil, 0},
		"just this":           {made(service), []skycap.Release{summed(3, "r1", runs("c1", digestA))}, 3},
		"another revision":    {made(service), []skycap.Release{summed(3, "r0", runs("c1", digestA))}, 0},
		"other configuration": {made(service), []skycap.Release{summed(3, "r1", runs("c0", digestA))}, 0},
		"another image":       {made(service), []skycap.Release{summed(3, "r1", runs("c1", digestB))}, 0},
		"no image":            {made(service), []skycap.Release{summed(3, "r1", runs("c1"))}, 0},
		"before the newest":   {made(service), []skycap.Release{summed(4, "r2", runs("c1", digestA)), summed(3, "r1", runs("c1", digestA))}, 0},
		"the newest is of others": {
			made(service), []skycap.Release{
				summed(4, "r2", map[string]skycap.Running{"api": {}}), summed(3, "r1", runs("c1", digestA)),
			}, 3,
		},
		"one of two is missing": {made(service, Service{Name: "api"}), []skycap.Release{summed(3, "r1", runs("c1", digestA))}, 0},
		"on hosts":              {made(onHosts("f1")), []skycap.Release{summed(3, "r1", inFolder("f1"))}, 3},
		"another folder":        {made(onHosts("f1")), []skycap.Release{summed(3, "r1", inFolder("f2"))}, 0},
		"in both":               {made(service, onHosts("f1")), []skycap.Release{summed(3, "r1", inBoth)}, 3},
		"in one of two places":  {made(service, onHosts("f1")), []skycap.Release{summed(3, "r1", runs("c1", digestA))}, 0},
		"in one place now":      {made(service), []skycap.Release{summed(3, "r1", inBoth)}, 0},
		"two":                   {made(service, Service{Name: "api"}), []skycap.Release{summed(3, "r1", both)}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			number, _, _ := Recorded(test.release, test.releases)
			assert.Equal(t, test.want, number)
		})
	}
}

// inTwoPlaces is a release of a service that runs in Kubernetes and on hosts.
func inTwoPlaces() *Release {
	return &Release{App: "storefront", Environment: "staging", Services: []Service{
		{Name: "api", Target: skycap.TargetHosts, Folder: &Folder{Manifest: "m1"}},
		{Name: "web", Target: skycap.TargetKubernetes, Config: "c1", After: []string{"api"}, Images: map[string]image.Image{"web": {Digest: digestA}}},
		{Name: "web", Target: skycap.TargetHosts, Config: "c1", After: []string{"api"}, Folder: &Folder{
			Manifest: "m2", Branch: "default", UnitFile: []byte("[Service]"), Service: Hosting{DeployTo: "/srv/web", Unit: "web.service"},
		}},
	}}
}

func TestAServiceInTwoPlaces(t *testing.T) {
	t.Parallel()
	made := inTwoPlaces()
	assert.Equal(t, []string{"api", "web"}, made.Names(), "each once")
	assert.Len(t, made.Named("web"), 2)
	waves := made.Waves()
	require.Len(t, waves, 2)
	assert.Len(t, waves[1], 2, "both places in one wave")

	running := made.Summary(3).Running
	assert.Equal(t, skycap.Running{Config: "c1", Digests: []string{digestA}, Folder: made.Services[2].Folder.Key()}, running["web"])
}

func TestARecordKeepsPlaces(t *testing.T) {
	t.Parallel()
	made := inTwoPlaces()
	record, err := made.Record(3)
	require.NoError(t, err)
	unpacked, err := Unpack(partsOf(t, record))
	require.NoError(t, err)
	for _, service := range made.Services {
		found, ok := unpacked.At(service.Place())
		require.True(t, ok, "%v", service.Place())
		assert.Equal(t, service.Folder, found.Folder)
	}
	_, ok := unpacked.At(Place{"api", skycap.TargetKubernetes})
	assert.False(t, ok)

	made.Services = []Service{{Name: "web"}} // as versions wrote it that knew no hosts
	record, err = made.Record(4)
	require.NoError(t, err)
	unpacked, err = Unpack(partsOf(t, record))
	require.NoError(t, err)
	assert.Equal(t, skycap.TargetKubernetes, unpacked.Services[0].Target)
}
