// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who refuses bpf(2), and what is said of it. */
#include "unit.h"

#include "cmd/diagnose.h"

#include <errno.h>

static const struct diagnose_host good = {
	.release = "6.1.0-28-amd64",
	.btf = true,
	.bpf = true,
	.perfmon = true,
};

static void check(const struct diagnose_host *host, int error, const char *expected)
{
	char text[256];
	bool said = diagnose_refusal(host, error, text, sizeof(text));

	assert_int_equal(said, expected != NULL);
	if (expected && !strstr(text, expected))
		fail_msg("'%s' is not in: %s", expected, text);
	assert_true(strlen(text) < sizeof(text) - 1);
}

static void test_refusals(void **state)
{
	struct diagnose_host host = good;

	(void)state;
	check(&good, -EPERM, NULL);
	check(&good, -EINVAL, NULL);
	host.seccomp = true;
	check(&host, -EPERM, "seccomp");
	host = good;
	host.perfmon = false;
	check(&host, -EPERM, "(missing: CAP_PERFMON)");
	host.bpf = false;
	check(&host, -EPERM, "(missing: CAP_BPF, CAP_PERFMON)");
	host.perfmon = true;
	check(&host, -EPERM, "(missing: CAP_BPF)");
	/* there are capabilities, but of a namespace */
	host = good;
	host.user_namespace = true;
	check(&host, -EPERM, "user namespace");
	check(&host, -EINVAL, NULL);
	host = good;
	host.lockdown = true;
	check(&host, -EINVAL, "lockdown");
	check(&host, -EPERM, "lockdown");
	host = good;
	host.btf = false;
	check(&host, -ENOTSUP, "no BTF");
}

static void test_old_kernels(void **state)
{
	static const struct {
		const char *release;
		bool old;
	} kernels[] = {
		{"5.10.0-32-amd64", true}, {"5.16.20", true}, {"4.18.0-553.el8.x86_64", true},
		{"5.17.0", false},         {"6.1", false},    {"10.0", false},
		{"nonsense", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(*kernels); i++) {
		struct diagnose_host host = good;
		char text[128];

		snprintf(host.release, sizeof(host.release), "%s", kernels[i].release);
		snprintf(text, sizeof(text), "this kernel is %s; 5.17 or later is needed",
			 kernels[i].release);
		check(&host, -EINVAL, kernels[i].old ? text : NULL);
		/* a version says nothing of a permission */
		check(&host, -EPERM, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_old_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
