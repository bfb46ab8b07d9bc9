// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Containers named from the files of their runtimes, in a root directory of our own, laid out as each runtime does
 * it on a Kubernetes node, a Docker host, a desktop with podman; what is missing, late, broken, or not to be
 * believed.
 */
#include "children.h"
#include "tree.h"
#include "unit.h"

#include "attribute/container/containers.h"
#include "attribute/container/readers.h"
#include "attribute/inquiry.h"
#include "files/open.h"
#include "lib/monotonic.h"
#include "bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SECOND 1000000000ULL
#define B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define UID "c4b1cf02-9d13-4e7a-8a9e-0d8f1d2b3c4e"
#define UID_ "c4b1cf02_9d13_4e7a_8a9e_0d8f1d2b3c4e"

#define TASKS "/run/containerd/io.containerd.runtime.v2.task"
#define POD_SYSTEMD "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice"
#define POD_CGROUPFS "/kubepods/burstable/pod" UID

#define CRI                                                                                                 \
	"{\"ociVersion\":\"1.0.2\",\"annotations\":{\"io.kubernetes.cri.container-name\":\"web\","          \
	"\"io.kubernetes.cri.container-type\":\"container\",\"io.kubernetes.cri.image-name\":\"registry/"   \
	"web:1\","                                                                                          \
	"\"io.kubernetes.cri.sandbox-name\":\"web-7d4b\",\"io.kubernetes.cri.sandbox-namespace\":\"shop\"," \
	"\"io.kubernetes.cri.sandbox-uid\":\"" UID "\"}}"
#define CRIO                                                                                            \
	"{\"annotations\":{\"io.kubernetes.container.name\":\"web\",\"io.kubernetes.cri-o.Image\":\"" B \
	"\","                                                                                           \
	"\"io.kubernetes.cri-o.ImageName\":\"registry/web:1\",\"io.kubernetes.pod.name\":\"web-7d4b\"," \
	"\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.uid\":\"" UID "\"}}"
#define DOCKER                                                      \
	"{\"ID\":\"" A "\",\"Name\":\"/web\",\"Image\":\"sha256:" B \
	"\",\"Config\":{\"Image\":\"web:1\",\"Labels\":{}}}"
#define PODMAN                                                                                              \
	"[{\"id\":\"" B "\",\"names\":[\"{other\\\"}\"],\"metadata\":\"{\\\"image-name\\\":\\\"no\\\"}\"}," \
	"{\"id\":\"" A "\",\"names\":[\"web\"],\"image\":\"" B "\",\"layer\":\"" B                          \
	"\",\"metadata\":\"{\\\"image-name\\\":\\\"localhost/web:1\\\",\\\"name\\\":\\\"web\\\"}\","        \
	"\"created\":\"2024-05-01T10:00:00Z\"}]"

static char root[] = "/tmp/spillwatch-unit-XXXXXX";
static struct containers *containers;

static const char *under(const char *path)
{
	static char text[PATH_MAX];

	snprintf(text, sizeof(text), "%s%s", root, path);
	return text;
}

static void put(const char *path, const char *text)
{
	char directory[PATH_MAX];

	snprintf(directory, sizeof(directory), "%s", under(path));
	for (char *at = directory + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(directory, 0755);
		*at = '/';
	}
	tree_put(under(path), text);
}

/* The user whose home and slice are used; files of his, where we may say so. */
static unsigned int user(void)
{
	return geteuid() ? geteuid() : 1000;
}

static void put_users(const char *path, const char *text)
{
	put(path, text);
	if (!geteuid())
		assert_int_equal(chown(under(path), user(), user()), 0);
}

/* A path below the slice that is delegated to him. */
static const char *users(const char *path)
{
	static char text[PATH_MAX];

	snprintf(text, sizeof(text), "/user.slice/user-%u.slice/user@%u.service/user.slice%s", user(), user(),
		 path);
	return text;
}

static int setup(void **state)
{
	char passwd[128];

	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root) || mkdir(under("/proc"), 0755) < 0)
		return -1;
	snprintf(passwd, sizeof(passwd), "root:x:0:0::/root:/bin/sh\nada:x:%u:1000::/home/ada:/bin/sh\n",
		 user());
	put("/etc/passwd", passwd);
	return containers_open(root, under("/proc"), &containers);
}

static int teardown(void **state)
{
	(void)state;
	containers_close(containers);
	return tree_remove(root);
}

static struct alert_container find(const char *paths)
{
	const struct containers_process process = {.paths = paths, .len = strlen(paths)};
	struct alert_container found;

	assert_int_equal(containers_find(containers, &process, NULL, &found), 0);
	return found;
}

/* The same of a process without a cgroup, below that parent, in a pid namespace of its own. */
static struct alert_container find_below(uint64_t start, uint32_t parent)
{
	const struct containers_process process = {
		.paths = "/", .len = 1, .start = start, .parent = parent, .nested = true};
	struct alert_container found;

	assert_int_equal(containers_find(containers, &process, NULL, &found), 0);
	return found;
}

static void check_text(const char *got, const char *wanted)
{
	if (!wanted) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got, wanted);
}

static void check(const char *paths, const char *runtime, const char *id, const char *name, const char *image)
{
	struct alert_container found = find(paths);

	check_text(found.id, id);
	check_text(found.runtime, runtime);
	check_text(found.name, name);
	check_text(found.image, image);
	assert_null(found.pod);
	assert_false(found.claimed);
	containers_free_one(&found);
}

/* The id is somebody's word: it is said, and said to be that; nothing else is. */
static void check_claimed(const char *paths, const char *id)
{
	struct alert_container found = find(paths);

	check_text(found.id, id);
	assert_true(found.claimed);
	assert_null(found.name);
	assert_null(found.image);
	assert_null(found.pod);
	containers_free_one(&found);
}

static void check_pod(const char *paths, const char *runtime)
{
	struct alert_container found = find(paths);

	check_text(found.id, A);
	check_text(found.runtime, runtime);
	check_text(found.name, "web");
	check_text(found.image, "registry/web:1");
	check_text(found.pod, "web-7d4b");
	check_text(found.pod_namespace, "shop");
	check_text(found.pod_uid, UID);
	containers_free_one(&found);
}

static void learn(const char *path)
{
	assert_int_equal(containers_learn(containers, path, strlen(path), NULL), 0);
}

static void test_none(void **state)
{
	struct alert_container found = find("/system.slice/cron.service\n/system.slice/cron.service");

	(void)state;
	assert_null(found.id);
	found = find("");
	assert_null(found.id);
	found = find("/some/thing/of/somebody");
	assert_null(found.id);
}

static void test_containerd_cri(void **state)
{
	(void)state;
	put(TASKS "/k8s.io/" A "/config.json", CRI);
	check_pod(POD_SYSTEMD "/cri-containerd-" A ".scope", "containerd");
	check_pod("/\n" POD_SYSTEMD "/cri-containerd-" A ".scope/init.scope", "containerd");
	check_pod(POD_CGROUPFS "/" A "\n/user.slice", "containerd");
	check_pod("/system.slice/containerd.service/kubepods-pod" UID_ ".slice:cri-containerd:" A,
		  "containerd");
}

static void test_k3s(void **state)
{
	(void)state;
	put("/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" A "/config.json", CRI);
	check_pod(POD_CGROUPFS "/" A, "containerd");
}

/* A pod's sandbox has no container name; the pod's uid is in the path as well. */
static void test_sandbox(void **state)
{
	struct alert_container found;

	(void)state;
	put(TASKS "/k8s.io/" A "/config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.container-type\":\"sandbox\","
	    "\"io.kubernetes.cri.sandbox-name\":\"web-7d4b\"}}");
	found = find(POD_CGROUPFS "/" A);
	check_text(found.name, NULL);
	check_text(found.pod, "web-7d4b");
	check_text(found.pod_uid, UID);
	containers_free_one(&found);
}

