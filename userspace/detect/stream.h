/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes that come in pieces: names the tokens in them, and hands the text on without secret portions.
 * For what is read from its beginning to its end; file_scan.h looks into a range of a file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/mask.h"
#include "detect/wide.h"

/* Where a token lies, in bytes from the beginning on. */
struct stream_place {
	uint64_t start, end;
	const char *encoding; /* the name of its form; static; NULL: as it is */
};

/* What is done with a stream. Each function may be NULL; a negative result ends the push it came from. */
struct stream_use {
	void *context;
	/* each token, those in other forms in an order of their own; @known: its secret portion, for the mask only */
	int (*token)(void *context, const struct wide_token *token, const struct mask_known *known,
		     const struct stream_place *place);
	/*
	 * The text, in order: MASK_TEXT stands in place of each secret portion, also of one that ends early; in place of one in another
	 * form stands that form of FORM_MASK.
	 */
	int (*text)(void *context, const void *bytes, size_t len);
	/* in place of MASK_TEXT: a secret portion, whole or not, that begins at that place and is so long */
	int (*mask)(void *context, uint64_t at, size_t len);
	/*
	 * A secret portion, whole or not, in another form (detect/form.h), which begins at that place: in the text that is handed on stand
	 * `bytes` there, which are as long. The first `same` of them are as they were. A NUL is none of it: what stands there is
	 * another's, and said elsewhere if it is a secret.
	 */
	int (*form)(void *context, uint64_t at, const void *bytes, size_t len, size_t same);
	bool plain; /* other forms are not looked for */
	bool agent; /* an agent's token is one as well */
};

struct stream;

/* stream_open() - @use is copied. Returns 0 or -ENOMEM; end with stream_close(). */
int stream_open(const struct stream_use *use, struct stream **ret_stream);

/* stream_look() - sets .plain and .agent of the use; before the first piece. */
void stream_look(struct stream *stream, bool plain, bool agent);

/* stream_room() - where the next piece goes; *ret_len, 1 or more, is how long it may be. */
uint8_t *stream_room(struct stream *stream, size_t *ret_len);

/*
 * stream_push() - takes the first `len` bytes of the room as the next piece. What could be the beginning
 * of a token (ENCODED_MAX_LEN and WIDE_MAX_LEN bytes at most) is held until more comes; all else is handed on now.
 * Returns 0 or what a function of the use returned.
 */
int stream_push(struct stream *stream, size_t len);

/* stream_holds() - is anything held that stream_flush() would hand on? */
bool stream_holds(const struct stream *stream);

/*
 * stream_flush() - somebody waits: hands on what is held and is no secret, whatever comes. Returns as stream_push() does.
 */
int stream_flush(struct stream *stream);

/*
 * stream_end() - no more comes: hands on what was held. Of a token that is cut here, the part of the secret
 * portion is masked as well. The stream can then be used anew. Returns as stream_push() does.
 */
int stream_end(struct stream *stream);

/*
 * stream_pull() - reads once and pushes; at the end of the file calls stream_end().
 * Returns the number of bytes read, 0 at the end, or a negative errno.
 */
int64_t stream_pull(struct stream *stream, int fd);

/* stream_close() - wipes and frees; NULL is allowed. */
void stream_close(struct stream *stream);
