package kubectl

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// unanswered is why a request had no answer.
func unanswered(err error) Reason {
	if errors.Is(err, context.DeadlineExceeded) {
		return Timeout
	}
	return Unreachable
}

// lastMoment is what a proxy that can't be reached gets to say why.
const lastMoment = 3 * time.Second

// gone is why the proxy isn't there any more; nil while it is.
func (p *Proxy) gone(ctx context.Context, err error) error {
	var patience time.Duration
	if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" {
		patience = lastMoment
	}
	select {
	case <-p.over:
		if failure := (*Error)(nil); errors.As(p.cause, &failure) { // else it was closed
			return failure
		}
	case <-ctx.Done():
	case <-time.After(patience):
	}
	return nil
}

// tellWarnings tells what the server warns of, as kubectl does.
func (p *Proxy) tellWarnings(header http.Header) {
	warnings, _ := utilnet.ParseWarningHeaders(header["Warning"]) // what can't be read can't be told
	for _, warning := range warnings {
		if warning.Code == serverWarning && (p.kubectl.Noise == nil || p.kubectl.Noise.IsNew(warningPrefix+warning.Text)) {
			tell(p.kubectl.Warn, warning.Text)
		}
	}
}

// serverWarning is the code of the API server's warnings.
const serverWarning = 299

// refusal makes an error of the server's Status, or of what stands in its place.
func (p *Proxy) refusal(ctx context.Context, r request, answer *http.Response) *Error {
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	var status metav1.Status
	if json.Unmarshal(said, &status) != nil || status.Message == "" {
		status = metav1.Status{Message: string(bytes.TrimSpace(said))}
	}
	if status.Message == io.EOF.Error() { // of the proxy: the connection was cut. kubectl itself means that nobody logs in
		status.Message = io.ErrUnexpectedEOF.Error()
	}
	status.Reason = cmp.Or(status.Reason, reasonOfCode(answer.StatusCode))
	failure := p.failure(r, reasonOf(status), status.Message)
	if failure.Text == "" {
		failure.Text = fmt.Sprintf("%s %s was answered with HTTP status %d", r.method, r.path, answer.StatusCode)
	}
	if failure.Reason == Other && status.Reason == "" && answer.StatusCode >= http.StatusInternalServerError {
		failure.Reason = Unreachable // it isn't the API server that answers so
	}
	switch failure.Reason {
	case Invalid:
		failure.Faults = faultsOf(status)
	case Unauthorized: // why there are no credentials only the program says that should have got them
		p.said.await(ctx)
		failure.Text = strings.TrimSpace(failure.Text + "\n" + p.said.String())
	}
	failure.RetryAfter = retryAfter(answer.Header, status)
	return failure
}

// reasonOfCode is the reason that a Status of the API server would have, where
// something else has answered. Empty where that says nothing.
func reasonOfCode(code int) metav1.StatusReason {
	return map[int]metav1.StatusReason{
		http.StatusBadRequest: metav1.StatusReasonBadRequest, http.StatusUnauthorized: metav1.StatusReasonUnauthorized,
		http.StatusForbidden: metav1.StatusReasonForbidden, http.StatusNotFound: metav1.StatusReasonNotFound,
		http.StatusConflict: metav1.StatusReasonConflict, http.StatusUnprocessableEntity: metav1.StatusReasonInvalid,
		http.StatusTooManyRequests: metav1.StatusReasonTooManyRequests, http.StatusServiceUnavailable: metav1.StatusReasonServiceUnavailable,
		http.StatusGatewayTimeout: metav1.StatusReasonTimeout,
	}[code]
}

// retryAfter is how long the server wants to be left alone.
func retryAfter(header http.Header, status metav1.Status) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil && status.Details != nil {
		seconds = int(status.Details.RetryAfterSeconds)
	}
	return time.Duration(max(0, seconds)) * time.Second
}

func (p *Proxy) failure(r request, reason Reason, text string) *Error {
	return &Error{
		Reason: reason, Context: p.kubectl.Context, Namespace: p.kubectl.Namespace,
		Command: r.method + " " + r.path, Text: text,
	}
}
