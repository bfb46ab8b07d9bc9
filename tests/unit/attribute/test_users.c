// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* uid → name, from a file that changes. */
#include "unit.h"

#include "attribute/users.h"

#include <stdlib.h>
#include <unistd.h>

static void put(const char *path, const char *text)
{
	char other[96];
	FILE *file;

	/* as useradd(8) does it: a new file in the old one's place */
	snprintf(other, sizeof(other), "%s+", path);
	file = fopen(other, "w");
	fputs(text, file);
	fclose(file);
	rename(other, path);
}

static void test_users(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	struct users *users;

	(void)state;
	close(fd);
	put(path, "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbroken line\n");
	assert_int_equal(users_open(path, &users), 0);
	assert_string_equal(users_name(users, 0), "root");
	assert_string_equal(users_name(users, 1000), "ada");
	assert_null(users_name(users, 1001));
	/* a change shows within 100 ms */
	usleep(200000);
	put(path, "root:x:0:0:root:/root:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n");
	assert_string_equal(users_name(users, 1001), "bob");
	assert_null(users_name(users, 1000));
	unlink(path);
	usleep(200000);
	assert_string_equal(users_name(users, 1001), "bob");
	users_close(users);
	assert_int_equal(users_open("/nowhere", &users), 0);
	assert_null(users_name(users, 0));
	users_close(users);
}

static void test_groups(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	struct users *groups;

	(void)state;
	close(fd);
	put(path, "root:x:0:\nadm:x:4:syslog,joe\n");
	assert_int_equal(users_open_groups(path, &groups), 0);
	assert_string_equal(users_name(groups, 4), "adm");
	assert_null(users_name(groups, 5));
	users_close(groups);
	unlink(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_users),
						  cmocka_unit_test(test_groups)};

	return UNIT_RUN(tests);
}
