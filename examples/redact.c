/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Standard input to standard output, without secrets; what there was, to standard error. */
#include <inttypes.h>
#include <spillwatch.h>
#include <stdio.h>

static int text(void *context, const void *bytes, size_t len)
{
	return fwrite(bytes, 1, len, (FILE *)context) == len ? 0 : -1;
}

static int token(void *context, const struct spillwatch_token *found)
{
	(void)context;
	fprintf(stderr, "at %" PRIu64 ": %s %s\n", spillwatch_token_start(found),
		spillwatch_token_type(found), spillwatch_token_identifier(found));
	return 0;
}

int main(void)
{
	struct spillwatch_stream *stream = spillwatch_stream_new(stdout);
	int64_t got = -1;

	if (stream) {
		spillwatch_stream_on_text(stream, text);
		spillwatch_stream_on_token(stream, token);
		while ((got = spillwatch_stream_pull(stream, 0)) > 0)
			continue;
	}
	spillwatch_stream_free(stream);
	return got < 0 || fflush(stdout) != 0;
}
