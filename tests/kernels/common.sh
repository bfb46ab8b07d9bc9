# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Kernels to test on, and a guest to run things in. Sourced by run and guest.

KERNELS_DIR=build/kernels
# what test-kernels runs all live tests on, and test-paths reads
# shellcheck disable=SC2034 # by those who source this
KERNELS_VERSIONS=(6.1 6.12)
# what test-kernels runs some of them on
# shellcheck disable=SC2034
KERNELS_NEWEST=backports
KERNELS_APT=$PWD/$KERNELS_DIR/apt

# apt with lists of its own: Debian's releases that have these kernels, whichever release this is.
kernels_apt() {
	local command=$1
	shift
	"$command" -q -o Dir::Etc::SourceList="$KERNELS_APT/sources.list" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$KERNELS_APT/lists" -o Dir::Cache="$KERNELS_APT/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

# Brings the lists up to date, once a day: from the mirror that this machine's own lists name.
kernels_update() {
	local dir=$KERNELS_APT mirror suite
	mkdir -p "$dir"/lists/partial "$dir"/cache/archives/partial
	# one at a time; without a network older ones do
	(
		flock 9
		[ -z "$(find "$dir/updated" -mmin -1440 2>/dev/null)" ] || exit 0
		# shellcheck disable=SC2016 # apt's own names
		mirror=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Identifier: Packages' | awk '$2 == "Debian" && NF == 2 {print $1}' | head -n 1)
		[ -n "$mirror" ] || { echo "no list of packages here is Debian's (apt-get update)" >&2 && exit 1; }
		for suite in bookworm trixie trixie-backports; do
			echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
		done >"$dir/sources.list"
		if kernels_apt apt-get update -o APT::Update::Error-Mode=any >"$dir/log" 2>&1; then touch "$dir/updated"; else
			cat "$dir/log" >&2
			[ -f "$dir/updated" ]
		fi
	) 9>"$dir/lock"
}

# The newest signed cloud kernel of that version, or of all (backports): the name of its package.
kernel_package() {
	local prefix=linux-image-$1.
	[ "$1" != backports ] || prefix=linux-image-
	kernels_apt apt-cache pkgnames "$prefix" | { grep -E '^linux-image-[0-9.]+[-+][a-z0-9]+-cloud-amd64$' || true; } | sort -V | tail -n 1
}

# kernel_fetch PACKAGE: downloads and unpacks it (never installs it); prints its directory.
kernel_fetch() {
	local package=$1 dir=$KERNELS_DIR/$1
	(
		flock 9
		[ -d "$dir" ] || kernel_unpack "$package" "$dir"
	) 9>"$KERNELS_APT/lock" && echo "$dir"
}

kernel_unpack() {
	local package=$1 dir=$2 version=${1#linux-image-} new=$2.new part
	rm -rf "$new"
	mkdir -p "$new"
	# since 6.19 the image, its modules and their lists are packages of their own
	for part in "$package" $(kernels_apt apt-cache depends "$package" | sed -nE 's/^ *Depends: (linux-(base|binary|modules)-.*)/\1/p'); do
		(cd "$new" && kernels_apt apt-get download "$part" >/dev/null 2>&1 && dpkg -x "$part"_*.deb . && rm "$part"_*.deb) || return 1
	done
	# where older releases have them
	[ -d "$new/lib" ] || ln -s usr/lib "$new/lib" || return 1
	if [ ! -f "$new/boot/vmlinuz-$version" ]; then
		mkdir -p "$new/boot"
		ln -s "../usr/lib/modules/$version/vmlinuz" "$new/boot/vmlinuz-$version" || return 1
	fi
	mv -T "$new" "$dir"
}

# Copies a program and the libraries it needs.
guest_add() {
	local root=$1 file=$2 to=$3 library
	mkdir -p "$root/$(dirname "$to")"
	cp "$file" "$root/$to"
	# a static one needs none
	{ ldd "$file" 2>/dev/null || true; } | { grep -oE '/[^ ]+' || true; } | while read -r library; do
		mkdir -p "$root$(dirname "$library")"
		cp -Ln "$library" "$root$library"
	done
}

# guest_image KERNEL_DIR INIT_SCRIPT OUTPUT: an initramfs with the built program and the live tests.
guest_image() {
	local kernel=$1 init=$2 output=$3 root version applet file
	root=$(mktemp -d)
	chmod 755 "$root" # programs of other users run there too
	version=$(basename "$kernel"/boot/vmlinuz-*)
	version=${version#vmlinuz-}
	mkdir -p "$root"/{proc,sys,dev,tmp,mnt,bin,sbin,etc,tests/writers}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in $("$root/bin/busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	guest_add "$root" build/spillwatch bin/spillwatch
	guest_add "$root" build/tests/live/live tests/live
	cp build/tests/live/writers/* "$root/tests/writers/"
	cp share/alert.schema.json tests/kernels/{crun,spillwatch} "$root/tests/"
	guest_add "$root" "$(command -v crun)" bin/crun
	for file in build/tests/bench/{verifier,profile,writer,empty,empty.bpf.o}; do # where they were built
		[ ! -f "$file" ] || guest_add "$root" "$file" "tests/bench/$(basename "$file")"
	done
	guest_add "$root" "$(command -v mkfs.btrfs)" bin/mkfs.btrfs
	# an ext4 disk by virtio, and the file systems of tests/live/files.c, in the order of loading
	guest_modules "$kernel" "$version" "$root" virtio_pci virtio_blk ext4 overlay loop btrfs
	cat >"$root/init" <<'END'
#!/bin/sh
export PATH=/bin HOME=/ TERM=dumb SPILLWATCH=/bin/spillwatch SPILLWATCH_PATIENCE=20 LIVE_WRITERS=/tests/writers LIVE_SCHEMA=/tests/alert.schema.json
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts; mount -t devpts pts /dev/pts; mount -t cgroup2 cgroup2 /sys/fs/cgroup
ln -s /proc/self/fd /dev/fd
while read -r module; do insmod /modules/$module; done < /modules/order
mount -t ext4 /dev/vda /mnt && export LIVE_DIR=/mnt
. /script
poweroff -f
END
	chmod 755 "$root/init"
	cp "$init" "$root/script"
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$output"
	rm -rf "$root"
}

# guest_modules KERNEL_DIR VERSION ROOT MODULE…: what these need, unpacked (busybox loads plain modules only), and in
# modules/order the order of loading.
guest_modules() {
	local kernel=$1 version=$2 root=$3 module name
	shift 3
	mkdir -p "$root/modules"
	[ -f "$kernel/lib/modules/$version/modules.dep" ] || depmod -b "$kernel" "$version" 2>/dev/null
	for module in "$@"; do
		modprobe -d "$kernel" -S "$version" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' | while read -r module; do
		name=$(basename "$module" .xz)
		name=${name%.zst}
		case $module in
		*.xz) xz -dc "$module" >"$root/modules/$name" ;;
		*.zst) zstd -dc "$module" >"$root/modules/$name" ;;
		*) cp "$module" "$root/modules/$name" ;;
		esac
		echo "$name" >>"$root/modules/order"
	done
}

# guest_boot KERNEL_DIR IMAGE SECONDS [KERNEL_ARGUMENT…]: boots it with an empty disk; the console is standard output.
guest_boot() {
	local disk timeout=
	disk=$(mktemp)
	truncate -s 512M "$disk"
	mke2fs -q -F -t ext4 "$disk"
	guest_boot_disk "$disk" "$@" || timeout=1
	rm -f "$disk"
	[ -z "$timeout" ]
}

# guest_boot_disk DISK KERNEL_DIR IMAGE SECONDS [KERNEL_ARGUMENT…]: with that one, an image.
# GUEST_MACHINE: QEMU's options for the CPUs, if not the usual ones.
guest_boot_disk() {
	local disk=$1 kernel=$2 image=$3 seconds=$4 machine
	shift 4
	# TCG does rep stosb and rep movsb byte by byte: without erms and fsrm the kernel has faster ways to clear and copy. It walks
	# page tables in software, so they get four levels, as on most machines, and not five (la57): 7 % of a load.
	# One thread for both CPUs: with two, QEMU before 8.1 can run an int3 that the kernel has patched away already, as
	# it does at every attach ("Oops: int3"; mended by "accel/tcg: Always lock pages before translation").
	read -ra machine <<<"${GUEST_MACHINE:--accel tcg,thread=single -cpu max,-erms,-fsrm,-la57 -smp 2}"
	# nested KVM hangs on some hosts; TCG is slow but always works
	timeout "$seconds" qemu-system-x86_64 "${machine[@]}" -m 1536 -nographic -no-reboot \
		-nodefaults -serial stdio -drive "file=$disk,if=virtio,format=raw,cache=unsafe" \
		-kernel "$kernel"/boot/vmlinuz-* -initrd "$image" -append "console=ttyS0 quiet panic=-1 $*" </dev/null |
		stdbuf -oL tr -d '\r'
}
