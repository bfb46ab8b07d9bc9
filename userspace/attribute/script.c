// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: a script is a process too, and its interpreter's name says nothing of it.
 *
 * Two ways lead to one. "#!": the kernel names the process after the script and puts the interpreter and its
 * one option in front of the arguments (fs/binfmt_script.c), whatever the interpreter is. Or the interpreter
 * is called with the script as its first argument that is no option: that is believed only of those in the
 * table, by their own manuals.
 *
 * Limit: a process may change its name and its arguments; then the script is not named, or another one is.
 */
#include "attribute/script.h"

#include "bounds.h"

#include <stdbool.h>
#include <string.h>

struct script_interpreter {
	const char *name; /* less version numbers */
	const char *none; /* options after which there is no script */
	const char *value; /* options with a value */
};

static const struct script_interpreter script_interpreters[] = {
	{"python", "cm", "WX"}, {"pypy", "cm", "WX"},   {"perl", "eE", "IMmxi"}, {"ruby", "e", "rICEW"},
	{"node", "ep", "rC"},   {"nodejs", "ep", "rC"}, {"sh", "cs", "oO"},      {"bash", "cs", "oO"},
	{"dash", "cs", "o"},    {"ash", "cs", "o"},     {"hush", "cs", ""},      {"zsh", "cs", "o"},
	{"ksh", "cs", "o"},     {"fish", "c", ""},      {"php", "rBREF", "dc"},  {"lua", "e", "l"},
	{"tclsh", "", ""},      {"Rscript", "e", ""},   {"groovy", "e", ""},     {"guile", "c", "lLx"},
};

static const char *script_base(const char *path, size_t len, size_t *ret_len)
{
	const char *slash = memrchr(path, '/', len);
	const char *base = slash ? slash + 1 : path;

	*ret_len = len - (size_t)(base - path);
	return base;
}

/* The argument behind one, or NULL. */
static const char *script_next(const char *arg, const char *end)
{
	const char *next = memchr(arg, '\0', (size_t)(end - arg));

	return next && next + 1 < end ? next + 1 : NULL;
}

static size_t script_len(const char *arg, const char *end)
{
	return strnlen(arg, (size_t)(end - arg));
}

/* Is the process named after that file? The kernel cuts names at 15 bytes. */
static bool script_is_named(const char *comm, const char *path, size_t len)
{
	size_t base_len, name = strlen(comm);
	const char *base = script_base(path, len, &base_len);

	if (base_len > LIMIT_COMM_BYTES - 1)
		base_len = LIMIT_COMM_BYTES - 1;
	return name == base_len && memcmp(comm, base, name) == 0;
}

/* By "#!": behind the interpreter, and perhaps an option, stands the file that the process is named after. */
static const char *script_by_name(const char *comm, const char *args, const char *end)
{
	const char *arg = script_next(args, end);

	for (int i = 0; arg && i < 2; i++, arg = script_next(arg, end))
		if (script_is_named(comm, arg, script_len(arg, end)))
			return arg;
	return NULL;
}

/* "python3.11" is python. */
static bool script_is_interpreter(const char *base, size_t len, const char *name)
{
	size_t known = strlen(name);

	if (len < known || memcmp(base, name, known) != 0)
		return false;
	for (size_t i = known; i < len; i++)
		if (!strchr("0123456789.-", base[i]))
			return false;
	return true;
}

enum script_option {
	SCRIPT_ALONE, /* the next argument may be the script */
	SCRIPT_VALUE, /* the next argument belongs to it */
	SCRIPT_NONE, /* no script follows */
	SCRIPT_LAST, /* the next argument is the script */
};

/* What an argument that begins with a dash means to an interpreter. */
static enum script_option script_option(const struct script_interpreter *interpreter, const char *arg,
					size_t len)
{
	if (len == 1)
		return SCRIPT_NONE; /* standard input */
	if (arg[1] == '-') {
		if (len == 2)
			return SCRIPT_LAST;
		return strcmp(arg, "--eval") == 0 || strcmp(arg, "--print") == 0 ||
				       strcmp(arg, "--command") == 0
			       ? SCRIPT_NONE
			       : SCRIPT_ALONE;
	}
	if (strchr(interpreter->value, arg[1]))
		return len == 2 ? SCRIPT_VALUE : SCRIPT_ALONE;
	/* letters stand together: sh -ec */
	return strcspn(arg + 1, interpreter->none) < len - 1 ? SCRIPT_NONE : SCRIPT_ALONE;
}

/* The first argument that is neither an option nor an option's value. */
static const char *script_first(const struct script_interpreter *interpreter, const char *args,
				const char *end)
{
	const char *arg = script_next(args, end);

	for (; arg && *arg == '-'; arg = script_next(arg, end)) {
		switch (script_option(interpreter, arg, script_len(arg, end))) {
		case SCRIPT_NONE:
			return NULL;
		case SCRIPT_LAST:
			return script_next(arg, end);
		case SCRIPT_VALUE:
			arg = script_next(arg, end);
			break;
		default:
			break;
		}
		if (!arg)
			return NULL;
	}
	return arg && *arg ? arg : NULL;
}

/* "busybox.static" as well. */
static bool script_is_box(const char *base, size_t len)
{
	static const char *const boxes[] = {"busybox", "toybox"};
	const char *dot = memchr(base, '.', len);
	size_t name = dot ? (size_t)(dot - base) : len;

	for (size_t i = 0; i < sizeof(boxes) / sizeof(*boxes); i++)
		if (strlen(boxes[i]) == name && memcmp(base, boxes[i], name) == 0)
			return true;
	return false;
}

const char *script_applet(const char *exe, size_t exe_len, const char *args, size_t args_len, char separator,
			  size_t *ret_len)
{
	size_t base_len, len;
	const char *base = script_base(exe, exe_len, &base_len);

	if (!script_is_box(base, base_len))
		return NULL;
	for (int i = 0; i < 2 && args_len; i++) {
		const char *end = memchr(args, separator, args_len);

		len = end ? (size_t)(end - args) : args_len;
		base = script_base(args, len, ret_len);
		/* a login shell's */
		if (*ret_len && *base == '-') {
			base++;
			--*ret_len;
		}
		if (*ret_len && !script_is_box(base, *ret_len))
			return base;
		args_len -= len + (end != NULL);
		args += len + (end != NULL);
	}
	return NULL;
}

const char *script_find(const char *comm, const char *exe, size_t exe_len, const char *args, size_t args_len,
			size_t *ret_len)
{
	const char *end = args + args_len, *script = NULL, *base, *applet;
	size_t len, applet_len;

	/* each argument has a terminator, unless the last one was cut */
	if (!args_len || end[-1] != '\0')
		return NULL;
	base = script_base(exe, exe_len, &len);
	applet = script_applet(exe, exe_len, args, args_len, '\0', &applet_len);
	/* an applet has its own name, and what stands behind it are its arguments */
	if (!script_is_named(comm, exe, exe_len) && !(applet && script_is_named(comm, applet, applet_len)))
		script = script_by_name(comm, args, end);
	if (applet) {
		base = applet;
		len = applet_len;
		args = applet;
	}
	for (size_t i = 0; !script && i < sizeof(script_interpreters) / sizeof(*script_interpreters); i++)
		if (script_is_interpreter(base, len, script_interpreters[i].name))
			script = script_first(&script_interpreters[i], args, end);
	if (!script)
		return NULL;
	*ret_len = script_len(script, end);
	return script;
}
