// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sample → attribute: the path of a cgroup, from its end upwards, one component at a time.
 *
 * Invariant: an id that comes out can be a component of a path and nothing else; of LXC's and nspawn's names
 * nothing is looked up on disk.
 *
 * Limit: whoever may make cgroups may give them any name, so root in a privileged container can pretend to be in
 * a container inside it; never to be in one beside it, because the outer one's id is told as well.
 */
#include "attribute/container/cgroup_name.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* A stretch of the path. */
struct piece {
	const char *text;
	size_t len;
};

static bool piece_is(struct piece piece, const char *text)
{
	return piece.len == strlen(text) && memcmp(piece.text, text, piece.len) == 0;
}

static bool piece_cut_head(struct piece *piece, const char *head)
{
	size_t len = strlen(head);

	if (piece->len < len || memcmp(piece->text, head, len) != 0)
		return false;
	piece->text += len;
	piece->len -= len;
	return true;
}

static bool piece_cut_tail(struct piece *piece, const char *tail)
{
	size_t len = strlen(tail);

	if (piece->len < len || memcmp(piece->text + piece->len - len, tail, len) != 0)
		return false;
	piece->len -= len;
	return true;
}

/* The last component of path[0, *len); *len becomes what is before it, without the slash. */
static struct piece piece_pop(const char *path, size_t *len)
{
	struct piece piece = {path, 0};
	size_t start;

	while (*len && path[*len - 1] == '/')
		--*len;
	for (start = *len; start && path[start - 1] != '/'; start--)
		;
	piece.text += start;
	piece.len = *len - start;
	while (start && path[start - 1] == '/')
		start--;
	*len = start;
	return piece;
}

static void piece_copy(struct piece piece, char *text, size_t size)
{
	size_t len = piece.len < size ? piece.len : size - 1;

	memcpy(text, piece.text, len);
	text[len] = '\0';
}

/* Anything that a directory can be called. */
static bool piece_is_name(struct piece piece)
{
	return piece.len && piece.len < CGROUP_NAME_BYTES && !memchr(piece.text, '\0', piece.len);
}

