# Claims the first number from the given one on that nobody has, and says it.
number=$1
cd "$ROOT" || exit 1
as_owner mkdir -p .skycap/numbers || exit 1
until as_owner mkdir ".skycap/numbers/$number" 2>/dev/null; do
	[ -d ".skycap/numbers/$number" ] || fail "no number could be claimed"
	number=$((number + 1))
done
printf "number\t%s\n" "$number"
for old in .skycap/numbers/*; do
	[ "${old##*/}" -ge "$number" ] || as_owner rmdir "$old"
done