static void test_crio(void **state)
{
	(void)state;
	put("/run/containers/storage/overlay-containers/" A "/userdata/config.json", CRIO);
	check_pod(POD_SYSTEMD "/crio-" A ".scope", "cri-o");
	check_pod(POD_CGROUPFS "/crio-" A, "cri-o");
}

static void test_crio_graph_root(void **state)
{
	(void)state;
	put("/var/lib/containers/storage/overlay-containers/" A "/userdata/config.json", CRIO);
	check_pod(POD_SYSTEMD "/crio-" A ".scope", "cri-o");
}

static void test_docker(void **state)
{
	(void)state;
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	check("/system.slice/docker-" A ".scope", "docker", A, "web", "web:1");
	check("/docker/" A "/init", "docker", A, "web", "web:1");
}

/* Which image, and the few labels that are told, without what an address holds of secrets. */
static void test_image(void **state)
{
	struct alert_container found;
	char config[2048], value[CONTAINER_LABEL_MAX + 64];

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = i % 8 ? 'v' : ' ';
	value[sizeof(value) - 1] = '\0';
	snprintf(config, sizeof(config),
		 "{\"Name\":\"/web\",\"Image\":\"sha256:" B "\",\"Config\":{\"Labels\":{\"password\":\"no\","
		 "\"org.opencontainers.image.source\":\"https://ada:pass@git.example/shop?token=no\","
		 "\"org.opencontainers.image.version\":\"%s\",\"com.docker.compose.project\":\"shop\"}}}",
		 value);
	put("/var/lib/docker/containers/" A "/config.v2.json", config);
	found = find("/docker/" A);
	check_text(found.digest, "sha256:" B);
	check_text(found.labels[ALERT_LABEL_SOURCE], "https://git.example/shop");
	check_text(found.labels[ALERT_LABEL_PROJECT], "shop");
	assert_int_equal(strlen(found.labels[ALERT_LABEL_VERSION]), CONTAINER_LABEL_MAX);
	assert_null(found.labels[ALERT_LABEL_REVISION]);
	containers_free_one(&found);
}

static void check_label(const char *text, const char *told)
{
	struct container_facts facts = {0};

	assert_int_equal(container_facts_label(&facts, ALERT_LABEL_SOURCE, text), 0);
	check_text(facts.labels[ALERT_LABEL_SOURCE], told);
	container_facts_free(&facts);
}

/* Nobody sees a password, however it was written; what can't be told apart is not told. */
static void test_label_password(void **state)
{
	(void)state;
	check_label("https://git.example/shop", "https://git.example/shop");
	check_label("https://git.example:8443/shop?token=no", "https://git.example:8443/shop");
	check_label("https://git.example/shop#no", "https://git.example/shop");
	check_label("git@git.example:shop.git", "git@git.example:shop.git");
	check_label("1.2.3", "1.2.3");
	check_label("https://ci:pass@git.example/x", "https://git.example/x");
	check_label("https://ci:pa@ss@git.example/x", "https://git.example/x");
	check_label("https://ci:pa:ss@git.example", "https://git.example");
	check_label("https://token@git.example/x", "https://git.example/x");
	check_label("scm:git:https://ci:pass@git.example/x", "scm:git:https://git.example/x");
	check_label("ci:pass@git.example/x", "git.example/x");
	check_label("ci:pass@git.example/x?token=no", "git.example/x");
	/* not told apart */
	check_label("https://ci:p#ss@git.example/x", NULL);
	check_label("https://ci:p?ss@git.example/x", NULL);
	check_label("https://ci:pa/ss@git.example/x", NULL);
	check_label("https://git.example/x?by=a@b", NULL);
	check_label("git://a/b@c#d", NULL);
	check_label("ci:pa/ss@git.example", NULL);
	check_label("ci:p#ss@git.example", NULL);
	check_label("//ci:pass@git.example/x", NULL);
	check_label("https://ci:p://ss@git.example/x", NULL);
	check_label("https://git.example/x https://ci:pass@git.example/y", NULL);
	check_label("ci:pass@git.example https://git.example", NULL);
	check_label("", NULL);
}

/* Parts of addresses, wherever they are cut. */
static void test_label_address(void **state)
{
	struct container_facts facts = {0};
	char text[2 * CONTAINER_LABEL_MAX];

	(void)state;
	memset(text, 'p', sizeof(text));
	memcpy(text, "https://ada:", strlen("https://ada:"));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(container_facts_label(&facts, ALERT_LABEL_SOURCE, text), 0);
	assert_null(facts.labels[ALERT_LABEL_SOURCE]);
	/* cut before the host's name, which is what is told */
	memcpy(text + sizeof(text) - sizeof("@git.example/x"), "@git.example/x", sizeof("@git.example/x"));
	check_label(text, "https://git.example/x");
	/* what is no digest is none */
	assert_int_equal(container_facts_digest(&facts, "registry/web@sha256:12"), 0);
	assert_null(facts.digest);
	assert_int_equal(container_facts_digest(&facts, "registry/web@sha256:" B), 0);
	check_text(facts.digest, "sha256:" B);
	container_facts_free(&facts);
}

/* It was given another name since; asked for once a second. */
static void test_docker_renamed(void **state)
{
	static const char file[] = "/var/lib/docker/containers/" A "/config.v2.json";
	const uint64_t second = 1000000000ULL;
	struct cgroup_name name = {.runtime = "docker", .id = A};
	struct container_facts facts = {0};
	int at = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t size, glanced;

	(void)state;
	put(file, DOCKER);
	assert_int_equal(container_facts_read(at, &name, "", &facts), 0);
	assert_string_equal(facts.name, "web");
	container_facts_renamed(at, &name, second, &facts);
	put(file, "{\"Name\":\"/web-of-before\"}");
	container_facts_renamed(at, &name, 2 * second - 1, &facts);
	assert_string_equal(facts.name, "web");
	container_facts_renamed(at, &name, 2 * second, &facts);
	assert_string_equal(facts.name, "web-of-before");
	/* what is in the kernel's memory is the same */
	assert_int_not_equal(file_stamp(at, file, true, &glanced), 0);
	assert_int_equal(file_stamp(at, file, true, &glanced), file_stamp(at, file, false, &size));
	assert_int_equal(glanced, size);
	/* while it is written, and when it is gone, it is called as before */
	put(file, "{\"Name\":\"/we");
	container_facts_renamed(at, &name, 4 * second, &facts);
	assert_string_equal(facts.name, "web-of-before");
	unlink(under(file));
	container_facts_renamed(at, &name, 6 * second, &facts);
	assert_string_equal(facts.name, "web-of-before");
	container_facts_free(&facts);
	close(at);
}

static void test_docker_own_parent(void **state)
{
	(void)state;
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	check("/my-parent/" A, "docker", A, "web", "web:1");
}

static void test_docker_other_data_root(void **state)
{
	(void)state;
	put("/data/docker/containers/" A "/config.v2.json", DOCKER);
	put("/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/" A "/config.json",
	    "{\"mounts\":[{\"destination\":\"/proc\",\"source\":\"proc\"},{\"destination\":\"/etc/hostname\","
	    "\"source\":\"/data/docker/containers/" A "/hostname\"}]}");
	check("/docker/" A, "docker", A, "web", "web:1");
}

static void test_docker_setting(void **state)
{
	(void)state;
	put("/data/docker/containers/" A "/config.v2.json", DOCKER);
	put("/etc/docker/daemon.json", "{\"data-root\":\"/data/docker\"}");
	check("/docker/" A, "docker", A, "web", "web:1");
}

