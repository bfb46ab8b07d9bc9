# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# A Debian without anything of ours, and two versions of our packages. Sourced by the tests that install it.

PACKAGES_SUITE=bookworm

# packages_base FILE [PACKAGE…]: a root as a tar file, by this machine's own sources; one that is there, with the same
# packages, is kept. Its lists of packages stay, for what is installed later. What mmdebstrap says goes to FILE.log.
packages_base() {
	local to=$1 from=() file include
	shift
	include=$(
		IFS=,
		echo "$*"
	)
	[ ! -e "$to" ] || [ "$(cat "$to.packages")" != "$include" ] || return 0
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.list /etc/apt/sources.list.d/debian.sources; do
		! grep -qs "\\b$PACKAGES_SUITE\\b" "$file" || from+=("$file")
	done
	apt-config dump | grep -E '^Acquire::(https?::(Proxy|proxy)|Check-)' >"$to.apt.conf"
	mmdebstrap --quiet --variant=minbase --aptopt="$to.apt.conf" --skip=cleanup/apt/lists ${include:+"--include=$include"} \
		"$PACKAGES_SUITE" "$to.new.tar" "${from[@]}" >"$to.log" 2>&1 && mv "$to.new.tar" "$to" && echo "$include" >"$to.packages"
}

# packages_older DIRECTORY: version 0.0.1 there, as it was while all was one package, and with another rule. Without a
# network. With KEEP_BUILD=1 of what the last run has compiled there.
packages_older() {
	local older=$1/older part parts
	unshare --net tools/deb "$1" 0.0.1 || return
	mapfile -t parts < <(packages_parts "$1" older)
	rm -rf "$older"
	dpkg-deb -R "${parts[0]}" "$older" && dpkg-deb -x "${parts[1]}" "$older" && dpkg-deb -x "${parts[2]}" "$older" || return
	{
		sed '/^Depends:/d; /^Recommends:/d; /^Suggests:/d; /^Description:/,$d' "$older/DEBIAN/control"
		printf 'Depends: '
		for part in "${parts[@]}"; do dpkg-deb -f "$part" Depends; done | tr ',' '\n' | sed 's/^ //; /|/d' | sort -u | paste -sd,
		sed -n '/^Description:/,$p' "$older/DEBIAN/control"
	} >"$1/control" && mv "$1/control" "$older/DEBIAN/control" || return
	mv "$older/lib/systemd/system/spillwatch-forward.service" "$older/usr/share/spillwatch" || return
	rm -r "$older"/usr/lib/sysusers.d "$older"/usr/share/doc/spillwatch-* "$older/DEBIAN/md5sums" "${parts[@]}"
	printf '# of the older version\n' | tee -a "$older"/etc/spillwatch/rules.d/*.yaml
	dpkg-deb --root-owner-group -Zgzip -b "$older" "${parts[0]}" || return
	rm -r "$older"
}

# packages_newer DIRECTORY: as this tree's version, of what the older one was compiled of.
packages_newer() { KEEP_BUILD=1 unshare --net tools/deb "$1"; }

# packages_parts DIRECTORY older|newer: those packages there: the daemon's first, then scan's and forward's.
packages_parts() {
	local name not='!'
	[ "$2" = newer ] || not=
	for name in spillwatch spillwatch-scan spillwatch-forward; do
		# shellcheck disable=SC2086 # a word or none
		find "$1" -maxdepth 1 -name "${name}_*.deb" $not -name '*_0.0.1_*'
	done
}
