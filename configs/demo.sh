#!/usr/bin/env bash
# make demo: start a lab, deploy the example to it twice, and prove what runs.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$root/bin:$PATH"
web=/api/v1/namespaces/storefront-staging/services/web:80/proxy/
hosts='worker1 worker2 worker3'

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

# prove runs a command that asks a service of ours. The answer must name the changeset that
# the program was built from, which is the deployed one, since both that are deployed
# here change the program; and it must have that one's greeting for staging.
prove() {
	local service=$1 changeset=$2 command=$3 revision greeting answer
	revision="revision: $(hg log -r "$changeset" -T '{node|short}')"
	greeting=$(hg cat -r "$changeset" "config/staging/$service/greeting.txt")
	show "$command | head -6"
	for _ in 1 2 3 4 5; do # the API server may hear a moment late that an old pod has gone
		answer=$(eval "$command") || answer=
		! grep -qFx -- "$revision" <<<"$answer" || break
		sleep 1
	done
	head -6 <<<"$answer"
	grep -qFx -- "$revision" <<<"$answer" || fail "$service should have answered \"$revision\""
	grep -qFx -- "$greeting" <<<"$answer" || fail "$service should have been configured with \"$greeting\""
}

# call asks the web service, through the API server, and the worker on each host.
call() {
	local host
	prove web "$1" "kubectl get --raw $web"
	for host in $hosts; do
		prove worker "$1" "curl --silent --max-time 5 http://$(address "$host"):9000/"
	done
}

# address is where a host answers, as ssh is told.
address() { ssh -T -F "$SKYCAP_LAB_SSH_CONFIG" -G "$1" | sed -n 's/^hostname //p'; }

show 'skycap-lab up --hosts 3'
skycap-lab up --hosts 3 >/dev/null # what it says to do next is done here
run 'eval "$(skycap-lab env)"'
run 'cd "$SKYCAP_LAB_REPO"'
run "hg log --rev '::v1.0' --template '{node|short}  {desc|firstline}\n'"

run 'skycap deploy v1.0~2 staging --yes' # it may have been rolled back from, by whoever played with the lab
call v1.0~2
run 'skycap status staging'

run 'skycap deploy v1.0 staging --yes'
call v1.0
run 'skycap status staging'

cat <<END

Revision v1.0 answers, in Kubernetes and on three hosts, with its program and its config. The lab stays up. To play on:

  export PATH="$root/bin:\$PATH"
  eval "\$(skycap-lab env)"
  cd "\$SKYCAP_LAB_REPO"
  skycap deploy main staging     # or change a file, hg commit, and deploy tip
  kubectl get pods -n storefront-staging
  ssh -F "\$SKYCAP_LAB_SSH_CONFIG" worker1

To stop it: make down
END