/* cri-dockerd; its cgroupfs path looks like containerd's. */
static void test_docker_kubernetes(void **state)
{
	(void)state;
	put("/var/lib/docker/containers/" A "/config.v2.json",
	    "{\"Name\":\"/k8s_web_web-7d4b_shop_0\",\"Config\":{\"Image\":\"registry/web:1\",\"Labels\":{"
	    "\"io.kubernetes.container.name\":\"web\",\"io.kubernetes.pod.name\":\"web-7d4b\","
	    "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.uid\":\"" UID "\"}}}");
	check_pod(POD_CGROUPFS "/" A, "docker");
}

static void test_docker_rootless(void **state)
{
	(void)state;
	put_users("/home/ada/.local/share/docker/containers/" A "/config.v2.json", DOCKER);
	check(users("/docker-" A ".scope"), "docker", A, "web", "web:1");
}

static void test_nerdctl(void **state)
{
	(void)state;
	put(TASKS "/shop/" A "/config.json",
	    "{\"annotations\":{\"nerdctl/name\":\"web\",\"nerdctl/namespace\":\"shop\"}}");
	check("/system.slice/nerdctl-" A ".scope", "containerd", A, "web", NULL);
	check("/shop/" A, "containerd", A, "web", NULL);
}

/* ctr's containers are called anything: only the files tell that it is one. */
static void test_ctr(void **state)
{
	(void)state;
	put(TASKS "/default/web/config.json", "{\"ociVersion\":\"1.0.2\"}");
	check("/default/web", "containerd", "web", "web", NULL);
	check("/\n/default/web/sub", "containerd", "web", "web", NULL);
	assert_null(find("/other/web").id);
}

/* The same name in two of containerd's namespaces, and runc's: each says whose it is, and since when. */
static void test_same_name(void **state)
{
	/* another one may have had the name in the same second */
	const struct timespec times[2] = {{.tv_sec = 1767261600}, {1767261600, 20300}};
	struct alert_container found;

	(void)state;
	put(TASKS "/default/web/config.json", "{}");
	put(TASKS "/blue/web/config.json", "{}");
	put("/run/runc/web/state.json", "{\"id\":\"web\",\"created\":\"2026-01-31T10:00:00.123Z\"}");
	assert_int_equal(utimensat(AT_FDCWD, under(TASKS "/blue/web/config.json"), times, 0), 0);
	found = find("/default/web");
	check_text(found.namespace, "default");
	containers_free_one(&found);
	found = find("/blue/web");
	check_text(found.namespace, "blue");
	check_text(found.created, "2026-01-01T10:00:00.000020300Z");
	containers_free_one(&found);
	found = find("/web");
	check_text(found.runtime, "runc");
	assert_null(found.namespace);
	check_text(found.created, "2026-01-31T10:00:00.123Z");
	containers_free_one(&found);
}

static void test_podman(void **state)
{
	struct alert_container found;

	(void)state;
	put("/var/lib/containers/storage/overlay-containers/containers.json", PODMAN);
	found = find("/libpod_parent/" B "/libpod-" A);
	check_text(found.name, "web");
	check_text(found.digest, "sha256:" B);
	check_text(found.pod_uid, B);
	assert_null(found.outer);
	containers_free_one(&found);
	check("/machine.slice/libpod-" A ".scope/container", "podman", A, "web", "localhost/web:1");
	check("/libpod_parent/libpod-" A, "podman", A, "web", "localhost/web:1");
}

static void test_podman_volatile(void **state)
{
	(void)state;
	put("/var/lib/containers/storage/overlay-containers/containers.json", "[]");
	put("/var/lib/containers/storage/overlay-containers/volatile-containers.json", PODMAN);
	check("/machine.slice/libpod-" A ".scope", "podman", A, "web", "localhost/web:1");
}

static void test_podman_rootless(void **state)
{
	(void)state;
	put_users("/home/ada/.local/share/containers/storage/overlay-containers/containers.json", PODMAN);
	check(users("/libpod-" A ".scope/container"), "podman", A, "web", "localhost/web:1");
}

static void test_podman_vfs(void **state)
{
	(void)state;
	put_users("/home/ada/.local/share/containers/storage/vfs-containers/volatile-containers.json",
		  PODMAN);
	check(users("/libpod-" A ".scope"), "podman", A, "web", "localhost/web:1");
}

/* No cgroup of its own: conmon, its parent, tells. */
static void put_conmon(void)
{
	static const char args[] = "/usr/bin/conmon\0--api-version\0"
				   "1\0-c\0" A "\0-u\0" A "\0-r\0/usr/bin/crun\0-b\0"
				   "/home/ada/.local/share/containers/storage/overlay-containers/" A
				   "/userdata\0-n\0web\0--exit-command\0podman\0--exit-command-arg\0-n\0no";
	char status[128];
	FILE *file;

	put_users("/home/ada/.local/share/containers/storage/overlay-containers/containers.json", PODMAN);
	put("/proc/300/stat", "300 (sh) S 200 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0\n");
	put("/proc/200/stat", "200 (conmon) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 400 0 0\n");
	snprintf(status, sizeof(status), "Name:\tconmon\nUid:\t%u\t0\t0\t0\n", user());
	put("/proc/200/status", status);
	put("/proc/200/cmdline", "");
	file = fopen(under("/proc/200/cmdline"), "w");
	fwrite(args, 1, sizeof(args), file);
	fclose(file);
	assert_int_equal(symlink(root, under("/proc/200/root")), 0);
}

static void test_podman_conmon(void **state)
{
	uint64_t second = SECOND, hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct alert_container found;

	(void)state;
	put_conmon();
	found = find_below(600 * second / hz, 300);
	check_text(found.id, A);
	check_text(found.runtime, "podman");
	check_text(found.name, "web");
	check_text(found.image, "localhost/web:1");
	containers_free_one(&found);
	/* a conmon that started later is somebody else's, with a number that was given again */
	found = find_below(399 * second / hz, 200);
	assert_null(found.id);
	/* not asked for */
	found = find_below(600 * second / hz, 0);
	assert_null(found.id);
}

/* Anybody may call a program conmon, and say anything of whoever's container. */
static void test_conmon_pretender(void **state)
{
	static const char args[] = "conmon\0-c\0" A "\0-n\0web\0-b\0"
				   "/var/lib/containers/storage/overlay-containers/" A "/userdata";
	struct alert_container found;
	char status[128];
	FILE *file;

	(void)state;
	put("/var/lib/containers/storage/overlay-containers/containers.json", PODMAN);
	put("/proc/200/stat", "200 (conmon) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 400 0 0\n");
	snprintf(status, sizeof(status), "Name:\tconmon\nUid:\t%u\t0\t0\t0\n", user() + 1);
	put("/proc/200/status", status);
	put("/proc/200/cmdline", "");
	file = fopen(under("/proc/200/cmdline"), "w");
	fwrite(args, 1, sizeof(args), file);
	fclose(file);
	assert_int_equal(symlink(root, under("/proc/200/root")), 0);
	found = find_below(UINT64_MAX, 200);
	check_text(found.id, A);
	assert_true(found.claimed);
	assert_null(found.name);
	assert_null(found.image);
	containers_free_one(&found);
	/* what may become root, by a link of that name; each is another process, as what stands above one is remembered for a moment */
	put("/proc/200/status", "Name:\tconmon\nUid:\t0\t0\t0\t0\n");
	assert_int_equal(symlink("/usr/bin/sudo", under("/proc/200/exe")), 0);
	found = find_below(UINT64_MAX - 1, 200);
	assert_null(found.id);
	unlink(under("/proc/200/exe"));
	assert_int_equal(symlink("/usr/bin/conmon", under("/proc/200/exe")), 0);
	found = find_below(UINT64_MAX - 2, 200);
	check_text(found.name, "web");
	assert_false(found.claimed);
	containers_free_one(&found);
}

