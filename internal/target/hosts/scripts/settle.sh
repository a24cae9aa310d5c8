# Removes release folders and records by name. What is current stays, whatever is asked.
cd "$ROOT" || exit 1
current=$(readlink current)
for path; do
	case $path in
	*.json) rm -f ".skycap/releases/$path" ;;
	*)
		[ "$current" != "$ROOT/releases/$path" ] || continue
		rm -rf "releases/$path" ".skycap/folders/$path" ".skycap/folders/$path.files"
		;;
	esac
done
