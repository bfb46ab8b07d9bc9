// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe → load: the types that programs are relocated by.
 *
 * Invariant: a relocation comes out as it does with all of the kernel's BTF. What libbpf matches by is there: every
 * type whose name is the wanted one up to a "___", and all types of its fields down to a pointer. Where that leads matters
 * only to relocations by a typedef of one, which no program has. Ids are the same since some relocations are for them.
 * tests/live/loader.c compares.
 */
#include "capture/min_btf.h"

#include "lib/cleanup.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A name without its flavour; see "essential name" in libbpf's relo_core.c. */
struct min_btf_name {
	const char *text;
	size_t len;
};

struct min_btf {
	const struct btf *kernel;
	struct min_btf_name *names; /* in the object's BTF, in order */
	size_t count;
	bool *wanted; /* by id */
	uint32_t last; /* of those */
};

/* Those that a relocation can begin at, and that have a name. */
static bool min_btf_is_root(const struct btf_type *type)
{
	return type->name_off && (btf_is_composite(type) || btf_is_any_enum(type) || btf_is_typedef(type));
}

static struct min_btf_name min_btf_name(const struct btf *btf, const struct btf_type *type)
{
	const char *text = btf__name_by_offset(btf, type->name_off), *flavour = strstr(text, "___");

	return (struct min_btf_name){text, flavour ? (size_t)(flavour - text) : strlen(text)};
}

static int min_btf_compare(const void *a, const void *b)
{
	const struct min_btf_name *one = a, *other = b;

	if (one->len != other->len)
		return one->len < other->len ? -1 : 1;
	return memcmp(one->text, other->text, one->len);
}

static int min_btf_names(struct min_btf *min, const struct btf *object)
{
	min->names = calloc(btf__type_cnt(object), sizeof(*min->names));
	if (!min->names)
		return -ENOMEM;
	for (uint32_t id = 1, types = btf__type_cnt(object); id < types; id++) {
		const struct btf_type *type = btf__type_by_id(object, id);

		if (min_btf_is_root(type))
			min->names[min->count++] = min_btf_name(object, type);
	}
	qsort(min->names, min->count, sizeof(*min->names), min_btf_compare);
	return 0;
}

/* Wants a type and all that it holds by value, which can't go round in circles. */
static void min_btf_want(struct min_btf *min, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(min->kernel, id);

	if (!type || min->wanted[id])
		return;
	min->wanted[id] = true;
	if (id > min->last)
		min->last = id;
	if (btf_is_composite(type)) {
		for (int i = 0; i < btf_vlen(type); i++)
			min_btf_want(min, btf_members(type)[i].type);
	} else if (btf_is_array(type)) {
		min_btf_want(min, btf_array(type)->type);
		min_btf_want(min, btf_array(type)->index_type);
	} else if (btf_is_mod(type) || btf_is_typedef(type) || btf_is_type_tag(type)) {
		min_btf_want(min, type->type);
	}
}

static int min_btf_roots(struct min_btf *min)
{
	uint32_t types = btf__type_cnt(min->kernel);

	min->wanted = calloc(types, sizeof(*min->wanted));
	if (!min->wanted)
		return -ENOMEM;
	for (uint32_t id = 1; id < types; id++) {
		const struct btf_type *type = btf__type_by_id(min->kernel, id);
		struct min_btf_name name;

		if (!min_btf_is_root(type))
			continue;
		name = min_btf_name(min->kernel, type);
		if (bsearch(&name, min->names, min->count, sizeof(*min->names), min_btf_compare))
			min_btf_want(min, id);
	}
	return 0;
}

static int min_btf_fill(const struct min_btf *min, struct btf *btf)
{
	for (uint32_t id = 1; id <= min->last; id++) {
		const struct btf_type *type = btf__type_by_id(min->kernel, id);
		/* what a pointer leads to may not be there, which libbpf since 1.3 does not take */
		int r = min->wanted[id] && !btf_is_ptr(type) ? btf__add_type(btf, min->kernel, type)
							     : btf__add_ptr(btf, 0);

		if (r < 0)
			return r;
	}
	return 0;
}

static int min_btf_put(const struct btf *btf, int fd)
{
	uint32_t size;
	const char *data = btf__raw_data(btf, &size);
	ssize_t r;

	if (!data)
		return -ENOMEM;
	for (uint32_t at = 0; at < size; at += (uint32_t)r) {
		r = write(fd, data + at, size - at);
		if (r < 0)
			return -errno;
	}
	return 0;
}

int min_btf_write(const struct btf *kernel, const struct btf *object, int fd)
{
	struct min_btf min = {.kernel = kernel};
	struct btf *btf = btf__new_empty();
	int r = btf ? min_btf_names(&min, object) : -errno;

	if (r == 0)
		r = min_btf_roots(&min);
	if (r == 0)
		r = min_btf_fill(&min, btf);
	if (r == 0)
		r = min_btf_put(btf, fd);
	btf__free(btf);
	free(min.names);
	free(min.wanted);
	return r;
}