/* Who may make cgroups below his own slice calls them like another one's container. */
static void test_users_pretender(void **state)
{
	static const char other[] =
		"/home/eve/.local/share/containers/storage/overlay-containers/containers.json";

	(void)state;
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	put("/var/lib/containers/storage/overlay-containers/containers.json", PODMAN);
	put(TASKS "/k8s.io/" B "/config.json", CRI);
	put(TASKS "/user.slice/web/config.json", CRI);
	put("/run/runc/" A "/state.json", "{}");
	check("/docker/" A, "docker", A, "web", "web:1");
	check_claimed(users("/docker-" A ".scope"), A);
	check_claimed(users("/libpod-" A ".scope"), A);
	check_claimed(users("/cri-containerd-" B ".scope"), B);
	check_claimed(users("/crio-" A ".scope"), A);
	check_claimed(users("/runc-" A ".scope"), A);
	check_claimed(users("/x/" A), A);
	check_claimed(users("/lxc.payload.web"), "web");
	check_claimed(users("/machine-web.scope"), "web");
	check_claimed(users("/user@0.service/docker-" A ".scope"), A);
	assert_null(find(users("/web")).id);
	/* nor by a link to what is another user's */
	put(other, PODMAN);
	if (!geteuid())
		assert_int_equal(chown(under(other), user() + 1, 0), 0);
	put("/home/ada/.local/share/containers/x", "");
	assert_int_equal(symlink("../../../../eve/.local/share/containers/storage",
				 under("/home/ada/.local/share/containers/storage")),
			 0);
	if (!geteuid())
		check_claimed(users("/y/libpod-" A ".scope"), A);
	check("/docker/" A, "docker", A, "web", "web:1");
}

/* His own files may say what they like, but not that he is what root's runtime has made. */
static void test_users_forgery(void **state)
{
	struct alert_container found;

	(void)state;
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	put_users("/home/ada/.local/share/docker/containers/" A "/config.v2.json", DOCKER);
	found = find(users("/docker-" A ".scope"));
	assert_false(found.claimed);
	containers_free_one(&found);
	check("/docker/" A, "docker", A, "web", "web:1");
	found = find(users("/docker-" A ".scope"));
	assert_true(found.claimed);
	containers_free_one(&found);
}

/* Files of his that are of no use: no reason not to know who wrote. */
static void test_users_useless(void **state)
{
	char file[128];

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		const char *cgroup[] = {"/link", "/directory", "/long"};

		snprintf(file, sizeof(file), "/run/user/%u/runc%s/state.json%s", user(), cgroup[kind],
			 kind == 1 ? "/x" : "");
		put_users(file, "");
		if (kind == 0 && (unlink(under(file)) < 0 || symlink("/etc/passwd", under(file)) < 0))
			fail();
		if (kind == 2)
			assert_int_equal(truncate(under(file), CONTAINER_FILE_MAX + 1), 0);
		learn(users(cgroup[kind]));
		assert_null(find(users(cgroup[kind])).id);
		check("/docker/" A, "docker", A, NULL, NULL);
	}
}

/* A service that was given its cgroup, as the directory's owner tells, also when what it made there is gone. */
static void test_delegated(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	put("/sys/fs/cgroup/system.slice/job.service/cgroup.procs", "");
	check("/system.slice/docker-" A ".scope", "docker", A, "web", "web:1");
	assert_int_equal(chown(under("/sys/fs/cgroup/system.slice/job.service"), 1234, 0), 0);
	check_claimed("/system.slice/job.service/docker-" A ".scope", A);
	check_claimed("/system.slice/job.service/gone/gone/docker-" A ".scope/x", A);
	check("/system.slice/job.service.d/docker-" A ".scope", "docker", A, "web", "web:1");
}

static void test_named(void **state)
{
	(void)state;
	check("/lxc.payload.web", "lxc", "web", "web", NULL);
	check("/machine.slice/machine-web.scope/payload", "systemd-nspawn", "web", "web", NULL);
}

static void test_runc(void **state)
{
	(void)state;
	put("/run/runc/web/state.json",
	    "{\"id\":\"web\",\"config\":{\"labels\":[\"a=b\",\"bundle=/bundles/web\"]}}");
	put("/bundles/web/config.json",
	    "{\"annotations\":{\"org.opencontainers.image.ref.name\":\"web:1\"}}");
	check("/web", "runc", "web", "web", "web:1");
	check("/system.slice/runc-web.scope", "runc", "web", "web", "web:1");
	put("/run/crun/other/status", "{\"pid\":1,\"bundle\":\"/bundles/web\"}");
	check("/other", "unknown", "other", "other", "web:1");
}

/* The id is always given, whatever else there is. */
static void test_nothing_on_disk(void **state)
{
	struct alert_container found = find(POD_SYSTEMD "/cri-containerd-" A ".scope");

	(void)state;
	check_text(found.id, A);
	check_text(found.runtime, "containerd");
	check_text(found.pod_uid, UID);
	check_text(found.name, NULL);
	containers_free_one(&found);
	check("/docker/" A, "docker", A, NULL, NULL);
	check("/some/" B, "unknown", B, NULL, NULL);
	check("/machine.slice/libpod-" A ".scope", "podman", A, NULL, NULL);
}

static void test_remembered(void **state)
{
	(void)state;
	put(TASKS "/k8s.io/" A "/config.json", CRI);
	learn(POD_CGROUPFS "/" A);
	put(TASKS "/default/web/config.json", "{}");
	learn("/default/web");
	assert_int_equal(unlink(under(TASKS "/k8s.io/" A "/config.json")), 0);
	assert_int_equal(unlink(under(TASKS "/default/web/config.json")), 0);
	check_pod(POD_CGROUPFS "/" A, "containerd");
	check("/default/web", "containerd", "web", "web", NULL);
	/* the next hierarchy's cgroup, when the files are gone already */
	learn("/default/web");
	check("/default/web", "containerd", "web", "web", NULL);
}

/* A name that is used again is another container; a hash never is. */
static void test_name_given_again(void **state)
{
	(void)state;
	put(TASKS "/default/web/config.json", "{\"annotations\":{\"nerdctl/name\":\"first\"}}");
	learn("/default/web");
	check("/default/web", "containerd", "web", "first", NULL);
	put(TASKS "/default/web/config.json", "{\"annotations\":{\"nerdctl/name\":\"second\"}}");
	check("/default/web", "containerd", "web", "first", NULL);
	learn("/default/web");
	check("/default/web", "containerd", "web", "second", NULL);
}

/* Nor has it the names of the one before as long as its files are being written; they are read again. */
static void test_name_given_again_late(void **state)
{
	(void)state;
	put(TASKS "/default/web/config.json", "{\"annotations\":{\"nerdctl/name\":\"first\"}}");
	learn("/default/web");
	check("/default/web", "containerd", "web", "first", NULL);
	put(TASKS "/default/web/config.json", "{\"annotations\":{\"nerdctl/");
	learn("/default/web");
	check("/default/web", "unknown", "web", NULL, NULL);
	put(TASKS "/default/web/config.json", "{\"annotations\":{\"nerdctl/name\":\"second\"}}");
	while (containers_retry(containers) >= 0)
		usleep(1000);
	check("/default/web", "containerd", "web", "second", NULL);
	/* runc makes the directory, then the cgroup, then the file */
	put("/bundles/job/config.json",
	    "{\"annotations\":{\"org.opencontainers.image.ref.name\":\"job:1\"}}");
	put("/run/runc/job/state.json", "{\"id\":\"job\",\"config\":{\"labels\":[\"bundle=/bundles/job\"]}}");
	learn("/job");
	check("/job", "runc", "job", "job", "job:1");
	assert_int_equal(unlink(under("/run/runc/job/state.json")), 0);
	learn("/job");
	check("/job", "runc", "job", "job", NULL);
}

