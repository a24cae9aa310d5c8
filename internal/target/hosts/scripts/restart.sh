# journal shows what the unit has written since it was touched.
journal() {
	[ -z "$UNIT" ] || verb logs journalctl --unit="$UNIT" --lines=30 --no-pager --output=cat --since="@$began" 2>/dev/null |
		sed 's/^/journal\t/'
}

# systemd starts or restarts the unit. What has failed too often is refused for a
# while, which is 10 s unless the unit says otherwise, or until that is forgotten.
systemd() {
	[ "$(unit ActiveState)" != failed ] || verb "$1" systemctl reset-failed -- "$UNIT" >/dev/null 2>&1
	tries=0
	until why=$(verb "$1" systemctl "$1" -- "$UNIT" 2>&1); do
		[ "$(unit Result)" = start-limit-hit ] && [ "$tries" -lt 6 ] || return 1
		tries=$((tries + 1))
		sleep 2
	done
}

# restart_and_watch restarts the service, or starts it, and waits until it is healthy.
# It reads: restart, the line or verb that does it; timeout, in seconds; began.
restart_and_watch() {
	case $restart in
	'') [ -z "$UNIT" ] || systemd restart || { journal; fail "the restart failed: $(first "$why")"; } ;;
	start) systemd start || { journal; fail "the start failed: $(first "$why")"; } ;;
	*) (cd "$ROOT/current" && command_line "$restart" >&2) || fail "the restart ended with exit status $?" ;;
	esac
	done_ restarted
	as_owner rm -f "$ROOT/.skycap/restart-due"
	watch
	done_ healthy
}

# steady is for how many seconds a unit is watched that has no check.
steady=3

# watch waits until the check passes, or the unit has been active for a while.
watch() {
	[ -n "$UNIT$CHECK_URL$CHECK_COMMAND" ] || return 0
	started=$(date +%s)
	first=
	[ -z "$UNIT" ] || first=$(unit NRestarts)
	while :; do
		now=$(date +%s)
		why=
		if [ -n "$UNIT" ]; then
			state=$(unit ActiveState)
			[ "$state" != failed ] || { journal; fail "the unit failed: $(unit Result)"; }
			[ $(($(unit NRestarts) - first)) -lt 3 ] || { journal; fail "the unit was started again 3 times: $(unit Result)"; }
			[ "$state" = active ] || why="the unit is $state"
		fi
		[ -n "$why" ] || if why=$(check); then
			[ -z "$CHECK_URL$CHECK_COMMAND" ] && [ $((now - started)) -lt $steady ] || return 0
		elif [ -z "$why" ]; then
			why="the check failed and said nothing"
		fi
		[ $((now - started)) -lt "$timeout" ] || { journal; fail "not healthy after $timeout s: $(last "$why")"; }
		sleep 0.2
	done
}
