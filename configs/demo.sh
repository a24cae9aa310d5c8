#!/usr/bin/env bash
# make demo: start a lab, deploy the example to it twice, and prove what runs.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$root/bin:$PATH"
web=/api/v1/namespaces/storefront-staging/services/web:80/proxy/

# show prints a command as one would type it.
show() { printf '\n$ %s\n' "$*"; }

run() {
	show "$@"
	"$@"
}

# call asks the service, through the API server. The answer must have the revision's
# greeting from the config, and the revision that the program was built from: both
# that are deployed here change the program, so that is their own.
call() {
	local revision greeting answer
	revision="revision: $(hg log -r "$1" -T '{node|short}')"
	greeting=$(hg cat -r "$1" config/staging/web/greeting.txt)
	show "kubectl get --raw $web | head -5"
	answer=$(kubectl --context skycap-lab get --raw "$web")
	head -5 <<<"$answer"
	grep -qFx -- "$revision" <<<"$answer" || fail "the service should have answered \"$revision\""
	grep -qFx -- "$greeting" <<<"$answer" || fail "the service's config should have said \"$greeting\""
}

fail() {
	printf '\ndemo: error: %s\n' "$1" >&2
	exit 1
}

show skycap-lab up
skycap-lab up >/dev/null # what it says to do next is done here
show 'eval "$(skycap-lab env)"'
lab_env=$(skycap-lab env)
eval "$lab_env"
show 'cd "$SKYCAP_LAB_REPO"'
cd "$SKYCAP_LAB_REPO"
run hg log --rev '::v1.0' --template '{node|short}  {pad(tags, 4)}  {desc|firstline}\n'

run skycap deploy v1.0~2 staging
call v1.0~2
run skycap status staging

run skycap deploy v1.0 staging
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
