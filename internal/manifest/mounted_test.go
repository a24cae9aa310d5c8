package manifest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
)

// Limits that no object may reach. Source: etcd's --max-request-bytes, the API
// server's MaxRequestBodyBytes, and MaxSecretSize of k8s.io/api.
const (
	etcdRequest = 1536 << 10
	apiRequest  = 3 << 20
	apiValues   = 1 << 20
)

// cluster is what the API server has after objects were applied.
type cluster struct {
	configMaps map[string]corev1.ConfigMap
	secrets    map[string]corev1.Secret
	pod        corev1.PodSpec
}

// applied gives objects to an API server, which holds them against its rules.
func applied(t *testing.T, objects []Object) cluster {
	t.Helper()
	c := cluster{configMaps: map[string]corev1.ConfigMap{}, secrets: map[string]corev1.Secret{}}
	for _, object := range objects {
		text, err := json.Marshal(object.Object)
		require.NoError(t, err)
		require.Less(t, len(text), apiRequest, "%s", object)
		switch object.GetKind() {
		case "ConfigMap":
			held := decoded[corev1.ConfigMap](t, text)
			checkStored(t, &held, held.Data, held.BinaryData)
			c.configMaps[held.Name] = held
		case "Secret":
			held := decoded[corev1.Secret](t, text)
			checkStored(t, &held, nil, held.Data)
			c.secrets[held.Name] = held
		case "Deployment":
			c.pod = decoded[appsv1.Deployment](t, text).Spec.Template.Spec
		}
	}
	return c
}

func decoded[T any](t *testing.T, text []byte) T {
	t.Helper()
	var object T
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&object))
	return object
}

// checkStored holds what has keys against the rules of the API server, and of etcd.
func checkStored(t *testing.T, object interface {
	GetName() string
	Marshal() ([]byte, error)
}, text map[string]string, binary map[string][]byte,
) {
	t.Helper()
	stored, err := object.Marshal()
	require.NoError(t, err)
	values, size := 0, len(stored)+1000 // labels and managedFields have some more than keys
	check := func(key string, value int) {
		require.Empty(t, validation.IsConfigMapKey(key), "%q", key)
		values, size = values+value, size+len(`"f:`+key+`":{},`)
	}
	for key, value := range text {
		check(key, len(value))
		require.NotContains(t, binary, key)
	}
	for key, value := range binary {
		check(key, len(value))
	}
	require.Less(t, size, etcdRequest, "%s", object.GetName())
	require.LessOrEqual(t, values, apiValues, "%s", object.GetName())
}

// mounted is what a container sees in a volume, as the kubelet makes it.
func (c cluster) mounted(t *testing.T, volume string) revision.Tree {
	t.Helper()
	tree := revision.Tree{}
	for _, found := range c.pod.Volumes {
		if found.Name != volume {
			continue
		}
		switch {
		case found.ConfigMap != nil:
			c.show(t, tree, c.config(found.ConfigMap.Name), found.ConfigMap.Items)
		case found.Secret != nil:
			c.show(t, tree, c.secrets[found.Secret.SecretName].Data, found.Secret.Items)
		default:
			for _, source := range found.Projected.Sources {
				if source.ConfigMap != nil {
					c.show(t, tree, c.config(source.ConfigMap.Name), source.ConfigMap.Items)
				} else {
					c.show(t, tree, c.secrets[source.Secret.Name].Data, source.Secret.Items)
				}
			}
		}
	}
	return tree
}

func (c cluster) config(name string) map[string][]byte {
	values := map[string][]byte{}
	for key, text := range c.configMaps[name].Data {
		values[key] = []byte(text)
	}
	for key, data := range c.configMaps[name].BinaryData {
		values[key] = data
	}
	return values
}

