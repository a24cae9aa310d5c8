package endtoend

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// webhook sends each pod of the namespace to a server that must admit it.
func webhook(c *cage, server http.HandlerFunc) {
	s := httptest.NewTLSServer(server)
	c.t.Cleanup(s.Close)
	register(c, s)
}

// closedWebhook is one whose server is not there.
func closedWebhook(c *cage) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	register(c, s)
	s.Close()
}

func register(c *cage, s *httptest.Server) {
	c.t.Helper()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	c.remove("validatingwebhookconfiguration/" + c.namespace)
	c.create(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: $NAMESPACE}
webhooks:
  - name: pods.zoo.example
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    timeoutSeconds: 5
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: $NAMESPACE}}
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
    clientConfig: {url: "` + s.URL + `/", caBundle: ` + base64.StdEncoding.EncodeToString(authority) + `}
`)
}

// review answers an admission review.
func review(w http.ResponseWriter, r *http.Request, allowed bool, message string) {
	var asked struct {
		Request struct {
			UID string `json:"uid"`
		} `json:"request"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": map[string]any{
		"uid": asked.Request.UID, "allowed": allowed, "status": map[string]any{"message": message, "code": http.StatusForbidden},
	}})
}

// blip fails until some time after it was first asked.
func blip(down time.Duration, then http.HandlerFunc) http.HandlerFunc {
	var once sync.Once
	var up time.Time
	return func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { up = time.Now().Add(down) })
		if time.Now().Before(up) {
			http.Error(w, "out for lunch", http.StatusInternalServerError)
			return
		}
		then(w, r)
	}
}

// flakyRegistry serves the cage's image, but fails nodes that ask at first.
func flakyRegistry(c *cage) {
	steady := registry.New()
	flaky := blip(3*time.Second, steady.ServeHTTP)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.UserAgent(), "containerd") {
			flaky(w, r)
			return
		}
		steady.ServeHTTP(w, r)
	}))
	c.t.Cleanup(s.Close)
	c.repository = strings.Replace(s.URL, "http://127.0.0.1", "localhost", 1) + "/zoo/animal"
	c.image = labelled(c.t, c.image, "zoo", c.namespace) // no node has it yet
}
