# The remote half of a session: it runs the steps that its stdin brings, one by
# one, and ends with its client. It needs no file and leaves none. Three
# processes share the work, so that somebody always listens to the client:
#
#   wire   reads the client's lines from fd 3: data (d), a sign of life (h), stop the step (k)
#   steps  gets that data, runs the steps in it and writes their trailers; holds the lock, fd 9
#   watch  ends all when the wire has been silent for six ticks
#
# The client sets $token, $tick (in seconds) before this text.

# take copies exactly so many bytes: head may read ahead on some systems, dd never does.
take() {
	[ "$1" -lt 65536 ] || dd bs=65536 count=$(($1 / 65536)) iflag=fullblock 2>/dev/null
	[ $(($1 % 65536)) -eq 0 ] || dd bs=$(($1 % 65536)) count=1 iflag=fullblock 2>/dev/null
}

# trailer ends a step's output: nobody else knows the token.
trailer() {
	printf '%s %s\n' "$token" "$1" >&2
	printf '%s %s %s\n' "$token" "$1" "$2"
}

watch() {
	nap=
	trap '[ -z "$nap" ] || kill "$nap"; exit 0' TERM
	trap 'idle=0' USR1
	trap 'idle=-1000000' USR2
	parent=$PPID # sshd's: it ends with the connection, also when nobody reads what it brought
	kill -0 "$parent" || parent=$$
	while [ "$idle" -lt 6 ] && kill -0 "$parent"; do
		sleep "$tick" &
		nap=$!
		while kill -0 "$nap" 2>/dev/null; do wait "$nap"; done
		idle=$((idle + 1))
	done
	kill -TERM $$
}

# wire says USR2 to the watch once it only waits for the step to read its input:
# a client that is not listened to can't be told from a dead one.
wire() {
	while read -r word size <&3; do
		kill -USR1 "$watch"
		case $word in
		d)
			{ take "$size" <&3; kill -USR2 "$watch"; } 2>/dev/null | cat
			kill -USR1 "$watch"
			;;
		k) kill -USR1 $$ ;;
		esac
	done 2>/dev/null
	# The pipe stays open: a step must not take the end of a dead client for the end of its input.
	# Again and again: a signal that comes just before a shell waits goes unheard. And ever
	# more slowly: one that has ended counts as there until its parent has taken note of it.
	set -- 0.05 0.05 0.1 0.2
	while kill -TERM $$; do
		sleep "$1"
		[ $# = 1 ] || shift
	done 2>/dev/null 3<&-
}

# signal reaches the step's session as whom it runs.
signal() {
	kill "-$1" "-$group" 2>/dev/null && return
	[ "$as" = sudo ] && sudo -n -u "$user" -- kill "-$1" "-$group" 2>/dev/null
}

# finish ends what is left of the step's session.
finish() {
	signal TERM || return 0
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 0.1
		signal 0 || return 0
	done
	signal KILL
}

# drain reads what a step has left of its input, so that take has taken all. Mostly
# that is nothing, and needs no process.
drain() {
	if [ "$1" -lt 65536 ] && [ -z "$asked" ]; then
		while read -r _; do :; done
	else
		cat >/dev/null
	fi
}

# hold runs one step of $3 bytes on its stdin: the first $1 are its script, in gzip, and
# the rest is its input. USR1 stops the step, TERM stops it for good.
hold() {
	exec 5<&0 4<&- 6>&2 2>/dev/null # shells like to tell of what was killed
	gone= asked= woken=yes user=$2 whole=$3 finisher=
	trap - USR2
	trap 'woken=yes asked=yes' USR1
	trap 'woken=yes asked=yes gone=yes' TERM
	as=
	if [ "$user" = - ] || [ "$user" = "$(id -un)" ]; then
		set -- "$1"
	elif [ "$(id -u)" = 0 ]; then
		set -- "$1" runuser -u "$user" --
	else
		as=sudo
		set -- "$1" sudo -n -u "$user" --
	fi
	unpack='gzip -dc'
	[ "$1" = "$whole" ] || unpack="dd bs=$1 count=1 iflag=fullblock 2>/dev/null | gzip -dc" # gzip reads ahead
	shift
	setsid "$@" sh -c "eval \"\$($unpack)\"" <&5 2>&6 5<&- 6>&- 9>&- &
	group=$!
	while [ "$woken" ]; do
		woken=
		if [ "$asked" ] && [ -z "$finisher" ]; then
			finish >/dev/null 6>&- &
			finisher=$!
		fi
		wait "$group"
		status=$?
	done
	[ -z "$finisher" ] || kill "$finisher"
	finish
	[ "$gone" ] || drain "$whole" <&5
	exit "$status"
}

run() {
	holder= ending=
	trap '' USR1
	trap 'ending=yes woken=yes' TERM
	take "$1" <&4 9>&- | hold "$2" "$3" "$1" &
	holder=$!
	trap 'woken=yes; kill -USR1 "$holder" 2>/dev/null' USR1
	woken=yes
	while [ "$woken" ] && [ -z "$ending" ]; do
		woken=
		wait "$holder"
		status=$?
	done
	trap '' USR1
	[ -z "$ending" ] || end "$holder"
	trap - TERM
	[ -z "$ending" ] || exit 0
}

# end asks a process until it is gone. To wait for it would be to wait for all of its pipeline.
end() {
	while kill -TERM "$1"; do sleep 0.1; done 2>/dev/null
}

lock() {
	path=$(take "$1" <&4; echo .)
	path=${path%.}
	# To be read is enough for a lock: the file may be of somebody else.
	[ -e "$path" ] || true >>"$path"
	command exec 9<"$path" || { status=74; return; }
	flock -n 9
	status=$?
	case $status in
	0) export SKYCAP_LOCKED=yes; return ;;
	1) status=75 ;;
	*) status=74 ;;
	esac
	exec 9>&-
}

steps() {
	exec 4<&0 3<&-
	trap '' USR1
	trap - TERM
	while read -r kind id size script user <&4; do
		case $kind in
		run) run "$size" "$script" "$user" ;;
		lock) lock "$size" ;;
		unlock) exec 9>&-; SKYCAP_LOCKED= status=0 ;;
		esac
		trailer "$id" "$status"
	done
}

exec 3<&0 </dev/null
unset SKYCAP_LOCKED
missing=
for tool in cat dd flock gzip setsid sleep; do
	command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
trailer 0 "0$missing"
[ -z "$missing" ] || exit 0

ending= idle=0
trap '' USR1 USR2
watch >/dev/null 2>&1 3<&- &
watch=$!
wire | steps &
driver=$!
trap 'kill -USR1 "$driver" 2>/dev/null' USR1
trap 'ending=yes' TERM HUP INT
while [ -z "$ending" ] && kill -0 "$driver" 2>/dev/null; do wait "$driver"; done
end "$driver"
kill "$watch" 2>/dev/null
