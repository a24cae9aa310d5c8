package kubectl

import (
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// rule gives a reason to the Status of the API server that it fits: one that has
// one of the reasons, where there are any, and whose message has the text. What
// kubectl says by itself is a Status without a reason.
type rule struct {
	reason Reason
	of     []metav1.StatusReason
	text   *regexp.Regexp // nil fits all
}

func (r rule) fits(status metav1.Status) bool {
	return (len(r.of) == 0 || slices.Contains(r.of, status.Reason)) && (r.text == nil || r.text.MatchString(status.Message))
}

// reasonOf is the reason of the first rule that fits.
func reasonOf(status metav1.Status) Reason {
	for _, rule := range slices.Concat(localRules(), refusalRules(), outageRules()) {
		if rule.fits(status) {
			return rule.reason
		}
	}
	return Other
}

func of(reasons ...metav1.StatusReason) []metav1.StatusReason { return reasons }

func says(text string) *regexp.Regexp { return regexp.MustCompile(text) }

// localRules are for what kubectl says before it asks the server.
func localRules() []rule {
	return []rule{
		{NoContext, of(""), says(`context "[^"]*" does not exist|context was not found for specified context|no context exists with the name`)},
		{Kubeconfig, of(""), says(`error loading config file|unable to read (certificate-authority|client-cert|client-key)|^stat .*: no such file or directory|^invalid configuration`)},
		{Skew, of(""), says(`^unknown (shorthand )?(flag|command)`)},
		{Unauthorized, of(""), says(`You must be logged in|getting credentials|provide credentials|auth plugin has been removed|idp-issuer-url|^exec plugin: |^EOF$`)},
	}
}

// refusalRules are for requests that the server, or what it asks, refuses.
func refusalRules() []rule {
	forbidden := of(metav1.StatusReasonForbidden)
	return []rule{
		{Unauthorized, of(metav1.StatusReasonUnauthorized), nil},
		{Unauthorized, forbidden, says(`User "system:anonymous" cannot`)},
		{Terminating, forbidden, says(`because it is being terminated`)},
		{Quota, forbidden, says(`(exceeded|failed|insufficient) quota`)},
		{Forbidden, forbidden, says(`(?i)is forbidden: user `)},
		{Denied, nil, says(`denied (the )?request|violates PodSecurity`)},
		{Denied, forbidden, says(`is forbidden: `)},
		{Forbidden, forbidden, nil},
		{NoNamespace, of(metav1.StatusReasonNotFound), says(`namespaces? "[^"]*" not found`)},
		{NotFound, of(metav1.StatusReasonNotFound), nil},
		{Exists, of(metav1.StatusReasonAlreadyExists), nil},
		{Conflict, nil, says(`Apply failed with \d+ conflict`)},
		{Stale, of(metav1.StatusReasonConflict), nil},
		{NoKind, of(""), says(`no matches for kind|the server doesn't have a resource type`)},
		{Invalid, of(metav1.StatusReasonInvalid, metav1.StatusReasonBadRequest, metav1.StatusReasonRequestEntityTooLarge,
			metav1.StatusReasonUnsupportedMediaType, metav1.StatusReasonNotAcceptable), nil},
		{Invalid, nil, says(`failed to create typed patch object|strict decoding error|error parsing |unable to decode |error validating data: ([A-Z[]|unknown|apiVersion|kind)`)},
	}
}

// outageRules are for what may be over in a moment, and for certificates.
func outageRules() []rule {
	internal := of(metav1.StatusReasonInternalError)
	return []rule{
		{Webhook, nil, says(`failed calling webhook|failed to call webhook`)},
		{Throttled, of(metav1.StatusReasonTooManyRequests), nil},
		{Unavailable, of(metav1.StatusReasonServiceUnavailable, metav1.StatusReasonServerTimeout), nil},
		{Timeout, of(metav1.StatusReasonTimeout), nil},
		{Unreachable, nil, says(`(?i)<(html|!doctype)`)}, // a proxy's page instead of an answer
		{Unavailable, internal, says(`etcdserver: (leader changed|request timed out|too many requests|no leader)|` + network + `|code = Unavailable`)},
		{Other, internal, nil},
		{Certificate, nil, says(`x509: |remote error: tls: .*certificate|tls: .*certificate`)},
		{Timeout, of(""), says(`Client\.Timeout exceeded|timed out waiting for the condition|context deadline exceeded`)},
		{Unavailable, of(""), says(`the server is currently unable to handle the request|etcdserver: (leader changed|request timed out)`)},
		{Throttled, of(""), says(`(?i)too many requests`)},
		{Unreachable, of(""), says(`(?i)unable to connect to the server|connection to the server .* was refused|no such host|actively refused|` +
			`proxyconnect|connection lost|unexpected EOF|": EOF\b|first record does not look like|network is unreachable|no route to host|` + network)},
	}
}

// network is how connections fail.
const network = `connection refused|connection reset|i/o timeout|TLS handshake timeout|context deadline exceeded|http2: client connection lost|broken pipe`

// complaint begins one of the failures that kubectl tells of: the server's, cited
// with its reason, an object's that is invalid, or kubectl's own.
var complaint = regexp.MustCompile(`(?m)^.*?(?:Error from server(?: \((\w+)\))?: |The (\S+ "[^"]*") is invalid: ?|^(?:error|Error|ERROR): )`)

// statuses are the failures in what kubectl said when it failed, as the Status
// that it cites, or without a reason. What comes before the first belongs to it.
func statuses(text string) []metav1.Status {
	starts := complaint.FindAllStringSubmatchIndex(text, -1)
	if len(starts) == 0 {
		return []metav1.Status{{Message: strings.TrimSpace(text)}}
	}
	var found []metav1.Status
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		status := metav1.Status{Message: strings.TrimSpace(text[at[1]:end])}
		switch {
		case at[2] >= 0:
			status.Reason = metav1.StatusReason(text[at[2]:at[3]])
		case at[4] >= 0:
			status.Reason, status.Message = metav1.StatusReasonInvalid, strings.TrimSpace(text[at[4]:end])
		}
		found = append(found, status)
	}
	if before := strings.TrimSpace(text[:starts[0][0]]); before != "" {
		found = append(found, metav1.Status{Message: before})
	}
	return found
}
