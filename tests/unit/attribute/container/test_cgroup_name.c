// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Paths of cgroups as runtimes make them: which container, which pod, which unit. */
#include "unit.h"

#include "attribute/container/cgroup_name.h"

#include <errno.h>
#include <string.h>

/* Hashes, as ids of containers are. */
#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define UID "c4b1cf02-9d13-4e7a-8a9e-0d8f1d2b3c4e"
#define UID_ "c4b1cf02_9d13_4e7a_8a9e_0d8f1d2b3c4e"
#define STATIC_UID "89f4f2cb511c3b0b7e5272cff5ec37bf"

static const struct {
	const char *path, *runtime, *id, *outer, *pod_uid;
	const char *rest; /* what the container itself has made below its cgroup */
} cases[] = {
	/* Kubernetes: systemd driver, cgroupfs driver, systemd's path taken literally */
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice/cri-containerd-" A
	 ".scope",
	 "containerd", A, "", UID, ""},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" A ".scope/init.scope", "containerd", A,
	 "", UID, "/init.scope"},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" STATIC_UID ".slice/crio-" A
	 ".scope",
	 "cri-o", A, "", STATIC_UID, ""},
	{"/kubepods/burstable/pod" UID "/" A, "containerd", A, "", UID, ""},
	{"/kubepods/pod" STATIC_UID "/" A, "containerd", A, "", STATIC_UID, ""},
	{"/kubepods/besteffort/pod" UID "/crio-" A, "cri-o", A, "", UID, ""},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice/docker-" A ".scope",
	 "docker", A, "", UID, ""},
	{"/system.slice/containerd.service/kubepods-burstable-pod" UID_ ".slice:cri-containerd:" A,
	 "containerd", A, "", "", ""},
	/* Docker */
	{"/system.slice/docker-" A ".scope", "docker", A, "", "", ""},
	{"/docker/" A, "docker", A, "", "", ""},
	{"/docker/" A "/init", "docker", A, "", "", "/init"},
	{"/docker/" A "/system.slice/foo.service", "docker", A, "", "", "/system.slice/foo.service"},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" A ".scope", "docker", A, "", "",
	 ""},
	{"/my-parent/" A, "unknown", A, "", "", ""},
	{"/docker/buildkit/abcdefghijklmnopqrstuvwxy", "runc", "abcdefghijklmnopqrstuvwxy", "", "", ""},
	/* containerd without Kubernetes */
	{"/system.slice/nerdctl-" A ".scope", "containerd", A, "", "", ""},
	{"/default/" A, "unknown", A, "", "", ""},
	/* podman */
	{"/machine.slice/libpod-" A ".scope", "podman", A, "", "", ""},
	{"/machine.slice/libpod-" A ".scope/container", "podman", A, "", "", "/container"},
	{"/libpod_parent/libpod-" A, "podman", A, "", "", ""},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A ".scope/container", "podman", A,
	 "", "", "/container"},
	{"/system.slice/web.service/libpod-payload-" A, "podman", A, "", "", ""},
	{"/machine.slice/machine-libpod_pod_" B ".slice/libpod-" A ".scope", "podman", A, "", B, ""},
	{"/libpod_parent/" B "/libpod-" A, "podman", A, "", B, ""},
	/* LXC and nspawn */
	{"/lxc.payload.web", "lxc", "web", "", "", ""},
	{"/lxc.payload.my web/system.slice/cron.service", "lxc", "my web", "", "",
	 "/system.slice/cron.service"},
	{"/lxc/101/ns", "lxc", "101", "", "", "/ns"},
	{"/lxc.payload/web", "lxc", "web", "", "", ""},
	{"/machine.slice/machine-web.scope/payload", "systemd-nspawn", "web", "", "", "/payload"},
	{"/machine.slice/machine-my\\x2dweb.scope", "systemd-nspawn", "my-web", "", "", ""},
	{"/machine.slice/systemd-nspawn@web.service/payload", "systemd-nspawn", "web", "", "", "/payload"},
	/* on their own */
	{"/system.slice/runc-test.scope", "runc", "test", "", "", ""},
	{"/system.slice/crun-test.scope", "unknown", "test", "", "", ""},
	/* nested: kind, docker-in-docker, Docker in LXC */
	{"/docker/" B "/kubelet/kubepods/burstable/pod" UID "/" A, "containerd", A, B, UID, ""},
	{"/system.slice/docker-" B
	 ".scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
	 "kubelet-kubepods-besteffort-pod" UID_ ".slice/cri-containerd-" A ".scope",
	 "containerd", A, B, UID, ""},
	{"/docker/" B "/docker/" A, "docker", A, B, "", ""},
	{"/kubepods/burstable/pod" UID "/" B "/docker/" A, "docker", A, B, "", ""},
	{"/lxc.payload.web/docker/" A, "docker", A, "web", "", ""},
	/* slashes that nobody needs */
	{"//docker//" A "/", "docker", A, "", "", ""},
};

