# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
The machine in a guest with another kernel (ORACLE_GUEST=6.12, ORACLE_ATTACH=fexit): programs and what came of them lie on its disk.
When an alert came is not known there: lateness is not judged.
"""
import os, shutil, subprocess, tempfile

BOOT = """set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
. tests/kernels/common.sh
mkdir -p "$KERNELS_DIR"
kernels_update
package=$(kernel_package "$1")
[ -n "$package" ] || { echo "Debian has no kernel $1 (any more)" >&2; exit 1; }
kernel=$(kernel_fetch "$package")
guest_image "$kernel" "$2" "$2.image"
guest_boot_disk "$3" "$kernel" "$2.image" "$4"
"""
# /mnt is the disk; the files of each place lie below it
SETUP = """mkdir -p /mnt/disk /mnt/shm /mnt/btrfs /mnt/lower /mnt/upper /mnt/work /mnt/overlay
mount -t tmpfs shm /mnt/shm
truncate -s 512M /mnt/btrfs.image && mkfs.btrfs -q /mnt/btrfs.image && mount -o loop /mnt/btrfs.image /mnt/btrfs
mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work oracle /mnt/overlay
ulimit -c 0
"""
PLACES = ["/mnt/disk", "/mnt/shm", "/mnt/btrfs", "/mnt/overlay"]
OVERLAYS = {"/mnt/overlay": "/mnt/upper"}


def play(version, attach, batches, machine, top, seconds):
    """
    batches: lists of (number, lines, place), played one after the other; returns for each (what the alerts hold, what standard error holds,
    the directories, the paths of the logs), and a directory to be removed.
    """
    work = tempfile.mkdtemp(prefix="oracle-guest", dir="/var/tmp")
    on_disk, script, disk = f"{work}/on-disk", f"{work}/script", f"{work}/disk"
    os.mkdir(on_disk)
    shutil.copy(machine, f"{on_disk}/machine")
    directories = []
    with open(script, "w") as file:
        file.write(SETUP)
        for b, batch in enumerate(batches):
            command, of_batch = "", []
            for i, (number, lines, place) in enumerate(batch):
                directory = f"{place}/b{b}/{i}"
                with open(f"{on_disk}/{b}-{i}.steps", "w") as steps:
                    steps.write("\n".join(lines) + "\n")
                file.write(f"mkdir -p {directory}\n")
                command += f" {directory} /mnt/{b}-{i}.steps /mnt/{b}-{i}.log {number}"
                of_batch.append(directory)
            file.write(f"spillwatch exec --attach {attach} --output text --alerts /mnt/{b}.alerts -- /mnt/machine{command} 2> /mnt/{b}.errors\n"
                       f"echo $? > /mnt/{b}.result\n")
            directories.append(of_batch)
        file.write("umount /mnt/overlay /mnt/btrfs /mnt/shm\ncd /\numount /mnt\n")
    subprocess.run(["truncate", "-s", "2G", disk], check=True)
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", on_disk, disk], check=True)
    console = subprocess.run(["bash", "-c", BOOT, "guest", version, script, disk, str(seconds)], cwd=top, stdout=subprocess.PIPE, text=True, check=False)
    back = f"{work}/back"
    os.mkdir(back)
    subprocess.run(["/sbin/debugfs", "-R", f"rdump / {back}", disk], check=True, stderr=subprocess.DEVNULL)
    played = []
    for b, of_batch in enumerate(directories):
        try:
            with open(f"{back}/{b}.result") as file:
                result = file.read().strip()
        except FileNotFoundError:
            result = "nothing"
        if result != "0":
            errors = open(f"{back}/{b}.errors").read() if os.path.exists(f"{back}/{b}.errors") else ""
            raise SystemExit(f"oracle: in the guest batch {b} ended with {result}:\n{errors[-2000:]}\n{console.stdout[-2000:]}")
        played.append((open(f"{back}/{b}.alerts").read(), open(f"{back}/{b}.errors").read(), of_batch,
                       [f"{back}/{b}-{i}.log" for i in range(len(of_batch))]))
    return played, work
