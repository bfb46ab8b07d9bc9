// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* finding → annotation: see annotation.h. */
#include "scan/annotation.h"

#include "lib/cleanup.h"
#include "lib/utf8.h"
#include "scan/holder.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

char *annotation_message(const struct finding *finding)
{
	const char *encoding = finding->encoding, *writer = finding->writer;
	AUTO_FREE char *holder = finding->holder ? holder_text(finding) : NULL;
	char *text;

	if (finding->holder && !holder)
		return NULL;
	if (asprintf(&text, "%s %s%s%s%s%s%s%s%s", spillwatch_token_type(finding->token),
		     spillwatch_token_identifier(finding->token), encoding ? ", " : "",
		     encoding ? encoding : "", finding->in_name ? " in the file's name" : "",
		     writer ? ", written by " : "", writer ? writer : "", holder ? ", " : "",
		     holder ? holder : "") < 0)
		return NULL;
	return text;
}

/*
 * A runner takes these three bytes of a command's text for a part of its syntax, and in a property two more
 * (actions/toolkit, packages/core/src/command.ts). Of the control characters a masked text has none.
 */
static void annotation_escaped(FILE *file, const char *text, bool property)
{
	for (; *text; text++) {
		if (strchr("%\r\n", *text) || (property && strchr(":,", *text)))
			fprintf(file, "%%%02X", (unsigned char)*text);
		else
			fputc(*text, file);
	}
}

static bool annotation_is_text(const char *name)
{
	const uint8_t *at = (const uint8_t *)name;
	size_t len = strlen(name), part;

	for (; len; at += part, len -= part) {
		part = utf8_length(at, len);
		/* C0, DEL, and C1 as UTF-8 has them */
		if (!part || *at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
			return false;
	}
	return true;
}

/* The path as it is, if nothing of it was masked. Returns NULL if there is no memory. */
static char *annotation_path(const char *path)
{
	char *exact;
	int r = spillwatch_mask_exact(path, &exact);

	/* a name with a control character in it, or one that is no text, is not repeated: a terminal may show this */
	if (r == 0 && !annotation_is_text(exact))
		r = -EINVAL;
	if (r == 0)
		return exact;
	if (r == -EINVAL)
		free(exact);
	return r == -ENOMEM ? NULL : strdup(path);
}

int annotation_github(FILE *file, const struct finding *finding, const char *path)
{
	AUTO_FREE char *message = annotation_message(finding);
	AUTO_FREE char *exact = annotation_path(path);

	if (!message || !exact)
		return -ENOMEM;
	fprintf(file, "::%s title=Token", finding->placeholder ? "notice" : "error");
	/* what is called <…> is no file */
	if (*path != '<') {
		fputs(",file=", file);
		annotation_escaped(file, exact, true);
	}
	if (finding->line)
		fprintf(file, ",line=%" PRIu64 ",col=%" PRIu64, finding->line, finding->column);
	fputs("::", file);
	annotation_escaped(file, message, false);
	/* not every view of an annotation has the file's name */
	fputs(": ", file);
	annotation_escaped(file, path, false);
	fputc('\n', file);
	return 0;
}

int annotation_gitlab(struct json_writer *json, const struct finding *finding, const char *path,
		      const char *fingerprint)
{
	AUTO_FREE char *message = annotation_message(finding);

	if (!message)
		return -ENOMEM;
	json_open(json, NULL, '{');
	json_text(json, "description", message);
	json_text(json, "check_name", spillwatch_token_prefix(finding->token));
	json_text(json, "fingerprint", fingerprint);
	json_text(json, "severity", finding->placeholder ? "info" : "critical");
	json_open(json, "location", '{');
	json_text(json, "path", path);
	json_open(json, "lines", '{');
	/* there has to be one */
	json_int(json, "begin", finding->line ? (int64_t)finding->line : 1);
	json_close(json, '}');
	json_close(json, '}');
	json_close(json, '}');
	return 0;
}