static void test_containers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *path = cases[i].path;
		struct cgroup_name name;

		print_message("%s\n", path);
		assert_int_equal(cgroup_name_parse(path, strlen(path), &name), 0);
		assert_string_equal(name.runtime, cases[i].runtime);
		assert_string_equal(name.id, cases[i].id);
		assert_string_equal(name.outer, cases[i].outer);
		assert_string_equal(name.pod_uid, cases[i].pod_uid);
		if (path[1] != '/')
			assert_string_equal(path + name.end, cases[i].rest);
		if (*name.outer)
			assert_true(name.outer_end && name.outer_end < name.end);
		else
			assert_int_equal(name.outer_end, 0);
	}
}

static void test_none(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"/init.scope",
		"/system.slice/docker.service",
		"/system.slice/docker-proxy.service",
		"/user.slice/user-1000.slice/session-3.scope",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice",
		"/kubepods/burstable/pod" UID,
		"/process/" STATIC_UID,
		/* what looks after containers */
		"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-conmon-" A ".scope",
		"/kubepods/pod" UID "/crio-conmon-" A,
		"/machine.slice/libpod-conmon-" A ".scope",
		"/libpod_parent/" A,
		"/machine.slice/machine-libpod_pod_" A ".slice",
		"/lxc.monitor.web",
		"/machine.slice/machine-web.scope/supervisor",
		"/machine.slice/systemd-nspawn@web.service/supervisor",
		/* a virtual machine */
		"/machine.slice/machine-qemu\\x2d1\\x2dweb.scope",
		/* no ids */
		"/docker/..",
		"/docker/web",
		"/system.slice/docker-.scope",
		"/system.slice/docker-..scope",
		"/system.slice/docker-a b.scope",
		"/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeF",
	};
	struct cgroup_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		print_message("%s\n", paths[i]);
		assert_int_equal(cgroup_name_parse(paths[i], strlen(paths[i]), &name), -ENOENT);
	}
	assert_int_equal(cgroup_name_parse("/lxc.payload.\0web", 17, &name), -ENOENT);
	/* in the container around it */
	assert_int_equal(cgroup_name_parse("/docker/" B "/crio-conmon-" A ".scope",
					   strlen("/docker/" B "/crio-conmon-" A ".scope"), &name),
			 0);
	assert_string_equal(name.id, B);
}

static void test_guess(void **state)
{
	static const char path[] = "/default/test/system.slice/cron.service";
	char parent[CGROUP_NAME_BYTES];
	struct cgroup_name name;
	int len;

	(void)state;
	len = cgroup_name_guess(path, strlen(path), &name, parent);
	assert_string_equal(name.id, "");
	len = cgroup_name_guess(path, (size_t)len, &name, parent);
	assert_string_equal(name.id, "");
	len = cgroup_name_guess(path, (size_t)len, &name, parent);
	assert_string_equal(name.id, "test");
	assert_string_equal(parent, "default");
	assert_int_equal(name.end, strlen("/default/test"));
	len = cgroup_name_guess(path, (size_t)len, &name, parent);
	assert_string_equal(name.id, "default");
	assert_string_equal(parent, "");
	assert_int_equal(len, 0);
	assert_int_equal(cgroup_name_guess(path, (size_t)len, &name, parent), -ENOENT);
}

static void check_unit(const char *paths, const char *wanted)
{
	size_t len = 0;
	const char *unit = cgroup_name_unit(paths, strlen(paths), &len);

	if (!wanted) {
		assert_null(unit);
		return;
	}
	assert_non_null(unit);
	assert_int_equal(len, strlen(wanted));
	assert_memory_equal(unit, wanted, len);
}

static void test_unit(void **state)
{
	(void)state;
	check_unit("/system.slice/cron.service", "cron.service");
	check_unit("/system.slice/cron.service/sub", "cron.service");
	check_unit("/user.slice/user-1000.slice/user@1000.service/app.slice/app-vim.scope", "app-vim.scope");
	check_unit("/user.slice/user-1000.slice/session-3.scope", "session-3.scope");
	check_unit("/init.scope", "init.scope");
	check_unit("/system.slice/home.mount", "home.mount");
	check_unit("/\n/system.slice/cron.service", "cron.service");
	check_unit("/user.slice", NULL);
	check_unit("/.service", NULL);
	check_unit("/", NULL);
	check_unit("", NULL);
}

static void test_ids(void **state)
{
	(void)state;
	assert_true(cgroup_name_is_id("a.b_c-D9", 8));
	assert_false(cgroup_name_is_id("", 0));
	assert_false(cgroup_name_is_id("..", 2));
	assert_false(cgroup_name_is_id(".a", 2));
	assert_false(cgroup_name_is_id("a/b", 3));
	assert_false(cgroup_name_is_id("a\0b", 3));
	assert_true(cgroup_name_is_hash(A, 64));
	assert_false(cgroup_name_is_hash(A, 63));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containers), cmocka_unit_test(test_none), cmocka_unit_test(test_guess),
		cmocka_unit_test(test_unit),       cmocka_unit_test(test_ids),
	};

	return UNIT_RUN(tests);
}
