// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a kernel that lacks functions means for the fexit attachment, with kernels that are made up. */
#include "unit.h"

#include "capture/functions.h"
#include "bounds.h"
#include "calibration.h"
#include "file_kind.h"
#include "known.h"
#include "scope.h"
#include "write_call.h"
#include "spillwatch.skel.h"

#include <bpf/libbpf.h>
#include <string.h>

/* A kernel that has all functions but those of a NULL-terminated list. */
static bool kernel_has(const void *context, const char *name)
{
	for (const char *const *lacks = context; *lacks; lacks++)
		if (strcmp(*lacks, name) == 0)
			return false;
	return true;
}

static void check(uint32_t watch, const char *const *lacks, bool essential, const char *text)
{
	struct functions_missing missing = functions_missing(watch, kernel_has, lacks);
	char said[512];

	functions_say(&missing, said, sizeof(said));
	assert_string_equal(said, text);
	assert_int_equal(missing.essential, essential);
}

#define LACKS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_missing(void **state)
{
	(void)state;
	check(FILE_KINDS_ALL, (const char *const[]){NULL}, false, "");
	check(FILE_KINDS_DEFAULT, LACKS("vfs_write"), true, "no vfs_write (write, pwrite64)");
	check(FILE_KINDS_DEFAULT, LACKS("vfs_writev", "do_sendfile"), true,
	      "no vfs_writev (writev, pwritev, pwritev2), do_sendfile (sendfile)");
	check(FILE_KINDS_DEFAULT, LACKS("security_path_mkdir", "vfs_setxattr"), false,
	      "no security_path_mkdir (names of new directories), vfs_setxattr (extended attributes)");
	/* what is essential decides, wherever it stands */
	check(FILE_KINDS_DEFAULT, LACKS("security_path_mkdir", "do_splice"), true, "no do_splice (splice)");
	check(FILE_KINDS_DEFAULT, LACKS("vfs_fallocate", "vfs_write"), true,
	      "no vfs_write (write, pwrite64)");
}

/* Nothing is missed where the call is missing as well, or nobody asked for what it brings. */
static void test_not_missed(void **state)
{
	(void)state;
	check(FILE_KINDS_ALL,
	      LACKS("security_file_ioctl_compat", "__x64_sys_io_submit", "__ia32_compat_sys_io_submit"),
	      false, "");
	check(FILE_KINDS_DEFAULT, LACKS("__sys_sendto"), false, "");
	check(FILE_KIND_BIT(SOCKET), LACKS("__sys_sendto"), true, "no __sys_sendto (send, sendto)");
	check(FILE_KIND_BIT(PIPE), LACKS("security_path_link"), false, "");
}

static void test_text_is_cut(void **state)
{
	struct functions_missing missing =
		functions_missing(FILE_KINDS_DEFAULT, kernel_has, LACKS("vfs_write", "vfs_writev"));
	char text[12];

	(void)state;
	functions_say(&missing, text, sizeof(text));
	assert_string_equal(text, "no vfs_writ");
}

/* Every function that a program hooks is known, or its program would never be loaded. */
static void test_all_known(void **state)
{
	struct spillwatch_bpf *skeleton = spillwatch_bpf__open();
	struct bpf_program *program;
	size_t hooks = 0;

	(void)state;
	assert_non_null(skeleton);
	bpf_object__for_each_program (program, skeleton->obj) {
		const char *section = bpf_program__section_name(program);

		if (strncmp(section, "fexit/", 6) != 0 && strncmp(section, "fentry/", 7) != 0)
			continue;
		if (!functions_named(strchr(section, '/') + 1))
			fail_msg("%s is hooked, and not known", section);
		hooks++;
	}
	assert_true(hooks > 20);
	assert_null(functions_named("vfs_read"));
	spillwatch_bpf__destroy(skeleton);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_not_missed),
		cmocka_unit_test(test_text_is_cut),
		cmocka_unit_test(test_all_known),
	};

	return UNIT_RUN(tests);
}
