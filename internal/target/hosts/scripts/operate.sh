# Restarts or starts what is there: restart is as restart_and_watch reads it.
restart=$1 timeout=$2
began=$(date +%s)
[ -L "$ROOT/current" ] || fail "nothing is deployed there"
SKYCAP_RELEASE_PATH=$(readlink "$ROOT/current")
restart_and_watch
