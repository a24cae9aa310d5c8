# Makes the folders of skycap's own, and the file that is locked.
if [ ! -d "$ROOT" ]; then
	if [ -n "$as" ] && [ "$me" = root ]; then
		why=$(install -d -o "$OWNER" -- "$ROOT" 2>&1) || fail "$why"
	else
		why=$(as_owner mkdir -p -- "$ROOT" 2>&1) || fail "$why"
	fi
fi
cd "$ROOT" || exit 1
prepared ||
	why=$(as_owner mkdir -p releases shared .skycap/tmp .skycap/folders .skycap/releases 2>&1) || fail "$why"
[ -e .skycap/lock ] || why=$(as_owner touch .skycap/lock 2>&1) || fail "$why"
