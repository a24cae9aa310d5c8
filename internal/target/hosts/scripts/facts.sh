# Says how the host is, a line for each fact: a name, a tab and its value. The
# arguments are the linked files. It changes nothing but who has the lock, where the
# session has it and brings that.
fact() { printf '%s\t%s\n' "$1" "$2"; }

# folder says what is known of a release folder: its name, its key, its revision,
# and whether its files are listed.
folder() {
	key= revision= listed=
	[ ! -r ".skycap/folders/$1" ] || read -r key <".skycap/folders/$1"
	[ ! -r "releases/$1/REVISION" ] || read -r revision <"releases/$1/REVISION"
	[ ! -r ".skycap/folders/$1.files" ] || listed=yes
	printf 'folder\t%s\t%s\t%s\t%s\n' "$1" "$key" "$revision" "$listed"
}

# line_of says what stands in a file of skycap's own, which is one line.
line_of() { [ ! -r ".skycap/$1" ] || { read -r line <".skycap/$1" && fact "$1" "$line"; }; }

tree() {
	! prepared || fact prepared yes
	line_as_owner 'shift; for path; do [ ! -e "$path" ] || [ -w "$path" ] || stat --printf "unwritable\t%n\t%U\n" -- "$path"; done' \
		. releases shared .skycap .skycap/folders .skycap/releases .skycap/tmp
	find . releases -maxdepth 1 -type d ! -path ./repo ! -user "${OWNER:-$me}" -printf 'foreign\t%p\t%u\n' -quit 2>/dev/null
	if [ -L current ]; then
		fact current "$(readlink current)"
	elif [ -e current ]; then
		fact blocked "$(stat -c %F current)"
	fi
	[ ! -L releases/current ] || fact stray "$(readlink releases/current)"
	for path in releases/*/; do
		path=${path%/}
		[ -d "$path" ] && [ ! -L "$path" ] || continue
		folder "${path#releases/}"
		! is_current "${path#releases/}" || fact running "${path#releases/}"
	done
	for path; do
		[ -e "$(shared_of "$path")" ] || fact unlinked "$path"
	done
	[ ! -e .skycap/restart-due ] || fact due yes
	line_of freeze
	if [ -n "$SKYCAP_LOCKED" ] || { [ -r .skycap/lock ] && ! flock -n .skycap/lock true; }; then
		fact held yes
		[ -z "$SKYCAP_LOCKED" ] || [ -z "$SIGN" ] || line_as_owner 'printf "%s\n" "$2" >.skycap/tmp/holder && mv -f .skycap/tmp/holder .skycap/holder' "$SIGN"
		line_of holder
	fi
	set -- .skycap/releases/*.json
	[ ! -e "$1" ] || sed 's/^/record\t/' "$@"
}

# read_only says where a file system is mounted, if that is read-only.
read_only() {
	findmnt -rno OPTIONS,TARGET -T "$1" 2>/dev/null | {
		read -r options target
		case ,$options, in *,ro,*) fact readonly "$target" ;; esac
	}
}

# room says how much is free where the folder is or is going to be, in KiB and inodes.
room() {
	at=$ROOT
	while [ ! -d "$at" ]; do at=$(dirname -- "$at"); done
	fact base "$at"
	if [ "$me" = root ]; then [ -w "$at" ]; else as_owner test -w "$at"; fi && fact reachable yes || read_only "$at"
	df -k --output=avail,itotal,iavail -- "$at" | {
		read -r _
		read -r free total inodes
		fact free "$free"
		[ "$total" = 0 ] || [ "$total" = - ] || fact inodes "$inodes"
	}
}

# rights says which verbs may not be run.
rights() {
	[ "$me" != root ] || return 0
	if [ -n "$as" ] && ! sudo -n -l -u "$OWNER" -- sh >/dev/null 2>&1; then fact refused "-u $OWNER -- sh"; fi
	for verb in $SUDO; do
		case $verb in
		install-unit) set -- install -m 0644 -o root -g root -T -- "$ROOT/.skycap/tmp/unit" "/etc/systemd/system/$UNIT" ;;
		logs) set -- journalctl "--unit=$UNIT" ;;
		status) set -- systemctl status -- "$UNIT" ;;
		*) set -- systemctl "$verb" -- "$UNIT" ;;
		esac
		sudo -n -l -- "$@" >/dev/null 2>&1 || fact refused "$*"
	done
}

{
	me=$(id -un)
	fact user "$me"
	fact now "$(date +%s)"
	[ -z "$OWNER" ] || id -u -- "$OWNER" >/dev/null 2>&1 || fact nobody "$OWNER"
	for tool in tar gzip find xargs sort sha256sum cp stat readlink flock; do
		command -v "$tool" >/dev/null || fact missing "$tool"
	done
	find / -maxdepth 0 -printf '' 2>/dev/null || fact missing "GNU find"
	command -v curl >/dev/null || command -v wget >/dev/null || fact fetcher none
	if [ -d "$ROOT" ] && cd "$ROOT"; then
		fact root yes
		tree "$@"
	fi
	room
	rights
	if [ -n "$UNIT" ]; then
		if command -v systemctl >/dev/null; then
			TZ=UTC systemctl show --property=LoadState,ActiveState,SubState,NRestarts,ActiveEnterTimestamp,Result -- "$UNIT" | sed 's/^/unit\t/'
			[ ! -r "/etc/systemd/system/$UNIT" ] || fact unit_file "$(sha256sum "/etc/systemd/system/$UNIT" | cut -c 1-64)"
		else
			fact missing systemctl
		fi
	fi
	if [ -n "$LOOK" ] && [ -n "$CHECK_URL$CHECK_COMMAND" ] && ! why=$(check); then
		fact unhealthy "$(last "$why")"
	fi
	fact end yes
} | gzip -1 -c
