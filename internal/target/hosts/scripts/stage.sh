# Makes a release folder that nothing uses yet, and builds in it. Its stdin is the
# list of what goes, ended by NULs, and then the tar of what comes.
name=$1 base=$2 listed=$3 manifest=$4 key=$5 config=$6 secrets=$7 number=$8 record=$9
shift 9
dirs=$1
shift
cd "$ROOT" || exit 1

# drop removes a folder that never became whole.
drop() {
	! is_current "$1" || return 0
	rm -rf "releases/$1" ".skycap/folders/$1" ".skycap/folders/$1.files" ".skycap/tmp/staging.$1"
}

# broken drops the folder again and says why.
broken() {
	cd "$ROOT" && drop "$name"
	fail "$1"
}

for mark in .skycap/tmp/staging.*; do
	[ -e "$mark" ] || continue
	left=${mark#.skycap/tmp/staging.}
	if [ -e ".skycap/folders/$left" ]; then rm -f "$mark"; else drop "$left"; fi # whole, but cut off before it was said
done
save ".skycap/releases/$number.json" "$record"
[ -n "$manifest" ] || exit 0 # it is there already

true >".skycap/tmp/staging.$name" || fail "no mark could be written"
mkdir "releases/$name" 2>/dev/null || fail "releases/$name is there already"
cd "releases/$name" || exit 1
if [ -n "$base" ]; then
	(cd "../$base" && xargs -0 -r cp -P --preserve=timestamps --reflink=auto --parents -t "../$name" -- <"../../.skycap/folders/$base.files" 2>/dev/null) || {
		cd "$ROOT" && drop "$name"
		exit 65
	}
	[ "$listed" = 0 ] || head -c "$listed" | xargs -0 rm -f -- || exit 65
	[ -z "$config" ] || rm -rf -- "./$config"
	[ -z "$secrets" ] || rm -rf -- "./$secrets"
fi
why=$(tar -xzpf - --no-same-owner 2>&1) || broken "$(first "$why")"
have=$(manifest "../../.skycap/folders/$name.files") || broken "the files could not be read back"
if [ "$have" != "$manifest" ]; then
	cd "$ROOT" && drop "$name"
	[ -z "$base" ] || exit 65
	fail "the files that arrived are not those that were sent"
fi

# The first so many of the other arguments are linked folders, the rest linked files.
while [ $# -gt 0 ]; do
	there=$(cd "$ROOT" && shared_of "$1")
	mkdir -p -- "$(dirname -- "./$1")" "$(dirname -- "$there")" || broken "the folder of $1 could not be made"
	if [ "$dirs" -gt 0 ]; then
		mkdir -p -- "$there" || broken "$there could not be made"
		dirs=$((dirs - 1))
	elif [ ! -e "$there" ]; then
		broken "$there is not there"
	fi
	rm -rf -- "./$1"
	ln -s -- "$there" "./$1" || broken "$1 could not be linked"
	shift
done
if [ -n "$BUILD" ]; then
	command_line "$BUILD" >&2 || broken "the build ended with exit status $?"
fi
cd "$ROOT" && age "$name" || broken "the folder could not be dated"
save ".skycap/folders/$name" "$key"
rm -f ".skycap/tmp/staging.$name"
