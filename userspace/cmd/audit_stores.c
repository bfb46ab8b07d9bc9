// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cmd/audit → audit_stores → reader. Each file is opened once, whatever its names.
 *
 * Invariant: a store that was asked for is in the report, or is named as not read.
 */
#include "cmd/audit_stores.h"

#include "attribute/host_name.h"
#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* What is a store in a directory, by its name. */
#define STORES_SUFFIX ".db"
/* What a damaged one is called by the monitor that began a new one, before the time (store/database.c). */
#define STORES_ASIDE ".corrupt-"
/* SQLite has three descriptors of each. */
#define STORES_DESCRIPTORS 4

static int stores_no_memory(void)
{
	log_error("can't read the stores: %s", strerror(ENOMEM));
	return EXIT_CODE_RUNTIME;
}

int audit_stores_ask(struct audit_stores *stores, const char *path)
{
	const char **more = reallocarray(stores->asked, stores->asked_count + 1, sizeof(char *));

	if (!more)
		return stores_no_memory();
	stores->asked = more;
	stores->asked[stores->asked_count++] = path;
	return 0;
}

/* @store: masked, stays where it is */
static int stores_unread(struct audit_stores *stores, const char *store, const char *why)
{
	struct report_unread *more =
		reallocarray(stores->unread, stores->unread_count + 1, sizeof(*stores->unread));

	if (!more)
		return stores_no_memory();
	stores->unread = more;
	stores->unread[stores->unread_count++] = (struct report_unread){store, why};
	return 0;
}

static bool stores_known(const struct audit_stores *stores, const char *path)
{
	struct stat st, other;

	if (stat(path, &st) < 0)
		return false;
	for (size_t i = 0; i < stores->count; i++)
		if (stat(stores->stores[i].path, &other) == 0 && other.st_dev == st.st_dev &&
		    other.st_ino == st.st_ino)
			return true;
	return false;
}

static int stores_file(struct audit_stores *stores, const char *path)
{
	struct audit_store *more, store = {0};

	if (stores_known(stores, path))
		return 0;
	if (stores->count == READER_STORES) {
		log_error("--store: %d stores can be read as one, and these are more", READER_STORES);
		return EXIT_CODE_CONFIG;
	}
	more = reallocarray(stores->stores, stores->count + 1, sizeof(*more));
	if (!more)
		return stores_no_memory();
	stores->stores = more;
	store.path = strdup(path);
	if (!store.path || mask_text(path, strlen(path), NULL, &store.shown) < 0) {
		free(store.path);
		return stores_no_memory();
	}
	stores->stores[stores->count++] = store;
	return 0;
}

static bool stores_ends(const char *name, const char *with)
{
	size_t len = strlen(name), end = strlen(with);

	return len > end && strcmp(name + len - end, with) == 0;
}

static int stores_is_aside(const struct dirent *entry)
{
	return strstr(entry->d_name, STORES_ASIDE) && !stores_ends(entry->d_name, "-wal") &&
	       !stores_ends(entry->d_name, "-shm");
}

/* A damaged store whose place a new one has taken: what it holds is in no report. */
static int stores_aside(struct audit_stores *stores, const char *path)
{
	char **more = reallocarray(stores->asides, stores->aside_count + 1, sizeof(char *));

	if (!more)
		return stores_no_memory();
	stores->asides = more;
	if (mask_text(path, strlen(path), NULL, &more[stores->aside_count]) < 0)
		return stores_no_memory();
	stores->aside_count++;
	return stores_unread(stores, more[stores->aside_count - 1], "a damaged store that was moved aside");
}

