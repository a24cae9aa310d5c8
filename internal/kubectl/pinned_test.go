package kubectl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatUnpinsIsRefused(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"get pods --context x", "get pods --context=x", "--context x get pods", "get --context=x pods", "--kubeconfig x get pods",
		"get pods -n foo", "get pods -nfoo", "get pods -n=foo", "-n foo get pods", "get pods --namespace foo", "get pods --namespace=foo",
		"get pods -A", "get pods --all-namespaces", "get pods --all_namespaces", "get pods -An", "get pods -wA", "get -wnfoo pods",
		"get pods -A=true", "get pods --all-namespaces=false",
		"get pods -s http://x", "get pods -shttp://x", "get pods --server=http://x", "get pods --cluster x", "get pods --user x",
		"get pods --token x", "get pods --as x", "get pods --as-group=x", "get pods --as-uid=x", "get pods --as-user-extra=x",
		"get pods --client-certificate x", "get pods --client-key=x", "get pods --certificate-authority x",
		"get pods --insecure-skip-tls-verify", "get pods --insecure_skip_tls_verify=true", "get pods --tls-server-name=x",
		"get pods --username=x", "get pods --password=x", "get pods --master=x",
		"get pods -o json -n foo", "get pods -ojson -n foo", "get pods -o=json -n foo", "get pods -l a=b -A",
		"exec -itn foo pod -- ls", "exec -n foo pod -- ls", "exec pod -it -nfoo -- ls", "logs -fn foo pod", "logs pod -fn foo", "logs -fpn foo pod",
		"-f logs -n foo", "get pods -namespace", "get -l -- -n foo pods", "get pods --selector -- --context x",
		"get pods --unknown -- -n foo", "get -o -A -n x", "--v 6 logs -fnx pod",
		"top pod --containers -n foo", "config view --raw --context x", "-f -- apply -n foo", "--log-dir x -fn foo logs pod", "logs -f -n foo", "logs -p -A",
		"config use-context x", "config set-context --current", "config unset current-context", "config delete-context x",
		"alpha kuberc set", "kuberc set", "--v=6 config set x y", "config rename-context a b", "config set-credentials x",
		"proxy -w -- --context=prod", "--log-flush-frequency 5s config use-context x", "--odd 5s config use-context x", "--odd alpha 5s kuberc set",
		"cluster-info dump --namespaces a,b", "get --raw /api/v1/namespaces/other/secrets", "get --raw=/api/v1/namespaces/other/secrets",
		"cp other/pod:/x .", "cp . other/pod:/x", "--odd 5 cp other/pod:/x .", "create deployment x --user ann",
	} {
		err := Client{Namespace: "mine"}.words(strings.Fields(line)).check()
		var unpinned *UnpinError
		require.ErrorAs(t, err, &unpinned, line)
		assert.NotEmpty(t, unpinned.Error())
	}
}

func TestWhatDoesNotUnpinPasses(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"get pods", "get pods -o wide", "get pods -l app=web -w", "exec pod -- ls -A", "exec -it pod -c app -- sh -n -s", "exec pod -it -- sh -A",
		"exec pod --stdin --tty -- ls --context x", "run x --image=y --rm -i --restart=Never --command -- sh -n",
		"run x --image y -it -- sh -s", "get pods -l -n", "get pods --selector -A", "get pods -o -n", "get pods --field-selector --context",
		"apply -f -", "apply -f -n", "apply --filename -A", "apply -k -n", "patch deploy web -p -n", "patch deploy web --patch -n",
		"logs -f pod", "logs -f -- pod", "get -w -R -- pods -A", "logs pod -f --since 10m", "logs pod -c -n", "rollout status deploy/web --timeout=5s",
		"set env deploy/web -e -n", "annotate pod x note=-n", "create configmap x --from-literal -n=1", "get pods -onamespace",
		"config view", "config current-context", "get config", "diff -f -", "get pods -", "version", "",
		"get pods --", "wait --for condition=Ready pod/x", "debug pod --image=busybox --share-processes -- ls -A", "get pods -Lnamespace",
		"exec web-1 -c=app -- ls -A", "exec web-1 -capp -- ls -A", "exec web-1 -v6 -- ls -A", "exec web-1 -v=6 -- ls -A", "exec web-1 -i=true -- ls -A",
		"exec web-1 --match-server-version -- ls -A", "debug web-1 --image=busybox --replace -- ls -A", "debug web-1 --same-node -- ls -A",
		"run x --image=y --warnings-as-errors -- ls -A", "create job x --image=y -oyaml -- date -A",
		"create rolebinding r --role=edit --user=ann", "set subject rolebinding r --user=ann", "config help",
		"get --raw /healthz", "get --raw=/api/v1/namespaces/mine/pods", "cp mine/pod:/x .", "cp pod:/x ./a/b:c",
	} {
		require.NoError(t, Client{Namespace: "mine"}.words(strings.Fields(line)).check(), line)
	}
}

func TestErrorsOfUnpinningNameTheFlag(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"get pods --namespace=foo": `"--namespace=foo" would leave the environment's context and namespace`,
		"get pods -wAn":            `"-wAn" sets --all-namespaces, which would leave the environment's context and namespace`,
		"get pods --as ada":        `"--as" would act as somebody else than the environment's context says`,
		"config use-context x":     `"config use-context" would change your kubeconfig, and so where every program works`,
	} {
		assert.EqualError(t, Client{}.words(strings.Fields(line)).check(), want)
	}
}

func TestWhoseStderrItIs(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"logs web": true, "exec -it web -- sh": true, "attach web": true, "--v 6 exec web -- ls": true, "--odd 5 exec web -- ls": true, "edit deploy web": true,
		"run x --image=y -it": true, "debug x --stdin": true, "run x --image=y": false, "get pods": false, "apply -f -": false, "get deploy web logs": false,
	} {
		words := &words{args: strings.Fields(line)}
		require.NoError(t, words.check())
		assert.Equal(t, want, words.speakForOthers(), line)
	}
}
