#!/usr/bin/env bash
# make demo: start a lab, deploy the example to it twice, and prove what runs.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$root/bin:$PATH"
web=/api/v1/namespaces/storefront-staging/services/web:80/proxy/

# show prints a command as one would type it, and run runs it then.
show() { printf '\n$ %s\n' "$1"; }
run() {
	show "$1"
	eval "$1"
}

fail() {
	printf '\ndemo: error: %s\n' "$1" >&2
	exit 1
}

# call asks the service, through the API server. The answer must name the changeset
# that the program was built from, which is the deployed one, since both that are
# deployed here change the program; and it must have that one's greeting for staging.
call() {
	local revision greeting answer
	revision="revision: $(hg log -r "$1" -T '{node|short}')"
	greeting=$(hg cat -r "$1" config/staging/web/greeting.txt)
	show "kubectl get --raw $web | head -5"
	for _ in 1 2 3 4 5; do # the API server may hear a moment late that an old pod has gone
		answer=$(kubectl get --raw "$web") || answer=
		! grep -qFx -- "$revision" <<<"$answer" || break
		sleep 1
	done
	head -5 <<<"$answer"
	grep -qFx -- "$revision" <<<"$answer" || fail "the service should have answered \"$revision\""
	grep -qFx -- "$greeting" <<<"$answer" || fail "the service should have been configured with \"$greeting\""
}

show 'skycap-lab up'
skycap-lab up >/dev/null # what it says to do next is done here
run 'eval "$(skycap-lab env)"'
run 'cd "$SKYCAP_LAB_REPO"'
run "hg log --rev '::v1.0' --template '{node|short}  {desc|firstline}\n'"

run 'skycap deploy v1.0~2 staging'
call v1.0~2
run 'skycap status staging'

run 'skycap deploy v1.0 staging'
call v1.0

cat <<END

Revision v1.0 answers, with its program and its config. The lab stays up. To play on:

  export PATH="$root/bin:\$PATH"
  eval "\$(skycap-lab env)"
  cd "\$SKYCAP_LAB_REPO"
  skycap deploy main staging     # or change a file, hg commit, and deploy tip
  kubectl get pods -n storefront-staging

To stop it: make down
END