static void test_late(void **state)
{
	(void)state;
	learn("/docker/" A);
	assert_true(containers_retry(containers) >= 0);
	put("/var/lib/docker/containers/" A "/config.v2.json", "{\"Name\":");
	usleep(3000);
	assert_true(containers_retry(containers) > 0);
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	while (containers_retry(containers) >= 0)
		usleep(1000);
	assert_int_equal(unlink(under("/var/lib/docker/containers/" A "/config.v2.json")), 0);
	check("/docker/" A, "docker", A, "web", "web:1");
	assert_int_equal(containers_retry(containers), -1);
}

/* From now on nobody answers. */
static struct inquiry *ask_the_dead(void)
{
	struct inquiry *inquiry = NULL;
	struct inquiry_question question = {.kind = INQUIRY_GONE, .path = "/"};
	const struct inquiry_world world = {.root = -1};
	struct inquiry_answer answer;

	assert_int_equal(inquiry_open(NULL, root, &inquiry), 0);
	if (!child_of(getpid())) {
		print_message("this kernel doesn't tell of children\n");
		inquiry_close(inquiry);
		return NULL;
	}
	kill(child_of(getpid()), SIGKILL);
	while (inquiry_ask(inquiry, &world, &question, NULL, &answer) != -ETIME || !inquiry_ended(inquiry))
		usleep(1000);
	containers_look_by(containers, inquiry);
	return inquiry;
}

static void ask_ourselves(struct inquiry *inquiry)
{
	containers_look_by(containers, NULL);
	inquiry_close(inquiry);
}

/* Who does not answer has not said that there is nothing: it is asked again, however often nobody answered. */
static void test_unanswered(void **state)
{
	struct inquiry *inquiry = ask_the_dead();

	(void)state;
	if (!inquiry)
		return;
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	learn("/docker/" A);
	for (int i = 0; i < 20; i++)
		check("/docker/" A, "docker", A, NULL, NULL);
	assert_true(containers_retry(containers) > 100);
	ask_ourselves(inquiry);
	check("/docker/" A, "docker", A, "web", "web:1");
}

/* A name that is used again while nobody answers has not the names of the one before. */
static void test_name_given_again_unanswered(void **state)
{
	struct inquiry *inquiry;

	(void)state;
	put(TASKS "/default/web/config.json", "{\"annotations\":{\"nerdctl/name\":\"first\"}}");
	learn("/default/web");
	check("/default/web", "containerd", "web", "first", NULL);
	inquiry = ask_the_dead();
	if (!inquiry)
		return;
	put(TASKS "/default/web/config.json", "{\"annotations\":{\"nerdctl/name\":\"second\"}}");
	check("/default/web", "containerd", "web", "first", NULL);
	learn("/default/web");
	check("/default/web", "unknown", "web", NULL, NULL);
	ask_ourselves(inquiry);
	check("/default/web", "containerd", "web", "second", NULL);
}

/* What stands above it is asked as often as it may be by those who answer. */
static void test_above_unanswered(void **state)
{
	struct inquiry *inquiry = ask_the_dead();
	struct alert_container found;

	(void)state;
	if (!inquiry)
		return;
	put_conmon();
	found = find_below(600 * SECOND / (uint64_t)sysconf(_SC_CLK_TCK), 300);
	assert_null(found.id);
	usleep(150000);
	ask_ourselves(inquiry);
	found = find_below(600 * SECOND / (uint64_t)sysconf(_SC_CLK_TCK), 300);
	check_text(found.id, A);
	check_text(found.name, "web");
	containers_free_one(&found);
}

/* However many it has in it, and they in them, a container is one that may keep us waiting. */
static void test_nested_unanswered(void **state)
{
	struct inquiry *inquiry = NULL;
	pid_t nursery;
	int64_t began;

	(void)state;
	assert_int_equal(inquiry_open(under("/proc"), root, &inquiry), 0);
	containers_look_by(containers, inquiry);
	check("/docker/" B, "docker", B, NULL, NULL);
	nursery = child_of(getpid());
	if (nursery && child_of(nursery)) {
		/* with the one that starts others */
		kill(nursery, SIGSTOP);
		kill(child_of(nursery), SIGSTOP);
		check_claimed("/docker/" B "/lxc.payload.one/docker/" A, A);
		began = monotonic_ms();
		for (unsigned int i = 0; i < 3; i++) {
			char path[256];

			snprintf(path, sizeof(path), "/docker/" B "/lxc.payload.n%u/docker/" A, i);
			check_claimed(path, A);
		}
		began = monotonic_ms() - began;
		kill(nursery, SIGCONT);
		assert_true(began < INQUIRY_PATIENCE_MS);
	}
	ask_ourselves(inquiry);
}

/* A list of podman's that takes a while, with that at the end. */
static void put_list(const char *last)
{
	size_t size = 2 << 20, len = 0;
	char *list = malloc(size);

	assert_non_null(list);
	for (unsigned int i = 0; i < 4000; i++)
		len += (size_t)snprintf(list + len, size - len, "%s{\"id\":\"" B "\",\"names\":[\"w%u\"]}",
					i ? "," : "[", i);
	snprintf(list + len, size - len, "%s]", last);
	put("/var/lib/containers/storage/overlay-containers/containers.json", list);
	free(list);
}

/* Many that are not there yet, each of which takes its time: not all of them at once, and each has its turn. */
static void test_late_many(void **state)
{
	/* of the processor: others may keep it from us */
	clock_t began = clock(), all;
	char path[128];

	(void)state;
	put_list("");
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/machine.slice/libpod-%064x.scope", i);
		learn(path);
	}
	learn("/machine.slice/libpod-" A ".scope");
	all = clock() - began;
	usleep(3000);
	began = clock();
	assert_int_equal(containers_retry(containers), 0);
	assert_true(clock() - began < all);
	put_list(",{\"id\":\"" A "\",\"names\":[\"web\"]}");
	/* the first ones are due again meanwhile */
	began = clock();
	while (clock() - began < 3 * all)
		assert_true(containers_retry(containers) >= 0);
	assert_int_equal(unlink(under("/var/lib/containers/storage/overlay-containers/containers.json")), 0);
	check("/machine.slice/libpod-" A ".scope", "podman", A, "web", NULL);
}

static void test_broken(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"\"\"",
		"{\"Name\":5,\"Config\":7}",
		"{\"Config\":{\"Labels\":[]}}",
		"{\"Name\":\"/\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		put("/var/lib/docker/containers/" A "/config.v2.json", texts[i]);
		check("/docker/" A, "docker", A, NULL, NULL);
		put("/var/lib/containers/storage/overlay-containers/containers.json", texts[i]);
		check("/libpod_parent/libpod-" B, "podman", B, NULL, NULL);
		put(TASKS "/k8s.io/" A "/config.json", texts[i]);
		put("/run/runc/web/state.json", texts[i]);
		learn("/web");
	}
}

