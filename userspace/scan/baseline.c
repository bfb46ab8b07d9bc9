// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* {"version": 1, "findings": [{"identifier": …, "path": …}]}, sorted, so that a
 * diff of two says what is new. */
#include "scan/baseline.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct baseline {
	json_t *findings; /* object: "IDENTIFIER PATH" → null; an identifier holds no
                       space */
};

int baseline_new(struct baseline **ret_baseline)
{
	struct baseline *baseline = calloc(1, sizeof(*baseline));

	if (!baseline)
		return -ENOMEM;
	baseline->findings = json_object();
	if (!baseline->findings) {
		free(baseline);
		return -ENOMEM;
	}
	*ret_baseline = baseline;
	return 0;
}

void baseline_free(struct baseline *baseline)
{
	if (!baseline)
		return;
	json_decref(baseline->findings);
	free(baseline);
}

static char *baseline_key(const char *identifier, const char *path)
{
	char *key;

	return asprintf(&key, "%s %s", identifier, path) < 0 ? NULL : key;
}

int baseline_add(struct baseline *baseline, const char *identifier, const char *path)
{
	AUTO_FREE char *key = baseline_key(identifier, path);

	return key && json_object_set_new(baseline->findings, key, json_null()) == 0 ? 0 : -ENOMEM;
}

bool baseline_has(const struct baseline *baseline, const char *identifier, const char *path)
{
	AUTO_FREE char *key = baseline_key(identifier, path);

	return key && json_object_get(baseline->findings, key);
}

static int baseline_take(struct baseline *baseline, json_t *root)
{
	json_t *findings = json_object_get(root, "findings"), *finding;
	size_t i;

	if (json_integer_value(json_object_get(root, "version")) != 1 || !json_is_array(findings))
		return -EINVAL;
	json_array_foreach (findings, i, finding) {
		const char *identifier = json_string_value(json_object_get(finding, "identifier"));
		const char *path = json_string_value(json_object_get(finding, "path"));
		int r;

		if (!identifier || !path)
			return -EINVAL;
		r = baseline_add(baseline, identifier, path);
		if (r < 0)
			return r;
	}
	return 0;
}

int baseline_load(struct baseline *baseline, const char *path)
{
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	json_t *root;
	int r;

	if (!file)
		return -errno;
	root = json_loadf(file, 0, NULL);
	r = root ? baseline_take(baseline, root) : -EINVAL;
	json_decref(root);
	return r;
}

static int baseline_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The findings in order. Returns NULL if there is no memory. */
static json_t *baseline_array(const struct baseline *baseline)
{
	size_t count = json_object_size(baseline->findings), i = 0;
	AUTO_FREE const char **keys = calloc(count + 1, sizeof(*keys));
	json_t *array = json_array(), *value;
	const char *key;

	if (!keys || !array) {
		json_decref(array);
		return NULL;
	}
	json_object_foreach (baseline->findings, key, value)
		keys[i++] = key;
	qsort(keys, count, sizeof(*keys), baseline_compare);
	for (i = 0; i < count; i++) {
		size_t identifier = strcspn(keys[i], " ");

		if (json_array_append_new(array, json_pack("{s:s%, s:s}", "identifier", keys[i], identifier,
							   "path", keys[i] + identifier + 1)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static int baseline_dump(const json_t *root, FILE *file)
{
	if (json_dumpf(root, file, JSON_INDENT(2)) < 0 || fputc('\n', file) < 0 || fflush(file) != 0)
		return -EIO;
	return 0;
}

/* A name that nobody knows before, and others may read it as any file that is
 * written anew. */
static FILE *baseline_beside(char *path)
{
	mode_t mask = umask(0);
	int fd = mkostemp(path, O_CLOEXEC);
	FILE *file = NULL;

	umask(mask);
	if (fd < 0)
		return NULL;
	if (fchmod(fd, 0666 & ~mask) == 0)
		file = fdopen(fd, "w");
	if (!file)
		close(fd);
	return file;
}

int baseline_write(const struct baseline *baseline, const char *path)
{
	AUTO_FREE char *beside = NULL;
	json_t *array = baseline_array(baseline);
	json_t *root = array ? json_pack("{s:i, s:o}", "version", 1, "findings", array) : NULL;
	FILE *file = NULL;
	int r = -ENOMEM;

	if (root && asprintf(&beside, "%s.XXXXXX", path) < 0)
		beside = NULL;
	if (beside) {
		file = baseline_beside(beside);
		r = file ? baseline_dump(root, file) : -errno;
	}
	json_decref(root);
	if (!file)
		return r;
	if (fclose(file) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(beside);
	return r;
}