bool cgroup_name_is_id(const char *text, size_t len)
{
	if (!len || len >= CGROUP_NAME_BYTES || *text == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_' && text[i] != '.' && text[i] != '-')
			return false;
	return true;
}

static int cgroup_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

bool cgroup_name_is_hash(const char *text, size_t len)
{
	if (len != 64)
		return false;
	for (size_t i = 0; i < len; i++)
		if (cgroup_digit(text[i]) < 0)
			return false;
	return true;
}

/* systemd's \xNN in the name of a unit: unit_name_escape(). What is no name then is left as it is. */
static void cgroup_unescape(struct piece piece, char *text)
{
	size_t at = 0;

	for (size_t i = 0; i < piece.len && at < CGROUP_NAME_BYTES - 1; i++) {
		if (piece.len - i >= 4 && memcmp(piece.text + i, "\\x", 2) == 0) {
			int high = cgroup_digit(piece.text[i + 2]), low = cgroup_digit(piece.text[i + 3]);

			if (high >= 0 && low >= 0 && high + low > 0) {
				text[at++] = (char)(high << 4 | low);
				i += 3;
				continue;
			}
		}
		text[at++] = piece.text[i];
	}
	text[at] = '\0';
}

/* <prefix><id>[.scope] */
static const struct cgroup_prefix {
	const char *prefix;
	const char *runtime; /* NULL: it looks after a container and is not in it */
} cgroup_prefixes[] = {
	{"cri-containerd-", "containerd"},
	{"nerdctl-", "containerd"},
	{"crio-conmon-", NULL},
	{"crio-", "cri-o"},
	{"docker-", "docker"},
	{"libpod-conmon-", NULL},
	{"libpod-payload-", "podman"},
	{"libpod-", "podman"},
	{"runc-", "runc"},
	{"crun-", "unknown"},
	/* the systemd driver's path, taken literally by the cgroupfs driver */
	{":cri-containerd:", "containerd"},
	{":nerdctl:", "containerd"},
	{":crio:", "cri-o"},
	{":docker:", "docker"},
	{":libpod:", "podman"},
	{":runc:", "runc"},
};

static int cgroup_take(struct cgroup_name *name, const char *runtime, struct piece id)
{
	if (!cgroup_name_is_id(id.text, id.len))
		return -ENOENT;
	name->runtime = runtime;
	piece_copy(id, name->id, sizeof(name->id));
	return 0;
}

static int cgroup_parse_prefix(struct piece piece, struct cgroup_name *name)
{
	const char *colon = memchr(piece.text, ':', piece.len);
	bool scope = piece_cut_tail(&piece, ".scope");

	if (colon && !scope) {
		piece.len -= (size_t)(colon - piece.text);
		piece.text = colon;
	}
	for (size_t i = 0; i < sizeof(cgroup_prefixes) / sizeof(*cgroup_prefixes); i++) {
		const struct cgroup_prefix *prefix = &cgroup_prefixes[i];
		struct piece id = piece;

		if (!piece_cut_head(&id, prefix->prefix))
			continue;
		/* without .scope, anything may be called docker-something; an id is a hash */
		if (!prefix->runtime || (!scope && !colon && !cgroup_name_is_hash(id.text, id.len)))
			return -ENOENT;
		return cgroup_take(name, prefix->runtime, id);
	}
	return -ENOENT;
}

/* LXC's and nspawn's: the name is the id, and may be anything that a directory can be called. */
static int cgroup_parse_named(struct piece piece, struct piece parent, struct cgroup_name *name)
{
	struct piece rest = piece;

	if (piece_cut_head(&rest, "lxc.payload.") || piece_is(parent, "lxc") ||
	    piece_is(parent, "lxc.payload")) {
		if (!piece_is_name(rest))
			return -ENOENT;
		name->runtime = "lxc";
		piece_copy(rest, name->id, sizeof(name->id));
		return 0;
	}
	if (!(piece_cut_head(&rest, "machine-") && piece_cut_tail(&rest, ".scope")) &&
	    !(piece_cut_head(&rest, "systemd-nspawn@") && piece_cut_tail(&rest, ".service")))
		return -ENOENT;
	/* libvirt registers its machines as well: virtual ones are no containers */
	if (!piece_is_name(rest) || piece_cut_head(&rest, "qemu\\x2d"))
		return -ENOENT;
	name->runtime = "systemd-nspawn";
	cgroup_unescape(rest, name->id);
	return 0;
}

/* pod<uid>, or …-pod<uid>.slice, where systemd's "-" separates slices and so became "_". */
static bool cgroup_parse_pod(struct piece piece, char *uid)
{
	size_t len;

	if (piece_cut_tail(&piece, ".slice")) {
		for (size_t i = piece.len; i-- > 0;)
			if (piece.text[i] == '-') {
				piece.text += i + 1;
				piece.len -= i + 1;
				break;
			}
	}
	if (!piece_cut_head(&piece, "pod") || (piece.len != 36 && piece.len != 32))
		return false;
	for (len = 0; len < piece.len; len++) {
		uid[len] = piece.text[len] == '_' ? '-' : piece.text[len];
		if (!isxdigit((unsigned char)uid[len]) && uid[len] != '-')
			return false;
	}
	uid[len] = '\0';
	return true;
}

/* podman's: …-libpod_pod_<id>.slice, or libpod_parent/<id>. */
static bool cgroup_parse_podman_pod(struct piece piece, struct piece parent, char *id)
{
	static const char marker[] = "libpod_pod_";
	const char *at;

	if (piece_cut_tail(&piece, ".slice")) {
		at = memmem(piece.text, piece.len, marker, strlen(marker));
		if (!at)
			return false;
		at += strlen(marker);
		piece.len -= (size_t)(at - piece.text);
		piece.text = at;
	} else if (!piece_is(parent, "libpod_parent")) {
		return false;
	}
	if (!cgroup_name_is_hash(piece.text, piece.len))
		return false;
	piece_copy(piece, id, CGROUP_NAME_UID_BYTES);
	return true;
}

/* A bare id: who it belongs to is told by what stands before it. */
static int cgroup_parse_bare(struct piece piece, struct piece parent, struct cgroup_name *name)
{
	char uid[CGROUP_NAME_UID_BYTES];

	if (piece_is(parent, "docker") && cgroup_name_is_hash(piece.text, piece.len))
		return cgroup_take(name, "docker", piece);
	/* a step of an image's build: buildkit drives runc itself */
	if (piece_is(parent, "buildkit"))
		return cgroup_take(name, "runc", piece);
	/* a pod of podman's is no container */
	if (!cgroup_name_is_hash(piece.text, piece.len) || piece_is(parent, "libpod_parent"))
		return -ENOENT;
	/* containerd's, or Docker's if its files say so */
	return cgroup_take(name, cgroup_parse_pod(parent, uid) ? "containerd" : "unknown", piece);
}

/* Is the last component of path[0, len) a container? `below`: the component under it. */
static int cgroup_parse_component(const char *path, size_t len, struct piece below, struct cgroup_name *name)
{
	struct piece piece = piece_pop(path, &len), parent = piece_pop(path, &len);

	/* nspawn itself and, of podman's split mode, conmon */
	if (piece_is(below, "supervisor"))
		return -ENOENT;
	if (cgroup_parse_prefix(piece, name) == 0 || cgroup_parse_named(piece, parent, name) == 0)
		return 0;
	return cgroup_parse_bare(piece, parent, name);
}

static int cgroup_parse_deepest(const char *path, size_t len, struct cgroup_name *name)
{
	struct piece below = {NULL, 0};

	while (len) {
		size_t end = len;

		if (cgroup_parse_component(path, len, below, name) == 0) {
			name->end = end;
			return 0;
		}
		below = piece_pop(path, &len);
	}
	return -ENOENT;
}

int cgroup_name_parse(const char *path, size_t len, struct cgroup_name *ret_name)
{
	struct cgroup_name name = {0}, outer = {0};
	size_t at;
	int r = cgroup_parse_deepest(path, len, &name);

	if (r < 0)
		return r;
	at = name.end;
	piece_pop(path, &at);
	if (cgroup_parse_deepest(path, at, &outer) == 0) {
		name.outer_end = outer.end;
		memcpy(name.outer, outer.id, sizeof(name.outer));
	}
	/* its pod, not that of a container around it */
	while (at > name.outer_end) {
		struct piece piece = piece_pop(path, &at);
		size_t above = at;

		if (cgroup_parse_pod(piece, name.pod_uid) ||
		    cgroup_parse_podman_pod(piece, piece_pop(path, &above), name.pod_uid))
			break;
	}
	*ret_name = name;
	return 0;
}

static bool cgroup_is_unit(struct piece piece)
{
	static const char *const tails[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		struct piece rest = piece;

		if (piece_cut_tail(&rest, tails[i]) && rest.len)
			return true;
	}
	return false;
}

bool cgroup_name_is_units(const char *path, size_t len)
{
	struct piece piece = piece_pop(path, &len);

	return cgroup_is_unit(piece) || piece_cut_tail(&piece, ".slice");
}

int cgroup_name_guess(const char *path, size_t len, struct cgroup_name *ret_name, char *ret_parent)
{
	struct cgroup_name name = {.runtime = "unknown", .end = len};
	struct piece piece = piece_pop(path, &len);
	size_t rest = len;

	if (!piece.len)
		return -ENOENT;
	if (!cgroup_is_unit(piece) && !piece_cut_tail(&piece, ".slice") &&
	    cgroup_name_is_id(piece.text, piece.len))
		piece_copy(piece, name.id, sizeof(name.id));
	piece = piece_pop(path, &rest);
	*ret_parent = '\0';
	if (cgroup_name_is_id(piece.text, piece.len))
		piece_copy(piece, ret_parent, CGROUP_NAME_BYTES);
	*ret_name = name;
	return (int)len;
}

const char *cgroup_name_next(const char *paths, size_t len, size_t *at, size_t *ret_len)
{
	const char *path = paths + *at, *end;

	if (*at >= len)
		return NULL;
	end = memchr(path, '\n', len - *at);
	*ret_len = end ? (size_t)(end - path) : len - *at;
	*at += *ret_len + 1;
	return path;
}

const char *cgroup_name_unit(const char *paths, size_t len, size_t *ret_len)
{
	size_t at = 0, path_len;
	const char *path;

	while ((path = cgroup_name_next(paths, len, &at, &path_len))) {
		while (path_len) {
			struct piece piece = piece_pop(path, &path_len);

			if (cgroup_is_unit(piece)) {
				*ret_len = piece.len;
				return piece.text;
			}
		}
	}
	return NULL;
}
