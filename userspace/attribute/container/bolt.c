// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → a bbolt file:
 *
 *     meta 0 │ meta 1 │ pages …          the meta page with the higher transaction counts
 *     meta → root bucket → branch pages → leaf page: (key, value), a value may be a bucket in turn
 *     page: id(8) flags(2) count(2) overflow(4), then count elements, then keys and values
 *
 * Invariant: nothing that the file says is believed: each page is read into memory of our own, and every position
 * in it is compared with its length. A page that a reader may still need is overwritten in the second
 * transaction from then at the earliest (freelist.go), so a lookup that saw at most one is right.
 *
 * Limit: x86-64's byte order, which is the writer's as well.
 */
#include "attribute/container/bolt.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BOLT_MAGIC 0xED0CDAEDU
#define BOLT_VERSION 2U
#define BOLT_BRANCH 0x01U
#define BOLT_LEAF 0x02U
#define BOLT_ELEMENT_BUCKET 0x01U
/* Of a bucket's value: the root's page, 0 if a page follows right here, and a sequence number. */
#define BOLT_BUCKET_BYTES (2 * sizeof(uint64_t))
/* Bytes of one page with what overflows it; levels of one tree; lookups that a writer disturbs. */
#define BOLT_PAGE_MAX (1UL << 20)
#define BOLT_LEVELS 16
#define BOLT_TRIES 4
/* Pages and buckets that lie in each other, of a bucket that is read as a whole. */
#define BOLT_TREE_DEPTH 32

struct bolt_page {
	uint64_t id;
	uint16_t flags, count;
	uint32_t overflow;
};

struct bolt_meta {
	uint32_t magic, version, page_size, flags; /* cppcheck-suppress unusedStructMember */
	uint64_t root, sequence; /* cppcheck-suppress unusedStructMember */
	uint64_t freelist, pages, transaction, checksum; /* cppcheck-suppress unusedStructMember */
};

struct bolt_branch {
	uint32_t pos, key_len;
	uint64_t page;
};

struct bolt_leaf {
	uint32_t flags, pos, key_len, value_len;
};

/* A page in memory, or a bucket's that is small enough to stand in its parent's value. */
struct bolt_view {
	const uint8_t *bytes;
	size_t len;
	struct bolt_page head;
};

struct bolt_span {
	const uint8_t *bytes;
	size_t len;
	bool bucket;
};

