// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* bus → queue → output: whichever it is. */
#include "output/output.h"

#include "lib/own_file.h"

#include <errno.h>

int output_begin(struct output *output)
{
	return output->kind->begin ? output->kind->begin(output) : 0;
}

int output_write(struct output *output, const char *line, size_t len, bool alert)
{
	return output->kind->write(output, line, len, alert);
}

int output_make_room(struct output *output, size_t len)
{
	return output->kind->make_room ? output->kind->make_room(output, len) : 0;
}

int output_reopen(struct output *output)
{
	return output->kind->reopen ? output->kind->reopen(output) : 0;
}

bool output_ends(const struct output *output, const char *line, bool many)
{
	return output->kind->ends && output->kind->ends(output, line, many);
}

size_t output_room(const struct output *output)
{
	return output->kind->room ? output->kind->room(output) : 0;
}

size_t output_write_lines(struct output *output, const struct iovec *lines, size_t count, int *ret_error)
{
	return output->kind->write_lines(output, lines, count, ret_error);
}

bool output_idle(struct output *output, int64_t *ret_moved)
{
	return !output->kind->idle || output->kind->idle(output, ret_moved);
}

uint64_t output_give_up(struct output *output)
{
	return output->kind->give_up ? output->kind->give_up(output) : 0;
}

void output_adjust(struct output *output, const struct output_spec *spec)
{
	if (output->kind->adjust)
		output->kind->adjust(output, spec);
}

void output_close(struct output *output)
{
	if (output)
		output->kind->close(output);
}

const char *output_error(int error)
{
	switch (error) {
	case -ENOTSOCK:
		return "what is there is no socket";
	case -EADDRINUSE:
		return "another daemon listens there";
	case -ENAMETOOLONG:
		return "the path is too long for a socket (some 90 bytes)";
	default:
		return own_file_error(error);
	}
}
