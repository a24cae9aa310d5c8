package noise

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// chunk is what a pipe delivers at once, in bytes.
const chunk = 32 << 10

// plainText is text without noise: what kubectl and the programs behind it write,
// errors included.
func plainText(size int) []byte { return textOf(size, plainLines(), nil) }

// mixedText is that with entries of klog between, of which most are noise: as
// many bytes of the one as of the other.
func mixedText(t testing.TB, size int) []byte {
	var noisy []string
	for _, c := range corpus(t) {
		if rule := Default().Match([]byte(c.text)); rule != nil && rule.Class == Noise && c.class == Noise && len(c.text) < 1000 {
			noisy = append(noisy, c.text)
		}
	}
	return textOf(size, plainLines(), noisy)
}

func plainLines() []string {
	return []string{
		"deployment.apps/web configured", "service/web unchanged", "Waiting for deployment \"web\" rollout to finish: 1 of 3 updated replicas are available...",
		"ingress.networking.k8s.io/web serverside-applied", "I am no entry of klog", "2026-11-23T14:57:08Z INFO request served method=GET path=/healthz status=200 duration=1.2ms",
		"{\"level\":\"info\",\"msg\":\"request served\",\"path\":\"/api/v1/orders\",\"status\":200,\"bytes\":5123,\"agent\":\"curl/8.5.0\"}",
		"    at com.example.storefront.OrderService.find(OrderService.java:112)", "", "  Normal  Pulled  3m  kubelet  Container image \"web:3f2c1a9b8d70\" already present on machine",
		"Every line that begins with E is looked at twice", "exit status 0", "Note: the first byte counts",
	}
}

// textOf makes a text of lines, always the same.
func textOf(size int, plain, noisy []string) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var text bytes.Buffer
	balance := 0 // how many bytes there are more of the plain ones
	for text.Len() < size {
		lines, sign := plain, 1
		if len(noisy) > 0 && balance > 0 {
			lines, sign = noisy, -1
		}
		line := lines[random.IntN(len(lines))]
		balance += sign * (len(line) + 1)
		text.WriteString(line + "\n")
	}
	return text.Bytes()
}

func pour(t testing.TB, text []byte) {
	filter := New(Options{Out: io.Discard})
	for len(text) > 0 {
		size := min(chunk, len(text))
		if _, err := filter.Write(text[:size]); err != nil {
			t.Fatal(err)
		}
		text = text[size:]
	}
	if err := filter.End(false); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkFilter(b *testing.B) {
	for name, text := range map[string][]byte{
		"plain": plainText(64 << 20), "mixed": mixedText(b, 64<<20), "long lines": []byte(strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 64)),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				pour(b, text)
			}
		})
	}
}