// show adds the files of one object to a volume.
func (c cluster) show(t *testing.T, tree revision.Tree, values map[string][]byte, items []corev1.KeyToPath) {
	t.Helper()
	require.NotEmpty(t, values)
	if len(items) == 0 {
		for key := range values {
			items = append(items, corev1.KeyToPath{Key: key, Path: key})
		}
	}
	require.Len(t, items, len(values), "each key has one item")
	for _, item := range items {
		data, ok := values[item.Key]
		require.True(t, ok, "%q", item.Key)
		require.NotContains(t, tree, item.Path)
		for segment := range strings.SplitSeq(item.Path, "/") {
			require.False(t, segment == "" || segment == "." || strings.HasPrefix(segment, "..") || len(segment) > 255, "%q", item.Path)
		}
		executable := item.Mode != nil && *item.Mode&0o111 != 0
		tree[item.Path] = revision.File{Data: append([]byte{}, data...), Executable: executable}
	}
}

// inCluster renders a tree as configuration and as secrets, and applies what becomes of it.
func inCluster(t *testing.T, tree config.Tree) ([]Object, cluster) {
	t.Helper()
	s := Service{
		App: "shop", Name: "web", Environment: "staging", Files: files("deploy/web.yaml", deployment), Manifests: "deploy",
		Config: tree, Mount: "/etc/web", Secrets: config.Tree{Files: tree.Files, Hash: tree.Hash}, SecretsMount: "/run/secrets/web",
	}
	objects, err := s.Build()
	require.NoError(t, err)
	return objects, applied(t, objects)
}

// What the API server and etcd take most of comes in below their limits.
func TestLargeTreesFitIntoObjects(t *testing.T) {
	t.Parallel()
	for what, text := range map[string]string{
		"markup": "<", "quotes": `"`, "control": "\x01", "line ends": "\n", "separators": "\u2028", "binary": "\xff",
		"quotes and as much markup as is text": `<<<"""""""`,
	} {
		tree := revision.Tree{}
		for i, size := range []int{config.MaxFileSize, config.MaxFileSize / 2, config.MaxFileSize/2 - 1000, 1} {
			tree[fmt.Sprint("file", i)] = revision.File{Data: []byte(strings.Repeat(text, size/len(text)))}
		}
		t.Run(what, func(t *testing.T) { t.Parallel(); checkTree(t, tree) })
	}
	for what, name := range map[string]string{
		"long keys": "%04d" + strings.Repeat("k", maxKey-4), "long names": "%04d" + strings.Repeat("n", 135), "folders": "folder/%04d",
	} {
		tree := revision.Tree{}
		for i := range config.MaxFiles {
			tree[fmt.Sprintf(name, i)] = revision.File{Data: []byte(fmt.Sprint(i))}
		}
		t.Run(what, func(t *testing.T) { t.Parallel(); checkTree(t, tree) })
	}
}

func TestTooManyPathsInPodsAreRefused(t *testing.T) {
	t.Parallel()
	tree := revision.Tree{}
	for i := range config.MaxFiles {
		tree[fmt.Sprintf("%s/%d", strings.Repeat("folder/", 25), i)] = revision.File{}
	}
	s := web(files("deploy/web/web.yaml", deployment))
	s.Config, s.Mount = config.Tree{Files: tree, Hash: "0123456789"}, "/etc/shop"
	_, err := s.Build()
	assert.ErrorContains(t, err, `deploy/web/web.yaml:2: Deployment "web" is 1`)
	assert.ErrorContains(t, err, "bytes with the paths of the files that it mounts; it may have at most 1048576 (1 MiB): shorten the paths")
}

func TestTooManyVariablesAreRefused(t *testing.T) {
	t.Parallel()
	tree := revision.Tree{}
	for i := range 3 {
		tree[fmt.Sprintf("%d.env", i)] = revision.File{Data: []byte(fmt.Sprintf("A%d=%s\n", i, strings.Repeat("v", config.MaxFileSize/2)))}
	}
	s := web(files("deploy/web/web.yaml", deployment))
	s.Config, s.Env = config.Tree{Files: tree, Hash: "0123456789"}, true
	_, err := s.Build()
	assert.ErrorContains(t, err, `*.env: the variables of ConfigMap "shop-web-config" are 1382508 bytes; one object holds at most`)
}
