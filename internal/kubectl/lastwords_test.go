package kubectl

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWordsThatComeLateAreWaitedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		said time.Duration // when; 0 for never
		took time.Duration
		want string
	}{
		"in time": {said: 300 * time.Millisecond, took: 300 * time.Millisecond, want: "token expired"},
		"never":   {took: wordsWithin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var words lastWords
				if test.said > 0 {
					time.AfterFunc(test.said, func() { _, _ = words.Write([]byte("token expired\n")) })
				}
				began := time.Now()
				words.await(t.Context())
				assert.Equal(t, test.took, time.Since(began))
				assert.Equal(t, test.want, words.String())
				if test.said > 0 {
					words.await(t.Context())
					assert.Equal(t, test.took, time.Since(began), "at once, the second time")
				}
			})
		})
	}
}