/* No link leads out, no pipe keeps us, nothing is too long. */
static void test_untrusted_files(void **state)
{
	char outside[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(outside);
	FILE *file;

	(void)state;
	assert_int_equal(write(fd, DOCKER, strlen(DOCKER)), strlen(DOCKER));
	close(fd);
	put("/var/lib/docker/containers/" A "/x", "");
	assert_int_equal(symlink(outside, under("/var/lib/docker/containers/" A "/config.v2.json")), 0);
	check("/docker/" A, "docker", A, NULL, NULL);
	unlink(outside);
	unlink(under("/var/lib/docker/containers/" A "/config.v2.json"));
	assert_int_equal(mkfifo(under("/var/lib/docker/containers/" A "/config.v2.json"), 0600), 0);
	check("/docker/" A, "docker", A, NULL, NULL);
	unlink(under("/var/lib/docker/containers/" A "/config.v2.json"));
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	file = fopen(under("/var/lib/docker/containers/" A "/config.v2.json"), "a");
	for (int i = 0; i < 2 << 20; i++)
		fputc(' ', file);
	fclose(file);
	check("/docker/" A, "docker", A, NULL, NULL);
	/* links inside are links of that root */
	put("/data/docker/containers/" B "/config.v2.json", DOCKER);
	assert_int_equal(tree_remove(under("/var/lib/docker")), 0);
	assert_int_equal(symlink("/data/docker", under("/var/lib/docker")), 0);
	check("/docker/" B, "docker", B, "web", "web:1");
}

/* Names and images are chosen by others: printable, without a token, of bounded length. */
static void test_untrusted_texts(void **state)
{
	struct maker_token token = maker_token(17);
	const struct mask_known known = {(const uint8_t *)token.text + 32, 64, NULL};
	const struct containers_process process = {.paths = "/docker/" A, .len = strlen("/docker/" A)};
	struct alert_container found;
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text),
		 "{\"Name\":\"/a\\u0007%s\",\"Config\":{\"Image\":\"%.12s%01000d\",\"Labels\":{"
		 "\"io.kubernetes.pod.name\":\"%s\"}}}",
		 token.text, token.text + 40, 7, token.text + 32);
	put("/var/lib/docker/containers/" A "/config.v2.json", text);
	assert_int_equal(containers_find(containers, &process, &known, &found), 0);
	assert_non_null(strstr(found.name, "a\\x07"));
	assert_non_null(strstr(found.name, MASK_TEXT));
	assert_null(strstr(found.name, token.text + 32));
	assert_null(strstr(found.pod, token.text + 32));
	assert_true(strlen(found.image) <= 600);
	assert_int_equal(strncmp(found.image, MASK_TEXT, strlen(MASK_TEXT)), 0);
	containers_free_one(&found);
}

/* kind: the inner container's files are in the outer one's root, and only there. */
static void test_nested(void **state)
{
	struct alert_container found;

	(void)state;
	put("/sys/fs/cgroup/memory/docker/" B "/cgroup.procs", "");
	put("/sys/fs/cgroup/memory/docker/" B "/init.scope/cgroup.procs", "77\n");
	put("/sys/fs/cgroup/memory/docker/" B "/kubelet" POD_CGROUPFS "/" A "/cgroup.procs", "78\n");
	put("/proc/77/x", "");
	put("/node" TASKS "/k8s.io/" A "/config.json", CRI);
	put("/var/lib/docker/containers/" B "/config.v2.json", "{\"Name\":\"/node-1\",\"Config\":{}}");
	assert_int_equal(symlink("../../node", under("/proc/77/root")), 0);
	check_pod("/docker/" B "/kubelet" POD_CGROUPFS "/" A, "containerd");
	found = find("/docker/" B "/kubelet" POD_CGROUPFS "/" A);
	check_text(found.outer, B);
	assert_null(found.outer_name); /* it was not seen yet */
	containers_free_one(&found);
	check("/docker/" B "/init.scope", "docker", B, "node-1", NULL);
	found = find("/docker/" B "/kubelet" POD_CGROUPFS "/" A);
	check_text(found.outer, B);
	check_text(found.outer_name, "node-1");
	containers_free_one(&found);
}

/* Whoever makes a cgroup with the name of a container beside does not get that one's names. */
static void test_nested_pretender(void **state)
{
	(void)state;
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	check_claimed("/docker/" B "/docker/" A, A);
	check("/docker/" A, "docker", A, "web", "web:1");
	check_claimed("/docker/" B "/docker/" A, A);
}

static void test_scan(void **state)
{
	(void)state;
	put("/sys/fs/cgroup/unified/system.slice/docker-" A ".scope/cgroup.procs", "");
	put("/sys/fs/cgroup/memory/docker/" B "/sub/cgroup.procs", "");
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	put("/var/lib/docker/containers/" B "/config.v2.json", DOCKER);
	assert_int_equal(containers_scan(containers), 5);
	assert_int_equal(tree_remove(under("/var/lib/docker")), 0);
	check("/system.slice/docker-" A ".scope", "docker", A, "web", "web:1");
	check("/docker/" B "/sub", "docker", B, "web", "web:1");
}

static void test_scan_v2(void **state)
{
	(void)state;
	put("/sys/fs/cgroup/system.slice/docker-" A ".scope/cgroup.procs", "");
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	assert_int_equal(containers_scan(containers), 2);
	unlink(under("/var/lib/docker/containers/" A "/config.v2.json"));
	check("/system.slice/docker-" A ".scope", "docker", A, "web", "web:1");
}

/* The one that was not asked for longest is forgotten. */
static void test_bound(void **state)
{
	char path[128];

	(void)state;
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	put("/var/lib/docker/containers/" B "/config.v2.json", DOCKER);
	learn("/docker/" A);
	learn("/docker/" B);
	assert_int_equal(tree_remove(under("/var/lib/docker")), 0);
	for (unsigned int i = 0; i < LIMIT_CONTAINERS - 1; i++) {
		snprintf(path, sizeof(path), "/lxc.payload.web%u", i);
		learn(path);
		if (i % 1000 == 0)
			check("/docker/" B, "docker", B, "web", "web:1");
	}
	check("/docker/" B, "docker", B, "web", "web:1");
	check("/docker/" A, "docker", A, NULL, NULL);
}

static void test_no_root(void **state)
{
	struct containers *other = NULL;

	(void)state;
	assert_int_equal(containers_open("/nowhere", NULL, &other), -ENOENT);
	assert_null(other);
}

/* Of a writer outside, with arguments or a log; separated by NUL. */
static struct alert_container relayed(const char *exe, const char *args, size_t args_len, const char *path,
				      const char *cwd, unsigned int uid)
{
	const struct relayed_writer writer = {
		.exe = exe,
		.args = args,
		.path = path,
		.cwd = cwd,
		.exe_len = strlen(exe),
		.args_len = args_len,
		.path_len = strlen(path),
		.cwd_len = strlen(cwd),
		.uid = uid,
	};
	struct alert_container found = {0};
	struct relayed relayed;

	if (relayed_parse(&writer, &relayed) == 0)
		assert_int_equal(containers_relayed(containers, &relayed, NULL, &found), 0);
	return found;
}

static void check_relayed(struct alert_container found, const char *runtime, const char *id, const char *name,
			  const char *image)
{
	check_text(found.id, id);
	assert_true(found.relayed);
	assert_false(found.claimed);
	check_text(found.runtime, runtime);
	check_text(found.name, name);
	check_text(found.image, image);
	containers_free_one(&found);
}

static void test_relayed_docker(void **state)
{
	static const char log[] = "/srv/docker/containers/" A "/" A "-json.log";
	struct alert_container found;

	(void)state;
	put("/srv/docker/containers/" A "/config.v2.json", DOCKER);
	check_relayed(relayed("/usr/bin/dockerd", "", 0, log, "/", 0), "docker", A, "web", "web:1");
	/* removed with its files */
	unlink(under("/srv/docker/containers/" A "/config.v2.json"));
	check_relayed(relayed("/usr/bin/dockerd", "", 0, log, "/", 0), "docker", A, "web", "web:1");
	check_relayed(
		relayed("/usr/bin/dockerd", "", 0, "/x/containers/" B "/local-logs/container.log", "/", 0),
		"docker", B, NULL, NULL);
	/* not what it prints; not by anybody */
	assert_null(
		relayed("/usr/bin/dockerd", "", 0, "/srv/docker/containers/" A "/config.v2.json", "/", 0).id);
	assert_null(relayed("/usr/bin/tee", "", 0, log, "/", 0).id);
	/* a user's own daemon knows its own, and no others */
	put_users("/home/ada/.local/share/docker/containers/" B "/config.v2.json", DOCKER);
	check_relayed(relayed("/usr/bin/dockerd", "", 0,
			      "/home/ada/.local/share/docker/containers/" B "/" B "-json.log", "/", user()),
		      "docker", B, "web", "web:1");
	put("/srv/docker/containers/" A "/config.v2.json", DOCKER);
	found = relayed("/home/eve/dockerd", "", 0, log, "/", user());
	check_text(found.id, A);
	assert_true(found.claimed);
	assert_null(found.name);
	containers_free_one(&found);
}