/* FNV-1a, of what stands before the checksum. */
static uint64_t bolt_checksum(const struct bolt_meta *meta)
{
	uint64_t hash = 0xcbf29ce484222325ULL;
	const uint8_t *bytes = (const uint8_t *)meta;

	for (size_t i = 0; i < offsetof(struct bolt_meta, checksum); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash;
}

static int bolt_meta_at(int fd, off_t at, struct bolt_meta *ret_meta)
{
	if (pread(fd, ret_meta, sizeof(*ret_meta), at + (off_t)sizeof(struct bolt_page)) != sizeof(*ret_meta))
		return -EBADMSG;
	if (ret_meta->magic != BOLT_MAGIC || ret_meta->version != BOLT_VERSION ||
	    ret_meta->checksum != bolt_checksum(ret_meta) || ret_meta->page_size < 1024 ||
	    ret_meta->page_size > BOLT_PAGE_MAX)
		return -EBADMSG;
	return 0;
}

static int bolt_meta(int fd, struct bolt_meta *ret_meta)
{
	struct bolt_meta first, second;
	int a = bolt_meta_at(fd, 0, &first);
	int b = bolt_meta_at(fd, a == 0 ? first.page_size : 4096, &second);

	if (a < 0 && b < 0)
		return -EBADMSG;
	*ret_meta = a < 0 || (b == 0 && second.transaction > first.transaction) ? second : first;
	return 0;
}

static int bolt_view(const uint8_t *bytes, size_t len, struct bolt_view *ret_view)
{
	size_t element;

	if (len < sizeof(ret_view->head))
		return -EBADMSG;
	memcpy(&ret_view->head, bytes, sizeof(ret_view->head));
	element = ret_view->head.flags & BOLT_BRANCH ? sizeof(struct bolt_branch) : sizeof(struct bolt_leaf);
	if (!(ret_view->head.flags & (BOLT_BRANCH | BOLT_LEAF)) ||
	    ret_view->head.count > (len - sizeof(ret_view->head)) / element)
		return -EBADMSG;
	ret_view->bytes = bytes;
	ret_view->len = len;
	return 0;
}

static int bolt_page(int fd, const struct bolt_meta *meta, uint64_t id, uint8_t *buffer,
		     struct bolt_view *ret_view)
{
	struct bolt_page head;
	size_t len;
	off_t at;

	if (id >= meta->pages || id > (uint64_t)INT64_MAX / meta->page_size)
		return -EBADMSG;
	at = (off_t)(id * meta->page_size);
	if (pread(fd, &head, sizeof(head), at) != sizeof(head))
		return -EBADMSG;
	len = (1UL + head.overflow) * meta->page_size;
	if (len > BOLT_PAGE_MAX || pread(fd, buffer, len, at) != (ssize_t)len)
		return -EBADMSG;
	return bolt_view(buffer, len, ret_view);
}

static int bolt_span(const struct bolt_view *view, size_t element, uint64_t pos, size_t len,
		     struct bolt_span *ret_span)
{
	if (element + pos > view->len || len > view->len - element - pos)
		return -EBADMSG;
	ret_span->bytes = view->bytes + element + pos;
	ret_span->len = len;
	return 0;
}

static int bolt_compare(const struct bolt_span *key, const char *wanted)
{
	size_t len = strlen(wanted);
	int r = memcmp(key->bytes, wanted, key->len < len ? key->len : len);

	return r ? r : (key->len > len) - (key->len < len);
}

/* The page that a key would be in: that of the last element which does not come after it. */
static int bolt_descend(const struct bolt_view *view, const char *key, uint64_t *ret_page)
{
	struct bolt_branch branch;
	struct bolt_span span;
	uint64_t page = 0;

	for (uint16_t i = 0; i < view->head.count; i++) {
		size_t at = sizeof(view->head) + i * sizeof(branch);

		memcpy(&branch, view->bytes + at, sizeof(branch));
		if (bolt_span(view, at, branch.pos, branch.key_len, &span) < 0)
			return -EBADMSG;
		if (i && bolt_compare(&span, key) > 0)
			break;
		page = branch.page;
	}
	*ret_page = page;
	return page ? 0 : -EBADMSG;
}

static int bolt_leaf(const struct bolt_view *view, const char *key, struct bolt_span *ret_value)
{
	struct bolt_leaf leaf;
	struct bolt_span span;

	for (uint16_t i = 0; i < view->head.count; i++) {
		size_t at = sizeof(view->head) + i * sizeof(leaf);

		memcpy(&leaf, view->bytes + at, sizeof(leaf));
		if (bolt_span(view, at, leaf.pos, leaf.key_len, &span) < 0)
			return -EBADMSG;
		if (bolt_compare(&span, key) != 0)
			continue;
		ret_value->bucket = leaf.flags & BOLT_ELEMENT_BUCKET;
		return bolt_span(view, at, (uint64_t)leaf.pos + leaf.key_len, leaf.value_len, ret_value);
	}
	return -ENOENT;
}

/* From a page of a bucket to the key's value. */
static int bolt_search(int fd, const struct bolt_meta *meta, struct bolt_view view, const char *key,
		       uint8_t *buffer, struct bolt_span *ret_value)
{
	uint64_t page;
	int r;

	for (int level = 0; level < BOLT_LEVELS; level++) {
		if (view.head.flags & BOLT_LEAF)
			return bolt_leaf(&view, key, ret_value);
		r = bolt_descend(&view, key, &page);
		if (r == 0)
			r = bolt_page(fd, meta, page, buffer, &view);
		if (r < 0)
			return r;
	}
	return -EBADMSG;
}

/* @buffer: a page's room */
static int bolt_walk(int fd, const struct bolt_meta *meta, const char *const *path, uint8_t *buffer,
		     struct bolt_span *ret_value)
{
	uint64_t root;
	struct bolt_span value = {0};
	struct bolt_view view;
	int r = bolt_page(fd, meta, meta->root, buffer, &view);

	for (size_t i = 0; r == 0; i++) {
		r = bolt_search(fd, meta, view, path[i], buffer, &value);
		if (r < 0)
			return r;
		if (!path[i + 1])
			break;
		if (!value.bucket || i + 1 == BOLT_PATH_MAX)
			return -ENOENT;
		if (value.len < BOLT_BUCKET_BYTES)
			return -EBADMSG;
		memcpy(&root, value.bytes, sizeof(root));
		r = root ? bolt_page(fd, meta, root, buffer, &view)
			 : bolt_view(value.bytes + BOLT_BUCKET_BYTES, value.len - BOLT_BUCKET_BYTES, &view);
	}
	if (r < 0)
		return r;
	*ret_value = value;
	return value.bucket ? -ENOENT : 0;
}

int bolt_get(int fd, const char *const *path, char *value, size_t size)
{
	AUTO_FREE uint8_t *buffer = malloc(BOLT_PAGE_MAX);
	struct bolt_meta meta, after;
	struct bolt_span span = {0};
	int r;

	if (!buffer)
		return -ENOMEM;
	for (int i = 0; i < BOLT_TRIES; i++) {
		r = bolt_meta(fd, &meta);
		if (r < 0)
			return r;
		r = bolt_walk(fd, &meta, path, buffer, &span);
		if (bolt_meta(fd, &after) < 0 || after.transaction > meta.transaction + 1)
			continue;
		if (r == 0) {
			size_t len = span.len < size ? span.len : size - 1;

			memcpy(value, span.bytes, len);
			value[len] = '\0';
		}
		return r < 0 ? r : (int)span.len;
	}
	return -EAGAIN;
}

/* A whole bucket, while it is read. */
struct bolt_tree {
	int fd;
	const struct bolt_meta *meta;
	uint64_t pages; /* that may be read yet: each page is in one place of a tree */
	int depth;
};

static int bolt_tree_view(struct bolt_tree *tree, const struct bolt_view *view, json_t *object);

static int bolt_tree_page(struct bolt_tree *tree, uint64_t id, json_t *object)
{
	AUTO_FREE uint8_t *buffer = NULL;
	struct bolt_view view;
	int r;

	if (!tree->pages || tree->depth == BOLT_TREE_DEPTH)
		return -EBADMSG;
	buffer = malloc(BOLT_PAGE_MAX);
	if (!buffer)
		return -ENOMEM;
	tree->pages--;
	tree->depth++;
	r = bolt_page(tree->fd, tree->meta, id, buffer, &view);
	if (r == 0)
		r = bolt_tree_view(tree, &view, object);
	tree->depth--;
	return r;
}

static int bolt_tree_bucket(struct bolt_tree *tree, const struct bolt_span *value, json_t *object)
{
	struct bolt_view view;
	uint64_t root;
	int r;

	if (value->len < BOLT_BUCKET_BYTES || tree->depth == BOLT_TREE_DEPTH)
		return -EBADMSG;
	memcpy(&root, value->bytes, sizeof(root));
	if (root)
		return bolt_tree_page(tree, root, object);
	r = bolt_view(value->bytes + BOLT_BUCKET_BYTES, value->len - BOLT_BUCKET_BYTES, &view);
	tree->depth++;
	if (r == 0)
		r = bolt_tree_view(tree, &view, object);
	tree->depth--;
	return r;
}

static int bolt_tree_leaf(struct bolt_tree *tree, const struct bolt_view *view, size_t at, json_t *object)
{
	struct bolt_span key, value;
	struct bolt_leaf leaf;
	AUTO_FREE char *name = NULL;
	json_t *inner;
	int r = 0;

	memcpy(&leaf, view->bytes + at, sizeof(leaf));
	if (bolt_span(view, at, leaf.pos, leaf.key_len, &key) < 0 ||
	    bolt_span(view, at, (uint64_t)leaf.pos + leaf.key_len, leaf.value_len, &value) < 0)
		return -EBADMSG;
	if (memchr(key.bytes, '\0', key.len))
		return 0;
	name = strndup((const char *)key.bytes, key.len);
	inner = leaf.flags & BOLT_ELEMENT_BUCKET ? json_object()
						 : json_stringn_nocheck((const char *)value.bytes, value.len);
	if (!name || !inner || json_object_set_nocheck(object, name, inner) < 0)
		r = -ENOMEM;
	else if (leaf.flags & BOLT_ELEMENT_BUCKET)
		r = bolt_tree_bucket(tree, &value, inner);
	json_decref(inner);
	return r;
}

static int bolt_tree_view(struct bolt_tree *tree, const struct bolt_view *view, json_t *object)
{
	bool leaf = view->head.flags & BOLT_LEAF;
	size_t element = leaf ? sizeof(struct bolt_leaf) : sizeof(struct bolt_branch);
	struct bolt_branch branch;
	int r = 0;

	for (uint16_t i = 0; r == 0 && i < view->head.count; i++) {
		size_t at = sizeof(view->head) + i * element;

		if (leaf) {
			r = bolt_tree_leaf(tree, view, at, object);
			continue;
		}
		memcpy(&branch, view->bytes + at, sizeof(branch));
		r = bolt_tree_page(tree, branch.page, object);
	}
	return r;
}

static int bolt_tree(int fd, const struct bolt_meta *meta, const char *name, json_t *object)
{
	struct bolt_tree tree = {.fd = fd, .meta = meta, .pages = meta->pages};
	AUTO_FREE uint8_t *buffer = malloc(BOLT_PAGE_MAX);
	struct bolt_span value;
	struct bolt_view view;
	int r = buffer ? bolt_page(fd, meta, meta->root, buffer, &view) : -ENOMEM;

	if (r == 0)
		r = bolt_search(fd, meta, view, name, buffer, &value);
	if (r == 0)
		r = value.bucket ? bolt_tree_bucket(&tree, &value, object) : -ENOENT;
	return r;
}

int bolt_json(int fd, const char *name, json_t **ret_json)
{
	struct bolt_meta meta, after;

	for (int i = 0; i < BOLT_TRIES; i++) {
		int r = bolt_meta(fd, &meta);
		json_t *object = r == 0 ? json_object() : NULL;

		if (r < 0 || !object)
			return r < 0 ? r : -ENOMEM;
		r = bolt_tree(fd, &meta, name, object);
		if (bolt_meta(fd, &after) < 0 || after.transaction > meta.transaction + 1) {
			json_decref(object);
			continue;
		}
		if (r == 0)
			*ret_json = object;
		else
			json_decref(object);
		return r;
	}
	return -EAGAIN;
}
