# Removes release folders and records by name. What is current stays, whatever is asked.
cd "$ROOT" || exit 1
for path; do
	case $path in
	*.json) rm -f ".skycap/releases/$path" ;;
	*)
		! is_current "$path" || continue
		rm -rf "releases/$path" ".skycap/folders/$path" ".skycap/folders/$path.files"
		;;
	esac
done
for about in .skycap/folders/*; do # of those that Capistrano has removed
	name=${about##*/}
	[ -d "releases/${name%.files}" ] || rm -f "$about"
done
