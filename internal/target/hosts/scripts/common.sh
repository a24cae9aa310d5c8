# What every script begins with. The environment says: ROOT, the folder that is
# deployed to; OWNER, who owns its files; SUDO, the verbs that go through sudo; UNIT.
umask 022
me=
[ -z "$OWNER" ] || me=$(id -un)
case $OWNER in
"$me") as= ;;
*) if [ "$(id -u)" = 0 ]; then as="runuser -u $OWNER --"; else as="sudo -n -u $OWNER --"; fi ;;
esac

# fail says why a step failed, as the client reads it.
fail() {
	printf 'cause\t%s\n' "$1"
	exit 1
}

# done_ says that something was done, as the client reads it.
done_() { printf 'done\t%s\n' "$1"; }

# last is the last line of a text that has one.
last() { printf '%s\n' "$1" | sed -n '/./h;${x;p;}'; }

# first is the first line of a text that has one: of several complaints, the cause.
first() { printf '%s\n' "$1" | sed -n '/./{p;q;}'; }

# as_owner runs a command as the owner of the files.
as_owner() { $as "$@"; }

# line_as_owner runs a line with arguments as the owner of the files, by this shell
# if that will do: each program that is started takes a millisecond or two.
line_as_owner() {
	if [ -z "$as" ]; then eval "$1"; else $as sh -c 'line=$1; eval "$line"' sh "$@"; fi
}

# save writes a file whole or not at all, by way of .skycap/tmp. Of what is in the way,
# cat tells more than a shell.
save() {
	{ printf '%s\n' "$2" >"$ROOT/.skycap/tmp/save.$$"; } 2>/dev/null || printf '%s\n' "$2" | cat >"$ROOT/.skycap/tmp/save.$$" &&
		mv -f "$ROOT/.skycap/tmp/save.$$" "$1" || fail "$1 could not be written"
}

# prepared reports whether the folders of skycap's own are there.
prepared() { [ -d releases ] && [ -d shared ] && [ -d .skycap/tmp ] && [ -d .skycap/folders ] && [ -d .skycap/releases ]; }

# is_current reports whether a release folder is the current one, however that is written.
is_current() { [ "releases/$1" -ef current ]; }

# age dates a release folder back, so that Capistrano's rollback, which goes by these
# times, takes one that ran well before it.
age() { as_owner touch -t 200001010000 -- "releases/$1"; }

# shared_of is where a linked path lies: where the current release has it, since
# Capistrano 2 and 3 differ in that, or else where Capistrano 3 has it.
shared_of() {
	there=$(readlink "current/$1")
	case $there in
	*/../* | */..) there=$ROOT/shared/$1 ;;
	"$ROOT"/shared/?*) ;;
	*) there=$ROOT/shared/$1 ;;
	esac
	printf '%s\n' "$there"
}

# command_line runs a line of skycap.yaml as the owner, in the current folder.
command_line() {
	$as env SKYCAP_APP="$SKYCAP_APP" SKYCAP_ENVIRONMENT="$SKYCAP_ENVIRONMENT" SKYCAP_SERVICE="$SKYCAP_SERVICE" \
		SKYCAP_REVISION="$SKYCAP_REVISION" SKYCAP_RELEASE="$SKYCAP_RELEASE" SKYCAP_RELEASE_PATH="$SKYCAP_RELEASE_PATH" \
		SKYCAP_HOST="$SKYCAP_HOST" sh -c "$1" </dev/null
}

# verb runs a command through sudo, where skycap.yaml lists its verb.
verb() {
	word=$1
	shift
	case " $SUDO " in
	*" $word "*) if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -- "$@"; fi ;;
	*) "$@" ;;
	esac
}

# unit is a property of the unit, as systemd has it.
unit() { systemctl show --property="$1" --value -- "$UNIT" 2>/dev/null; }

# get fetches a URL, and says why when it can't.
get() {
	if command -v curl >/dev/null; then
		curl -fsS -m 5 -o /dev/null -- "$1" 2>&1
	else
		wget -q -T 5 -O /dev/null -- "$1" 2>&1 || { echo "wget could not fetch it"; return 1; }
	fi
}

# check runs the check of skycap.yaml once, and says why when it fails.
check() {
	if [ -n "$CHECK_URL" ]; then
		get "$CHECK_URL" || return 1
	elif [ -n "$CHECK_COMMAND" ]; then
		(cd "$ROOT/current" && command_line "$CHECK_COMMAND") 2>&1 || return 1
	fi
}
