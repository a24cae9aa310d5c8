package ownership

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestScaledOfRecordedObjects(t *testing.T) {
	for object, want := range map[string]string{
		"deployed": "", "edited": "", "foreign": "", "configmap": "", "scaled": "kubectl",
	} {
		t.Run(object, func(t *testing.T) {
			owner, replicas, ok := Scaled(recorded(t, object), us)
			assert.Equal(t, want, owner)
			assert.Equal(t, want != "", ok)
			if ok {
				assert.Equal(t, int64(4), replicas)
			}
		})
	}
}

func TestScaled(t *testing.T) {
	const replicas = `fieldsV1: {f:spec: {f:replicas: {}}}`
	for name, c := range map[string]struct{ entry, want string }{
		"autoscaler":             {`{manager: kube-controller-manager, operation: Update, subresource: scale, ` + replicas + `}`, "kube-controller-manager"},
		"edited":                 {`{manager: kubectl-edit, operation: Update, ` + replicas + `}`, "kubectl-edit"},
		"k9s":                    {`{manager: k9s, operation: Update, subresource: scale, ` + replicas + `}`, "k9s"},
		"ours, but not by apply": {`{manager: skycap, operation: Update, ` + replicas + `}`, ""},
		"applied by another":     {`{manager: argo, operation: Apply, ` + replicas + `}`, ""},
		"client-side apply":      {`{manager: kubectl-client-side-apply, operation: Update, ` + replicas + `}`, ""},
		"helm":                   {`{manager: helm, operation: Update, ` + replicas + `}`, ""},
		"before the first apply": {`{manager: before-first-apply, operation: Update, ` + replicas + `}`, ""},
		"another field":          {`{manager: kubectl-edit, operation: Update, fieldsV1: {f:spec: {f:a: {}}}}`, ""},
		"the last of two": {`{manager: k9s, operation: Update, time: "2026-01-02T00:00:00Z", ` + replicas + `},
			{manager: kubectl, operation: Update, time: "2026-01-01T00:00:00Z", ` + replicas + `}`, "k9s"},
	} {
		t.Run(name, func(t *testing.T) {
			owner, number, ok := Scaled(edited(t, c.entry), us)
			assert.Equal(t, c.want, owner)
			assert.Equal(t, c.want != "", ok)
			if ok {
				assert.Equal(t, int64(3), number)
			}
		})
	}
}
