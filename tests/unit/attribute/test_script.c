// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which file an interpreter runs. */
#include "unit.h"

#include "attribute/script.h"

/* @args: arguments, each with a newline behind it */
static void check(const char *comm, const char *exe, const char *args, const char *expected)
{
	char joined[256];
	size_t len = strlen(args), script_len = 0;
	const char *script;

	for (size_t i = 0; i < len; i++)
		joined[i] = args[i] == '\n' ? '\0' : args[i];
	script = script_find(comm, exe, strlen(exe), joined, len, &script_len);
	if (!expected) {
		assert_null(script);
		return;
	}
	assert_non_null(script);
	assert_int_equal(script_len, strlen(expected));
	assert_memory_equal(script, expected, script_len);
}

static void test_shebang(void **state)
{
	(void)state;
	check("deploy.py", "/usr/bin/python3.11", "/usr/bin/python3\n./deploy.py\n", "./deploy.py");
	check("deploy.py", "/usr/bin/python3.11", "/usr/bin/python3\n-u\n./deploy.py\n--fast\n",
	      "./deploy.py");
	/* whatever the interpreter is; the kernel cuts names at 15 bytes */
	check("a-rather-long-n", "/opt/own", "/opt/own\n/srv/a-rather-long-name\n",
	      "/srv/a-rather-long-name");
}

static void test_argument(void **state)
{
	(void)state;
	check("python3", "/usr/bin/python3.11", "python3\ndeploy.py\nx\n", "deploy.py");
	check("python3", "/usr/bin/python3.11", "python3\n-W\nerror\n-u\ndeploy.py\n", "deploy.py");
	check("python3", "/usr/bin/python3.11", "python3\n-Wcm\ndeploy.py\n", "deploy.py");
	check("python3", "/usr/bin/python3.11", "python3\n--\n-x\n", "-x");
	check("node", "/usr/bin/node", "node\n--experimental-x\n-r\nhook\napp.js\n", "app.js");
	check("bash", "/bin/bash", "bash\n-o\npipefail\n-eu\nbuild.sh\n", "build.sh");
	check("MainThread", "/usr/bin/node", "node\n/srv/app.js\n", "/srv/app.js");
}

/* BusyBox is what it is called as: its shell runs scripts, its other applets run nothing. */
static void test_busybox(void **state)
{
	(void)state;
	check("cat", "/bin/busybox", "cat\n/tmp/f\n", NULL);
	check("cat", "/bin/busybox", "/bin/cat\n/tmp/cat\n", NULL);
	check("busybox", "/bin/busybox", "busybox\ncat\n/tmp/f\n", NULL);
	check("busybox", "/bin/busybox", "busybox\n", NULL);
	check("sh", "/bin/busybox", "sh\n-c\necho x > /tmp/f\n", NULL);
	check("busybox", "/bin/busybox", "busybox\nsh\n-c\necho x\n", NULL);
	check("sh", "/bin/busybox", "-sh\n", NULL);
	check("sh", "/bin/busybox", "sh\n/srv/run.sh\nx\n", "/srv/run.sh");
	check("busybox", "/bin/busybox.static", "busybox\nash\n-e\nrun.sh\n", "run.sh");
	check("run.sh", "/bin/busybox", "/bin/sh\n./run.sh\n", "./run.sh");
}

static void test_none(void **state)
{
	(void)state;
	check("python3", "/usr/bin/python3", "python3\n-c\npass\n", NULL);
	check("python3", "/usr/bin/python3", "python3\n-m\nhttp.server\n", NULL);
	check("python3", "/usr/bin/python3", "python3\n-\nx\n", NULL);
	check("python3", "/usr/bin/python3", "python3\n", NULL);
	check("sh", "/bin/dash", "sh\n-ec\ntrue\n", NULL);
	check("perl", "/usr/bin/perl", "perl\n-ne\nprint\nfile\n", NULL);
	check("node", "/usr/bin/node", "node\n--eval\n1\n", NULL);
	check("cp", "/bin/cp", "cp\na\nb\n", NULL);
	check("pythonish", "/usr/bin/pythonish", "pythonish\nx\n", NULL);
	/* the last argument was cut, or there is none */
	check("python3", "/usr/bin/python3", "python3\ndepl", NULL);
	check("python3", "/usr/bin/python3", "", NULL);
	check("python3", "", "python3\nx\n", NULL);
	check("python3", "/usr/bin/python3", "python3\n-W\n", NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shebang), cmocka_unit_test(test_argument), cmocka_unit_test(test_none),
		cmocka_unit_test(test_busybox)};

	return UNIT_RUN(tests);
}
