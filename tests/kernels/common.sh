# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Kernels to test on, and a guest to run things in. Sourced by run and guest.

KERNELS_DIR=build/kernels

# The newest signed cloud kernel whose package name starts like this.
kernel_package() {
	apt-cache search --names-only "^linux-image-$1.*cloud-amd64\$" | awk '{print $1}' |
		grep -vE -- '-(unsigned|dbg)$|^linux-image-[0-9.]+-cloud-amd64$' | sort -V | tail -n 1
}

# Downloads and unpacks it (never installs it); prints its directory.
kernel_fetch() {
	local package=$1 dir=$KERNELS_DIR/$1
	if ! compgen -G "$dir/boot/vmlinuz-*" >/dev/null; then
		mkdir -p "$dir"
		(cd "$KERNELS_DIR" && apt-get download -q "$package" >/dev/null 2>&1 && dpkg -x "$package"_*.deb "$package" && rm -f "$package"_*.deb) ||
			return 1
	fi
	echo "$dir"
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
	local kernel=$1 init=$2 output=$3 root version module applet name file
	root=$(mktemp -d)
	version=$(basename "$kernel"/boot/vmlinuz-*)
	version=${version#vmlinuz-}
	mkdir -p "$root"/{proc,sys,dev,tmp,mnt,bin,sbin,etc,tests/writers,modules}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in $("$root/bin/busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	guest_add "$root" build/spillwatch bin/spillwatch
	guest_add "$root" build/tests/live/live tests/live
	cp build/tests/live/writers/* "$root/tests/writers/"
	cp share/alert.schema.json tests/kernels/crun "$root/tests/"
	guest_add "$root" "$(command -v crun)" bin/crun
	for file in build/tests/bench/{verifier,profile,writer,empty,empty.bpf.o}; do # where they were built
		[ ! -f "$file" ] || guest_add "$root" "$file" "tests/bench/$(basename "$file")"
	done
	guest_add "$root" "$(command -v mkfs.btrfs)" bin/mkfs.btrfs
	# an ext4 disk by virtio, and the file systems of tests/live/files.c, in the order of loading
	[ -f "$kernel/lib/modules/$version/modules.dep" ] || depmod -b "$kernel" "$version" 2>/dev/null
	for module in virtio_pci virtio_blk ext4 overlay loop btrfs; do
		modprobe -d "$kernel" -S "$version" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' | while read -r module; do
		name=$(basename "${module%.xz}")
		case $module in
		*.xz) xz -dc "$module" >"$root/modules/$name" ;; # busybox loads plain modules only
		*) cp "$module" "$root/modules/$name" ;;
		esac
		echo "$name" >>"$root/modules/order"
	done
	cat >"$root/init" <<'END'
#!/bin/sh
export PATH=/bin HOME=/ TERM=dumb SPILLWATCH=/bin/spillwatch LIVE_WRITERS=/tests/writers LIVE_SCHEMA=/tests/alert.schema.json
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

# guest_boot KERNEL_DIR IMAGE SECONDS [KERNEL_ARGUMENT…]: boots it; the console is standard output.
# GUEST_MACHINE: QEMU's options for the CPUs, if not the usual ones.
guest_boot() {
	local kernel=$1 image=$2 seconds=$3 disk machine timeout=
	shift 3
	# TCG does rep stosb and rep movsb byte by byte: without erms and fsrm the kernel has faster ways to clear and copy.
	# One thread for both CPUs: with two, QEMU before 8.1 can run an int3 that the kernel has patched away already, as
	# it does at every attach ("Oops: int3"; mended by "accel/tcg: Always lock pages before translation").
	read -ra machine <<<"${GUEST_MACHINE:--accel tcg,thread=single -cpu max,-erms,-fsrm -smp 2}"
	disk=$(mktemp)
	truncate -s 512M "$disk"
	mke2fs -q -F -t ext4 "$disk"
	# nested KVM hangs on some hosts; TCG is slow but always works
	timeout "$seconds" qemu-system-x86_64 "${machine[@]}" -m 1536 -nographic -no-reboot \
		-nodefaults -serial stdio -drive "file=$disk,if=virtio,format=raw,cache=unsafe" \
		-kernel "$kernel"/boot/vmlinuz-* -initrd "$image" -append "console=ttyS0 quiet panic=-1 $*" </dev/null |
		stdbuf -oL tr -d '\r' || timeout=1
	rm -f "$disk"
	[ -z "$timeout" ]
}
