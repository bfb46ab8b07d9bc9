// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * spillwatch: catches secret tokens at the moment a process writes them.
 *
 * The way of the data, and where to read on:
 *
 *   bpf/hooks/            a write returns; is it ours? (scope, file kind)
 *   bpf/scan/inspect.bpf.c  read it page by page, search it (include/token_search.h)
 *   bpf/emit/emit.bpf.h   describe process, file and write; send a sample (include/sample.h)
 *        ⇒ ring buffer ⇒
 *   capture/loader.c      the programs into the kernel, side by side, where targets.c found what they attach to
 *   capture/probe.c       which of them, by which attachment; the ring and the counters (include/counters.h)
 *   detect/sample_view.c  is the record what it says it is?
 *   detect/token.c        which token is it? (include/token_formats.h); detect/search.c finds it
 *   attribute/            who wrote, where, in words; every string through detect/mask.c
 *   rules/                is it expected, and how grave is it? As the configuration says
 *   alert/                one alert as JSON (share/alert.schema.json) or as a line of text
 *   files/                what is written in a file that has to be read: opened with care, found, searched, by a process that
 *                         can be given up
 *   output/               where alerts go: a queue and a thread for each output
 *   store/                what alerts told, kept
 *   report/               what the store knows, for `audit`
 *
 *   engine/pipeline.c     wires these stages; nothing else knows two of them
 *   status/               what is told at the end
 *   cmd/run.c, exec.c     whom to watch and until when
 *   scan/                 files, pipes and git, read to their end: cmd/scan.c; no kernel side
 *   archive/              what is packed, by libarchive; a program of its own, spillwatch-scan, which `scan` runs
 *   digest/               SHA-256, by Nettle; the same program, which `mask --style sha` runs
 *   cmd/mask.c            detect/stream.c, a filter
 *   cmd/identify.c        which token is it, and which call disables it (detect/disable.c)
 *   cmd/audit.c           what was seen, and what of it is still there
 *   cmd/follow.c          what a daemon alerts, from its socket
 *   forward/              where those go over a network; a program of its own, spillwatch-forward, which cmd/forward.c runs
 *   cmd/check.c           what this kernel offers; status.c: how the daemon is
 */
#include "cmd/command.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/start.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	const struct command *command;
	int r;

	if (start_process() < 0)
		return EXIT_CODE_RUNTIME;
	if (argc < 2) {
		log_error("no command given; try 'spillwatch help'");
		return EXIT_CODE_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		command = &command_help;
	else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		command = &command_version;
	else
		command = command_find(argv[1]);
	if (!command)
		return command_unknown(argv[1]);
	r = command->main(argc - 1, argv + 1);
	/* what could not be written is nobody's success */
	if (r == EXIT_CODE_OK && (fflush(stdout) != 0 || ferror(stdout))) {
		log_error("can't write to standard output: %s", strerror(errno));
		return EXIT_CODE_RUNTIME;
	}
	return r;
}
