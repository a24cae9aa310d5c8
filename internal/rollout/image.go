package rollout

import (
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

var (
	noNetwork    = regexp.MustCompile(`(?i)no such host|connection refused|i/o timeout|timed? ?out|deadline exceeded|connection reset|no route to host|network is unreachable|\bEOF\b|server misbehaving`)
	overloaded   = regexp.MustCompile(`(?i)toomanyrequests|too many requests|\b429\b|rate limit|status(:| code)? ?(from .*)?:? ?5\d\d|50[0234] (Internal|Bad|Service|Gateway)`)
	unauthorized = regexp.MustCompile(`(?i)\b40[13]\b|unauthorized|pull access denied|authorization failed|insufficient_scope|no basic auth credentials|authentication required|requested access .*denied|(?-i:\bDENIED\b)`)
	untrusted    = regexp.MustCompile(`x509:|server gave HTTP response to HTTPS client|tls: `)
	badName      = regexp.MustCompile(`(?i)invalid reference format|couldn't parse image`)
	platform     = regexp.MustCompile(`no match(ing manifest)? for (platform in manifest|\S+ in the manifest list)|no matching manifest`)
	unknownImage = regexp.MustCompile(`(?i)not found|manifest[ _]unknown|name[ _]unknown|repository name not known`)
)

// unpulled tells of an image that the node has not got.
func (c container) unpulled() (finding, bool) {
	reason, message := c.waits()
	since := c.pullFailed()
	named := func(cause string) finding {
		return c.finding(rankImage, reason, since, `image %q of %s %s`, c.spec.Image, c, cause)
	}
	var found finding
	switch reason {
	case "InvalidImageName":
		found = named("is not a valid image name").fatal()
	case "ErrImageNeverPull":
		found = named("is not on the node, and its pull policy is Never").fatal()
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed":
		failed := final(among(c.own, "Failed", "Failed to pull image"))
		if !strings.Contains(message, "ErrImagePull") && reason == "ImagePullBackOff" && failed.message != "" {
			message = failed.message
		}
		found = c.failedPull(message, since).proven(failed)
	default:
		return finding{}, false
	}
	found.Reason, found.Message = reason, message
	return found, true
}

// pullFailed is when the image could first not be pulled.
func (c container) pullFailed() time.Time {
	if since := begin(among(c.own, "Failed", "pull image", "ErrImagePull", "ImagePullBackOff")); !since.IsZero() {
		return since
	}
	return c.due()
}

// failedPull judges by what the runtime says of the registry's answer.
func (c container) failedPull(message string, since time.Time) finding {
	says := gist(strings.TrimPrefix(message, `Failed to pull image "`+c.spec.Image+`": `))
	named := func(format string, values ...any) finding {
		values = append([]any{c.spec.Image, c}, values...)
		return c.finding(rankImage, "ErrImagePull", since, `image %q of %s `+format, values...)
	}
	switch {
	case noNetwork.MatchString(says) || overloaded.MatchString(says):
		return named("can't be pulled now: %s", says).within(c.budget(2 * time.Minute))
	case unauthorized.MatchString(says):
		return named("can't be pulled, since %s: %s", c.credentials(), says).within(c.budget(15 * time.Second))
	case untrusted.MatchString(says):
		return named("can't be pulled, since the node does not trust the registry: %s", says).within(c.budget(15 * time.Second))
	case badName.MatchString(says):
		return named("is not a valid image name: %s", says).fatal()
	case platform.MatchString(says):
		return named("is built for another architecture than that of the node: no match for platform in manifest").fatal()
	case unknownImage.MatchString(says) && c.provenImage():
		return named("can't be pulled: the registry had it when it was deployed, so the node may lack access to it, or it has been deleted since: %s", says).within(c.budget(time.Minute))
	case unknownImage.MatchString(says):
		return named("does not exist").fatal()
	}
	return named("can't be pulled: %s", says).within(c.budget(2 * time.Minute))
}

// credentials says what the pod has to show to the registry.
func (c container) credentials() string {
	if len(c.pod.Spec.ImagePullSecrets) == 0 {
		return "the registry wants credentials and the pod has no imagePullSecrets"
	}
	var names []string
	for _, secret := range c.pod.Spec.ImagePullSecrets {
		names = append(names, quoted(secret.Name))
	}
	return "the registry refuses the credentials of the pod's imagePullSecrets " + strings.Join(names, ", ")
}

// provenImage reports whether the image is pinned to a digest that a registry has shown
// to skycap. What manifests pin by themselves is not.
func (c container) provenImage() bool {
	_, digest, ok := strings.Cut(c.spec.Image, "@")
	return ok && c.Proven[digest]
}

// waitsForImage reports whether a container waits for nothing but to be made.
func waitsForImage(status corev1.ContainerStatus) bool {
	waiting := status.State.Waiting
	return waiting != nil && (waiting.Reason == "" || waiting.Reason == "ContainerCreating" || waiting.Reason == "PodInitializing")
}
