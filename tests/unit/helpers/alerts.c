// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See alerts.h. */
#include "alerts.h"

#include "unit.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *text(const char *borrowed)
{
	return (char *)(uintptr_t)borrowed;
}

struct alert alerts_make(const struct alert_spec *spec)
{
	struct alert alert = {
		.time = {.tv_sec = spec->time},
		.repeats = spec->repeats,
		.news = spec->news ? spec->news : 1,
		.token = {.prefix = "dt0c01", .type = "API token"},
		.process = {.pid = 42,
			    .name = text("writer"),
			    .thread_name = text("writer"),
			    .executable = text(spec->program),
			    .command_line = text("writer --now"),
			    .user_name = text(spec->user ? spec->user : "root"),
			    .unit = text(spec->unit),
			    .parent = {.name = text("sh")}},
		.file = {.path = text(spec->file),
			 .host_path = text(spec->host_path),
			 .type = "regular",
			 .fs_type = text("ext4")},
		.container = {.id = text(spec->container)},
		.write = {.syscall = "write", .seen_by = "buffer"},
		.host_name = "h",
	};

	snprintf(alert.token.identifier, sizeof(alert.token.identifier), "%s", spec->token);
	if (spec->container) {
		alert.container.runtime = spec->runtime ? spec->runtime : "containerd";
		alert.container.namespace = text(spec->namespace);
		alert.container.created = text(spec->created);
		alert.container.image = text(spec->image);
		alert.container.digest = text(spec->digest);
		alert.container.outer = text(spec->outer);
		alert.container.exec = spec->exec;
		alert.container.name = text(spec->name ? spec->name : "app");
		alert.container.relayed = spec->relayed;
		alert.container.outside = spec->outside;
		alert.container.pod = text(spec->pod);
		alert.container.pod_namespace = text(spec->pod ? "shop" : NULL);
	}
	return alert;
}

char *alerts_dir(void)
{
	char *dir = strdup("/tmp/spillwatch-unit-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

void alerts_remove(char *dir)
{
	struct dirent *entry;
	DIR *files = opendir(dir);

	while (files && (entry = readdir(files))) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (*entry->d_name != '.')
			unlink(path);
	}
	closedir(files);
	assert_int_equal(rmdir(dir), 0);
	free(dir);
}

struct store *alerts_store(const char *path)
{
	const struct store_limits limits = {.days = STORE_DAYS, .bytes = STORE_BYTES};
	struct store *store;
	char *moved = NULL;

	assert_int_equal(store_open(path, &limits, &moved, &store), 0);
	assert_null(moved);
	return store;
}

void alerts_put(struct store *store, const struct alert_spec *spec)
{
	struct alert alert = alerts_make(spec);

	assert_int_equal(store_put(store, &alert), 0);
}

int64_t alerts_now(void)
{
	return time(NULL);
}

int64_t alerts_number(const char *path, const char *sql)
{
	sqlite3_stmt *statement;
	int64_t number = -1;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
			 SQLITE_OK);
	/* who writes may just be at it, by another thread */
	sqlite3_busy_timeout(db, 60000);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}
