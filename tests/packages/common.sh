# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# A Debian without anything of ours, and two versions of our package. Sourced by the tests that install it.

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

# packages_older DIRECTORY: the package there as version 0.0.1, which has shipped another rule, without a network. With
# KEEP_BUILD=1 of what the last run has compiled there.
packages_older() {
	local package
	unshare --net tools/deb "$1" 0.0.1 || return
	package=$(echo "$1"/spillwatch_0.0.1_*.deb)
	dpkg-deb -R "$package" "$1/older" || return
	printf '# of the older version\n' | tee -a "$1"/older/etc/spillwatch/rules.d/*.yaml
	dpkg-deb --root-owner-group -Zgzip -b "$1/older" "$package" || return
	rm -r "$1/older"
}

# packages_newer DIRECTORY: as this tree's version, of what the older one was compiled of.
packages_newer() { KEEP_BUILD=1 unshare --net tools/deb "$1"; }