/* @name: of the store; NULL: of each in the directory. One that can't be read is told of where the stores are looked for. */
static int stores_asides(struct audit_stores *stores, const char *directory, const char *name)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, stores_is_aside, alphasort), r = 0;
	size_t len;

	for (int i = 0; i < count; i++) {
		const char *at = strstr(entries[i]->d_name, STORES_ASIDE);
		AUTO_FREE char *path = NULL;

		len = (size_t)(at - entries[i]->d_name);
		if (r == 0 &&
		    (name ? strlen(name) == len && memcmp(entries[i]->d_name, name, len) == 0
			  : len >= strlen(STORES_SUFFIX) && memcmp(at - strlen(STORES_SUFFIX), STORES_SUFFIX,
								   strlen(STORES_SUFFIX)) == 0)) {
			r = asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0 ? stores_no_memory()
											: 0;
			if (r)
				path = NULL;
			else
				r = stores_aside(stores, path);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return r;
}

/* The same of one store. */
static int stores_asides_of(struct audit_stores *stores, const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *directory =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");

	return directory ? stores_asides(stores, directory, slash ? slash + 1 : path) : stores_no_memory();
}

static int stores_is_store(const struct dirent *entry)
{
	return stores_ends(entry->d_name, STORES_SUFFIX);
}

/* @shown: of the path, masked */
static int stores_directory(struct audit_stores *stores, const char *path, const char *shown)
{
	struct dirent **entries;
	int count = scandir(path, &entries, stores_is_store, alphasort), r = 0;

	if (count < 0) {
		const char *why = strerror(errno);

		log_error("can't read the directory %s: %s", shown, why);
		return stores_unread(stores, shown, why);
	}
	if (!count) {
		log_error("there is no store (*" STORES_SUFFIX ") in %s", shown);
		r = stores_unread(stores, shown, "there is no store in it");
	}
	for (int i = 0; i < count; i++) {
		AUTO_FREE char *file = NULL;

		if (r == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
			file = NULL;
			r = stores_no_memory();
		}
		if (r == 0)
			r = stores_file(stores, file);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* "node-7" of "evidence/node-7.db"; masked. */
static char *stores_base(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash && slash[1] ? slash + 1 : path;
	size_t len = strlen(base), suffix = strlen(STORES_SUFFIX);
	char *name = NULL;

	if (len > suffix && strcmp(base + len - suffix, STORES_SUFFIX) == 0)
		len -= suffix;
	return mask_text(base, len, NULL, &name) < 0 ? NULL : name;
}

static int stores_compare(const void *a, const void *b)
{
	const struct audit_store *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* By the file's name, where no other one is called so; else by its path. */
static int stores_name(struct audit_stores *stores)
{
	AUTO_FREE struct audit_store **by_name = calloc(stores->count + 1, sizeof(struct audit_store *));
	int r = by_name ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < stores->count; i++) {
		struct audit_store *store = &stores->stores[i];

		if (stores->several)
			store->name = stores_base(store->path);
		else
			r = host_name(&store->name);
		by_name[i] = store;
		r = store->name ? r : -ENOMEM;
	}
	if (r < 0)
		return stores_no_memory();
	qsort(by_name, stores->count, sizeof(struct audit_store *), stores_compare);
	for (size_t i = 0, end; i < stores->count; i = end) {
		for (end = i + 1; end < stores->count; end++)
			if (strcmp(by_name[end]->name, by_name[i]->name) != 0)
				break;
		for (size_t j = i; end - i > 1 && j < end; j++) {
			char *path = strdup(by_name[j]->shown);

			if (!path)
				return stores_no_memory();
			/* what it is compared with is looked at no more */
			free(by_name[j]->name);
			by_name[j]->name = path;
		}
	}
	return 0;
}

/* Each has its own descriptors, and the usual bound on them is for programs that use select(2). */
static void stores_descriptors(size_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= (count + 16) * STORES_DESCRIPTORS)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int stores_show(struct audit_stores *stores)
{
	size_t size;
	FILE *out = open_memstream(&stores->all, &size);
	int r = out ? 0 : -ENOMEM;

	stores->shown = calloc(stores->asked_count, sizeof(char *));
	if (!stores->shown)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < stores->asked_count; i++) {
		/* the path is the user's own, but a path can hold a token as well */
		r = mask_text(stores->asked[i], strlen(stores->asked[i]), NULL, &stores->shown[i]);
		if (r == 0)
			fprintf(out, "%s%s", i ? ", " : "", stores->shown[i]);
	}
	if (out && fclose(out) != 0)
		r = -ENOMEM;
	return r < 0 ? stores_no_memory() : 0;
}

int audit_stores_find(struct audit_stores *stores)
{
	struct stat st;
	int r = stores->asked_count ? 0 : audit_stores_ask(stores, STORE_PATH);

	if (r == 0)
		r = stores_show(stores);
	stores->several = stores->asked_count > 1;
	for (size_t i = 0; r == 0 && i < stores->asked_count; i++) {
		const char *path = stores->asked[i];

		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			stores->several = true;
			r = stores_directory(stores, path, stores->shown[i]);
			if (r == 0)
				r = stores_asides(stores, path, NULL);
		} else {
			r = stores_file(stores, path);
			if (r == 0)
				r = stores_asides_of(stores, path);
		}
	}
	if (r == 0)
		r = stores_name(stores);
	stores_descriptors(stores->count);
	return r;
}

/* A store twice, or a copy of it, counts twice. */
static void stores_warn(const struct reader *reader)
{
	for (size_t i = 1; i < reader_count(reader); i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(reader_node(reader, i), reader_node(reader, j)) == 0) {
				log_warning("more than one of these stores is of %s: what is in both counts "
					    "twice",
					    reader_node(reader, i));
				return;
			}
}

int audit_stores_open(struct audit_stores *stores, struct reader **ret_reader)
{
	struct reader *reader = NULL;
	int r = reader_make(&reader) < 0 ? stores_no_memory() : 0;

	for (size_t i = 0; r == 0 && i < stores->count; i++) {
		struct audit_store *store = &stores->stores[i];
		int error;

		if (store->unread)
			continue;
		error = reader_add(reader, store->path, store->name);
		if (error == 0)
			continue;
		log_error("can't open the store %s: %s%s", store->shown, store_error(error),
			  error == -ENOENT ? "; 'spillwatch run' makes one" : "");
		store->unread = true;
		r = stores_unread(stores, store->shown, store_error(error));
	}
	if (r == 0 && !reader_count(reader))
		r = EXIT_CODE_CONFIG;
	if (r) {
		reader_close(reader);
		return r;
	}
	stores_warn(reader);
	*ret_reader = reader;
	return 0;
}

size_t audit_stores_check(struct audit_stores *stores)
{
	size_t bad = 0;

	for (size_t i = 0; i < stores->count; i++) {
		struct audit_store *store = &stores->stores[i];
		struct reader *reader = NULL;
		int r;

		if (store->unread)
			continue;
		r = reader_open(store->path, store->name, &reader);
		if (r == 0)
			r = reader_check(reader, 0);
		reader_close(reader);
		if (r == 0)
			continue;
		log_error("can't read the store %s: %s", store->shown, store_error(r));
		store->unread = true;
		bad++;
		if (stores_unread(stores, store->shown, store_error(r)))
			return 0;
	}
	return bad;
}

/* Has it a fact of the token? Returns 1, 0, or a negative errno. */
static int stores_has(const struct audit_store *store, const char *identifier)
{
	struct reader *reader;
	int64_t id;
	int r = reader_open(store->path, store->name, &reader);

	if (r < 0)
		return r;
	r = reader_find_token(reader, identifier, &id);
	reader_close(reader);
	return r == -ENOENT ? 0 : (r < 0 ? r : 1);
}

int audit_stores_mark(struct audit_stores *stores, const struct triage *triage)
{
	size_t kept = 0;
	bool any = false;
	int result = stores->unread_count > stores->aside_count ? EXIT_CODE_CONFIG : 0;

	for (size_t i = 0; i < stores->count; i++) {
		const struct audit_store *store = &stores->stores[i];
		bool known = false;
		/* none is written to, or brought up to date, that is not concerned */
		int r = i ? stores_has(store, triage->identifier) : 1;

		if (r > 0)
			r = triage_put(store->path, triage, &known);
		else if (r == 0)
			continue;
		any |= known;
		kept += r == 0;
		if (r == 0)
			continue;
		log_error("can't write to the store %s: %s", store->shown, store_error(r));
		result = EXIT_CODE_CONFIG;
	}
	if (!kept)
		return result ? result : EXIT_CODE_CONFIG;
	printf("%s: %s", triage->identifier, triage_name(triage->state));
	if (stores->several)
		printf(", in %zu of %zu stores", kept, stores->count);
	putchar('\n');
	if (!any)
		log_note("nothing that the store holds has this token; the mark is kept for when it has");
	if (fflush(stdout) != 0)
		return EXIT_CODE_RUNTIME;
	return result;
}

void audit_stores_free(struct audit_stores *stores)
{
	for (size_t i = 0; i < stores->count; i++) {
		free(stores->stores[i].path);
		free(stores->stores[i].shown);
		free(stores->stores[i].name);
	}
	free(stores->stores);
	for (size_t i = 0; stores->shown && i < stores->asked_count; i++)
		free(stores->shown[i]);
	free(stores->shown);
	free(stores->asked);
	free(stores->all);
	free(stores->unread);
	for (size_t i = 0; i < stores->aside_count; i++)
		free(stores->asides[i]);
	free(stores->asides);
	memset(stores, 0, sizeof(*stores));
}
