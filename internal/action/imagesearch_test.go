package action

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/settings"
)

// ci is a registry that has images from some time on, and until then answers as it is told.
type ci struct {
	mutex sync.Mutex
	began time.Time
	comes map[string]time.Duration // when an image is there; left out: never
	says  map[string]error         // until then; left out: not found
	asked map[string]int
}

func (c *ci) find(_ context.Context, repository, tag string) (image.Image, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.asked[repository]++
	if comes, ok := c.comes[repository]; ok && time.Since(c.began) >= comes {
		return image.Image{Repository: repository, Tag: tag, Digest: "sha256:a"}, nil
	}
	if err := c.says[repository]; err != nil {
		return image.Image{}, err
	}
	return image.Image{}, &image.NotFoundError{Image: repository + ":" + tag}
}

// search is a search in it, and what it tells.
func (c *ci) search(wait time.Duration) (search *imageSearch, told *[]string) {
	told = &[]string{}
	c.began, c.asked = time.Now(), map[string]int{}
	tell := func(text string) { *told = append(*told, text) }
	return &imageSearch{find: c.find, tag: "3f2c", wait: wait, now: time.Now, waiting: tell, warn: tell}, told
}

// served are services, each with one image of its name; two may share one.
func served(images ...string) []settings.Placed {
	var services []settings.Placed
	for _, name := range images {
		services = append(services, settings.Placed{
			Service: &settings.Service{Name: name, Images: map[string]string{name: name}}, Target: settings.TargetKubernetes,
		})
	}
	return services
}

func TestImagesAreWaitedForUntilAllAreThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &ci{comes: map[string]time.Duration{"web": 0, "api": 5 * time.Second, "mail": time.Minute}}
		search, told := c.search(10 * time.Minute)
		assert.True(t, search.all(t.Context(), served("web", "api", "mail", "web")))
		require.NoError(t, search.faults())
		assert.Len(t, search.found, 3)
		assert.Equal(t, time.Minute, time.Since(c.began))
		assert.Equal(t, map[string]int{"web": 1, "api": 4, "mail": 31}, c.asked, "none that was found is asked for again")
		until := c.began.Add(10 * time.Minute).Format(time.TimeOnly)
		assert.Equal(t, []string{
			`2 images are not there yet, and looked for until ` + until + `: "api:3f2c", "mail:3f2c"`,
			`an image is not there yet, and looked for until ` + until + `: "mail:3f2c"`,
		}, *told)
	})
}

func TestImagesThatDoNotCome(t *testing.T) {
	t.Parallel()
	denied, unknown := &image.DeniedError{Image: "api:3f2c", LetIn: true}, &image.DeniedError{Image: "api:3f2c"}
	down := &image.UnreachableError{Registry: "r", Image: "api:3f2c", Err: errors.New("HTTP status 503")}
	missing := &image.NotFoundError{Image: "web:3f2c"}
	mismatch := &image.MismatchError{}
	for name, test := range map[string]struct {
		ci   *ci
		wait time.Duration
		want error
		took time.Duration
		told int
	}{
		"nobody waits": {
			ci: &ci{}, want: errors.Join(&image.NotFoundError{Image: "api:3f2c"}, missing),
		},
		"the time is over": {
			ci: &ci{comes: map[string]time.Duration{"api": 0}}, wait: 61 * time.Second, took: 61 * time.Second, told: 1,
			want: errors.Join(&image.OverdueError{Tag: "3f2c", After: 61 * time.Second, Err: missing}),
		},
		"one is denied, as some registries do to what isn't there yet": {
			ci:   &ci{comes: map[string]time.Duration{"web": 0, "api": 30 * time.Second}, says: map[string]error{"api": denied}},
			wait: time.Minute, took: 30 * time.Second, told: 2,
		},
		"nobody is logged in": {
			ci: &ci{says: map[string]error{"api": unknown}}, wait: time.Minute,
			want: errors.Join(unknown, missing),
		},
		"one is another revision's": {
			ci: &ci{says: map[string]error{"api": mismatch}}, wait: time.Minute,
			want: errors.Join(mismatch, missing),
		},
		"a registry is down for a while": {
			ci:   &ci{comes: map[string]time.Duration{"web": 0, "api": 30 * time.Second}, says: map[string]error{"api": down}},
			wait: time.Minute, took: 30 * time.Second, told: 2,
		},
		"a registry is down": {
			ci:   &ci{comes: map[string]time.Duration{"web": 0}, says: map[string]error{"api": down}},
			wait: time.Minute, took: time.Minute, told: 2,
			want: errors.Join(&image.OverdueError{Tag: "3f2c", After: time.Minute, Err: down}),
		},
		"what keeps all of them away is told once": {
			ci:   &ci{says: map[string]error{"api": errors.New("no login"), "web": errors.New("no login")}},
			want: errors.Join(errors.New("no login")),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				search, told := test.ci.search(test.wait)
				search.all(t.Context(), served("api", "web"))
				assert.Equal(t, test.want, search.faults())
				assert.Equal(t, test.took, time.Since(test.ci.began))
				assert.Len(t, *told, test.told)
			})
		})
	}
}

func TestNobodyWaitsOnceItIsNoUse(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"known before": 0, "learned later": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &ci{}
				search, told := c.search(time.Hour)
				search.worth = func() bool { time.Sleep(after); return false }
				search.all(t.Context(), served("api", "web"))
				require.NoError(t, search.faults(), "what may still come is no fault")
				assert.Equal(t, after, time.Since(c.began))
				assert.Empty(t, *told, "who may be asked something must see it")
			})
		})
	}
}

func TestCtrlCEndsTheWaitForImagesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		began := time.Now()
		c := &ci{}
		search, _ := c.search(time.Hour)
		search.find = func(ctx context.Context, repository, tag string) (image.Image, error) {
			if ctx.Err() != nil {
				return image.Image{}, context.Canceled
			}
			return c.find(ctx, repository, tag)
		}
		assert.False(t, search.all(ctx, served("web")))
		require.ErrorIs(t, search.faults(), context.Canceled)
		assert.Equal(t, 500*time.Millisecond, time.Since(began))
	})
}