static void test_relayed_shim(void **state)
{
	static const char args[] =
		"/x/containerd-shim-runc-v2\0-namespace\0default\0-id\0web\0-address\0/run/k0s/c.sock";
	static const char hash[] = "containerd-shim-runc-v2\0--namespace=moby\0--id=" A;

	(void)state;
	/* a state directory that nobody told us of: the shim works in the bundle's */
	put("/run/k0s/containerd/io.containerd.runtime.v2.task/default/web/config.json", "{}");
	check_relayed(relayed("/x/containerd-shim-runc-v2", args, sizeof(args), "/any.log",
			      "/run/k0s/containerd/io.containerd.runtime.v2.task/default/web", 0),
		      "containerd", "web", "web", NULL);
	put("/var/lib/docker/containers/" A "/config.v2.json", DOCKER);
	check_relayed(relayed("/x/containerd-shim-runc-v2", hash, sizeof(hash), "/any.log", "/", 0), "docker",
		      A, "web", "web:1");
	/* no id */
	assert_null(relayed("/x/containerd-shim-runc-v2", "x\0-id", 6, "/any.log", "/", 0).id);
	assert_null(relayed("/x/containerd-shim-runc-v2", "x\0-id\0../../x", 14, "/any.log", "/", 0).id);
}

static void test_relayed_conmon(void **state)
{
	static const char args[] = "conmon\0-c\0" A "\0-n\0web\0-b\0"
				   "/var/lib/containers/storage/overlay-containers/" A "/userdata";
	static const char crio[] = "conmon\0-c\0" B "\0-n\0k8s_web";
	struct alert_container found;

	(void)state;
	put("/var/lib/containers/storage/overlay-containers/containers.json", PODMAN);
	check_relayed(relayed("/usr/bin/conmon", args, sizeof(args), "/any/ctr.log", "/", 0), "podman", A,
		      "web", "localhost/web:1");
	/* root's files are not for whoever calls a program conmon */
	found = relayed("/home/eve/conmon", args, sizeof(args), "/any/ctr.log", "/", user() + 1);
	check_text(found.id, A);
	assert_true(found.claimed);
	assert_null(found.name);
	containers_free_one(&found);
	put("/run/containers/storage/overlay-containers/" B "/userdata/config.json", CRIO);
	found = relayed("/usr/bin/conmon", crio, sizeof(crio),
			"/var/log/pods/shop_web-7d4b_" UID "/web/0.log", "/", 0);
	check_text(found.id, B);
	check_text(found.runtime, "cri-o");
	check_text(found.pod, "web-7d4b");
	check_text(found.image, "registry/web:1");
	containers_free_one(&found);
}

static void test_relayed_pods(void **state)
{
	static const char log[] = "/var/log/pods/shop_web-7d4b_" UID "/web/1.log";
	struct alert_container found;

	(void)state;
	/* all that the path tells */
	found = relayed("/usr/bin/containerd", "", 0, log, "/", 0);
	check_text(found.id, UID "/web");
	check_text(found.name, "web");
	check_text(found.pod, "web-7d4b");
	check_text(found.pod_namespace, "shop");
	check_text(found.pod_uid, UID);
	assert_true(found.relayed);
	containers_free_one(&found);
	/* the kubelet's link tells the id, and the runtime's files the rest */
	put("/var/log/containers/x", "");
	assert_int_equal(symlink("/var/log/pods/shop_web-7d4b_" UID "/web/0.log",
				 under("/var/log/containers/web-7d4b_shop_web-" B ".log")),
			 0);
	assert_int_equal(symlink(log, under("/var/log/containers/web-7d4b_shop_web-" A ".log")), 0);
	put(TASKS "/k8s.io/" A "/config.json", CRI);
	found = relayed("/usr/bin/containerd", "", 0, log, "/", 0);
	check_text(found.id, A);
	check_text(found.runtime, "containerd");
	check_text(found.image, "registry/web:1");
	check_text(found.pod, "web-7d4b");
	containers_free_one(&found);
	/* gone, but known from when its cgroup was made */
	put(TASKS "/k8s.io/" B "/config.json", CRI);
	learn(POD_CGROUPFS "/" B);
	unlink(under(TASKS "/k8s.io/" B "/config.json"));
	found = relayed("/usr/bin/containerd", "", 0, "/var/log/pods/shop_web-7d4b_" UID "/web/0.log", "/",
			0);
	check_text(found.id, B);
	check_text(found.image, "registry/web:1");
	containers_free_one(&found);
	/* not a user's, and no other path */
	assert_null(relayed("/usr/bin/containerd", "", 0, log, "/", user()).id);
	assert_null(relayed("/usr/bin/containerd", "", 0, "/var/log/pods/shop_web/web/1.log", "/", 0).id);
	assert_null(relayed("/usr/bin/containerd", "", 0, "/x/var/log/pods/a_b_c/web/1.log", "/", 0).id);
}

/* @name: of the container that holds the path; NULL: none does */
static void check_holding(const char *path, const char *shown, const char *place, const char *id,
			  const char *name)
{
	struct alert_container found;
	const char *in = NULL;

	assert_int_equal(containers_holding(containers, path, shown, NULL, &found, &in), 0);
	check_text(found.id, id);
	check_text(found.name, name);
	check_text(in, place);
	assert_int_equal(found.outside, id != NULL);
	assert_false(found.relayed);
	containers_free_one(&found);
}

#define DOCKER_PLACES                                                                                    \
	"{\"Name\":\"/%s\",\"Config\":{\"Image\":\"web:1\"},\"MountPoints\":{"                           \
	"\"/data\":{\"Type\":\"volume\",\"Name\":\"shared\",\"Source\":\"\"},"                           \
	"\"/own\":{\"Type\":\"volume\",\"Name\":\"x\",\"Source\":\"/var/lib/docker/volumes/%s/_data\"}," \
	"\"/srv\":{\"Type\":\"bind\",\"Source\":\"/srv\"}}}"

static void put_docker(const char *id, const char *name)
{
	char path[256], text[1024];

	snprintf(path, sizeof(path), "/var/lib/docker/containers/%s/config.v2.json", id);
	snprintf(text, sizeof(text), DOCKER_PLACES, name, name);
	put(path, text);
	snprintf(path, sizeof(path), "/var/lib/docker/image/overlay2/layerdb/mounts/%s/mount-id", id);
	snprintf(text, sizeof(text), "layer-of-%s", name);
	put(path, text);
}

