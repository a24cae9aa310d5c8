# Shows what the unit has written.
follow=$1 since=$2 lines=$3
[ -n "$UNIT" ] || fail "it has no unit, so its logs are not known"
set -- --unit="$UNIT" --no-pager --output=short-iso
[ -z "$follow" ] || set -- "$@" --follow
[ -z "$since" ] || set -- "$@" --since="$since seconds ago"
[ -z "$lines" ] || set -- "$@" --lines="$lines"
verb logs journalctl "$@"
