/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which file does an interpreter run? Told from the command line, as the interpreters read it. */
#pragma once

#include <stddef.h>

/*
 * script_applet() - which of its programs BusyBox or toybox was called as, by its arguments: "cat" of "/bin/cat f", and of "busybox cat f".
 * @exe: path of its executable; @separator: what is between arguments
 * Returns the applet (borrowed from args, *ret_len bytes), or NULL: it is another program, or called as none.
 */
const char *script_applet(const char *exe, size_t exe_len, const char *args, size_t args_len, char separator,
			  size_t *ret_len);

/*
 * script_find() - the script of a process, in its arguments.
 * @comm: name of the process, terminated; @exe: path of its executable, exe_len bytes
 * @args: args_len bytes, arguments separated by NUL
 * Returns the script's argument (borrowed from args, *ret_len bytes), or NULL: no interpreter that is known, or
 * one that runs no file (-c, a module, standard input).
 */
const char *script_find(const char *comm, const char *exe, size_t exe_len, const char *args, size_t args_len,
			size_t *ret_len);