/* What the host writes into Docker's containers: layers, volumes, and what several of them share. */
static void test_holding_docker(void **state)
{
	(void)state;
	put_docker(A, "web");
	put_docker(B, "db");
	learn("/system.slice/docker-" A ".scope");
	check_holding("/var/lib/docker/overlay2/layer-of-web/diff/tmp/x", NULL, "layer", A, "web");
	check_holding("/var/lib/docker/volumes/web/_data/x", NULL, "volume", A, "web");
	check_holding("/var/lib/docker/volumes/shared/_data/x", NULL, "volume", A, "web");
	learn("/system.slice/docker-" B ".scope");
	check_holding("/var/lib/docker/overlay2/layer-of-db/diff/tmp/x", NULL, "layer", B, "db");
	check_holding("/var/lib/docker/volumes/shared/_data/x", NULL, NULL, NULL, NULL);
	/* what is bound in is the host's, and so is what only begins alike */
	check_holding("/srv/x", NULL, NULL, NULL, NULL);
	check_holding("/var/lib/docker/overlay2/layer-of-web/diffx/x", NULL, NULL, NULL, NULL);
	check_holding("/var/lib/docker/volumes/webx/_data/x", NULL, NULL, NULL, NULL);
	/* the one that is left */
	assert_int_equal(unlink(under("/var/lib/docker/containers/" B "/config.v2.json")), 0);
	check_holding("/var/lib/docker/volumes/shared/_data/x", NULL, "volume", A, "web");
}

/* Its layer was not to be read when it was learnt: it is read once somebody writes there. */
static void test_holding_late(void **state)
{
	static const char layer[] = "/var/lib/docker/image/overlay2/layerdb/mounts/" A "/mount-id";

	(void)state;
	put_docker(A, "web");
	assert_int_equal(unlink(under(layer)), 0);
	learn("/system.slice/docker-" A ".scope");
	put(layer, "layer-of-web");
	check_holding("/var/lib/docker/overlay2/layer-of-web/diff/tmp/x", NULL, "layer", A, "web");
}

/* Those that were there before: found by the cgroups that there are. */
static void test_holding_scanned(void **state)
{
	(void)state;
	put_docker(A, "web");
	put("/sys/fs/cgroup/system.slice/docker-" A ".scope/cgroup.procs", "");
	assert_true(containers_scan(containers) > 0);
	check_holding("/var/lib/docker/overlay2/layer-of-web/diff/tmp/x", NULL, "layer", A, "web");
}

static void test_holding_podman(void **state)
{
	(void)state;
	put("/var/lib/containers/storage/overlay-containers/containers.json", PODMAN);
	put("/var/lib/containers/storage/overlay-containers/" A "/userdata/config.json",
	    "{\"mounts\":[{\"source\":\"/var/lib/containers/storage/volumes/v/_data\"},{\"source\":\"/"
	    "srv\"}]}");
	learn("/machine.slice/libpod-" A ".scope");
	check_holding("/var/lib/containers/storage/overlay/" B "/diff/x", NULL, "layer", A, "web");
	check_holding("/var/lib/containers/storage/volumes/v/_data/x", NULL, "volume", A, "web");
	check_holding("/srv/x", NULL, NULL, NULL, NULL);
}

/* A user's own: the layer is below his own directory, and of nothing else his files can tell. */
static void test_holding_user(void **state)
{
	(void)state;
	put_users("/home/ada/.local/share/containers/storage/overlay-containers/containers.json", PODMAN);
	put_users("/home/ada/.local/share/containers/storage/overlay-containers/" A "/userdata/config.json",
		  "{\"root\":{\"path\":\"/var/lib/x/rootfs\"},\"mounts\":[{\"source\":\"/var/volumes/v/"
		  "_data\"}]}");
	learn(users("/libpod-" A ".scope"));
	check_holding("/home/ada/.local/share/containers/storage/overlay/" B "/diff/x", NULL, "layer", A,
		      "web");
	check_holding("/var/volumes/v/_data/x", NULL, NULL, NULL, NULL);
	check_holding("/var/lib/x/rootfs/x", NULL, NULL, NULL, NULL);
}

#define VOLUMES "/var/lib/kubelet/pods/" UID "/volumes/"

/* A pod's: its layer by the overlay that shows it, its volumes by the kubelet's directory. */
static void test_holding_pod(void **state)
{
	struct alert_container found;
	const char *place;
	char text[2048];

	(void)state;
	snprintf(text, sizeof(text),
		 "%.*s,\"root\":{\"path\":\"rootfs\"},\"mounts\":[{\"source\":\"" VOLUMES
		 "kubernetes.io~empty-dir/cache\"},{\"source\":\"/var/log\"}]}",
		 (int)strlen(CRI) - 1, CRI);
	put(TASKS "/k8s.io/" A "/config.json", text);
	learn(POD_SYSTEMD "/cri-containerd-" A ".scope");
	check_holding("/snapshots/7/fs/x", TASKS "/k8s.io/" A "/rootfs/x", "layer", A, "web");
	check_holding(VOLUMES "kubernetes.io~empty-dir/cache/x", NULL, "volume", A, "web");
	check_holding("/var/log/x", NULL, NULL, NULL, NULL);
	/* what the kubelet fills is its own; another's directory of that look nobody's */
	check_holding(VOLUMES "kubernetes.io~secret/key/x", NULL, NULL, NULL, NULL);
	check_holding("/home/ada" VOLUMES "kubernetes.io~empty-dir/cache/x", NULL, NULL, NULL, NULL);
	/* of a volume that none of its containers is known to have, the pod */
	check_holding(VOLUMES "kubernetes.io~empty-dir/other/x", NULL, "volume", UID, NULL);
	assert_int_equal(containers_holding(containers, VOLUMES "kubernetes.io~csi/disk/mount/x", NULL, NULL,
					    &found, &place),
			 0);
	check_text(found.pod, "web-7d4b");
	check_text(found.pod_namespace, "shop");
	check_text(found.pod_uid, UID);
	containers_free_one(&found);
	/* another container of the pod shares it */
	put(TASKS "/k8s.io/" B "/config.json", text);
	learn(POD_SYSTEMD "/cri-containerd-" B ".scope");
	check_holding(VOLUMES "kubernetes.io~empty-dir/cache/x", NULL, "volume", B, "web");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_none),
		TEST(test_containerd_cri),
		TEST(test_k3s),
		TEST(test_sandbox),
		TEST(test_crio),
		TEST(test_crio_graph_root),
		TEST(test_docker),
		TEST(test_image),
		TEST(test_label_address),
		TEST(test_label_password),
		TEST(test_docker_renamed),
		TEST(test_docker_own_parent),
		TEST(test_docker_other_data_root),
		TEST(test_docker_setting),
		TEST(test_docker_kubernetes),
		TEST(test_docker_rootless),
		TEST(test_nerdctl),
		TEST(test_ctr),
		TEST(test_same_name),
		TEST(test_podman),
		TEST(test_podman_volatile),
		TEST(test_podman_rootless),
		TEST(test_podman_vfs),
		TEST(test_podman_conmon),
		TEST(test_conmon_pretender),
		TEST(test_users_pretender),
		TEST(test_users_forgery),
		TEST(test_users_useless),
		TEST(test_delegated),
		TEST(test_named),
		TEST(test_runc),
		TEST(test_nothing_on_disk),
		TEST(test_remembered),
		TEST(test_name_given_again),
		TEST(test_name_given_again_late),
		TEST(test_late),
		TEST(test_late_many),
		TEST(test_unanswered),
		TEST(test_above_unanswered),
		TEST(test_nested_unanswered),
		TEST(test_name_given_again_unanswered),
		TEST(test_broken),
		TEST(test_untrusted_files),
		TEST(test_untrusted_texts),
		TEST(test_nested),
		TEST(test_nested_pretender),
		TEST(test_scan),
		TEST(test_scan_v2),
		TEST(test_bound),
		TEST(test_no_root),
		TEST(test_relayed_docker),
		TEST(test_relayed_shim),
		TEST(test_relayed_conmon),
		TEST(test_holding_docker),
		TEST(test_holding_late),
		TEST(test_holding_scanned),
		TEST(test_holding_podman),
		TEST(test_holding_user),
		TEST(test_holding_pod),
		TEST(test_relayed_pods),
	};

	return UNIT_RUN(tests);
}
