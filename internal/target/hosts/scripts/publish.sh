# Makes a release folder the current one and restarts what runs from it. Its stdin
# is the unit's file. It says what it has done, line by line. Leaves is the folder that
# is rolled back from; of all others the times tell when they were made current.
name=$1 log=$2 restart=$3 timeout=$4 before=$5 after=$6 installs=$7 leaves=$8
cd "$ROOT" || exit 1
folder=$ROOT/releases/$name
SKYCAP_RELEASE_PATH=$folder
[ -d "$folder" ] || fail "releases/$name is not there"
began=$(date +%s)
if [ -n "$before" ]; then
	(cd "$folder" && command_line "$before" >&2) || fail "hook before_publish ended with exit status $?"
fi
if [ "$(readlink current)" != "$folder" ]; then
	[ -L current ] || [ ! -e current ] || fail "current is not a link"
	line_as_owner 'true >>.skycap/restart-due' || fail "nothing can be written to .skycap"
	as_owner ln -sfT -- "$folder" ".skycap/tmp/current.$$" || fail "no link could be written to .skycap"
	done_ publishing
	as_owner mv -fT -- ".skycap/tmp/current.$$" current && [ current -ef "$folder" ] || fail "current could not be made to point to releases/$name"
	as_owner touch -- "$folder"
	[ -z "$leaves" ] || [ ! -d "releases/$leaves" ] || age "$leaves"
	line_as_owner 'printf "%s\n" "$2" >>revisions.log' "$log"
fi
done_ published
if [ -n "$after" ]; then
	(cd "$folder" && command_line "$after" >&2) || fail "hook after_publish ended with exit status $?"
fi
if [ -n "$installs" ]; then
	as_owner sh -c 'cat >.skycap/tmp/unit' || fail "the unit's file could not be written"
	why=$(verb install-unit install -m 0644 -o root -g root -T -- "$ROOT/.skycap/tmp/unit" "/etc/systemd/system/$UNIT" 2>&1) ||
		fail "the unit's file could not be installed: $(last "$why")"
	why=$(verb install-unit systemctl daemon-reload 2>&1) || fail "systemd could not read its units anew: $(last "$why")"
	why=$(verb install-unit systemctl enable --quiet -- "$UNIT" 2>&1) || fail "the unit could not be enabled: $(last "$why")"
fi
if [ "$restart" = stay ]; then
	as_owner rm -f .skycap/restart-due
	done_ stopped
	exit 0
fi
restart_and_watch
