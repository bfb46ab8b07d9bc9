/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libspillwatch: which tokens are in a text, and the text without their secret portions. docs/library.md has an example.
 *
 * No function here hands out a byte of a secret portion, logs, keeps a state besides its objects, or ends the process. Each object is for one
 * thread at a time. All is what the program's own `mask`, `scan` and `identify` use.
 *
 * Functions that return an int return 0 or a negative errno, if they say nothing else; what they set is untouched on failure.
 */
#ifndef SPILLWATCH_H
#define SPILLWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SPILLWATCH_PUBLIC
#define SPILLWATCH_PUBLIC
#endif

/* spillwatch_version() - of the library that is used; static. */
SPILLWATCH_PUBLIC const char *spillwatch_version(void);

/* --- a token --- */

/* What was found. It knows its secret portion, for spillwatch_mask() alone. */
struct spillwatch_token;

/* spillwatch_token_new() - one to be filled; NULL without memory. spillwatch_token_free() - wipes and frees; NULL is allowed. */
SPILLWATCH_PUBLIC struct spillwatch_token *spillwatch_token_new(void);
SPILLWATCH_PUBLIC void spillwatch_token_free(struct spillwatch_token *token);

/* Texts live as long as the token is not filled anew; what is called static lives forever. */

/* spillwatch_token_identifier() - what may be shown and stored: prefix, dot, public portion. */
SPILLWATCH_PUBLIC const char *spillwatch_token_identifier(const struct spillwatch_token *token);
/* spillwatch_token_prefix() - "dt0c01", … */
SPILLWATCH_PUBLIC const char *spillwatch_token_prefix(const struct spillwatch_token *token);
/* spillwatch_token_type() - in words; static. */
SPILLWATCH_PUBLIC const char *spillwatch_token_type(const struct spillwatch_token *token);
/* spillwatch_token_family() - lengths of public and secret portion, "24.64", "8.64" or "8-128.64", or "agent"; static. */
SPILLWATCH_PUBLIC const char *spillwatch_token_family(const struct spillwatch_token *token);
/* spillwatch_token_is_documented() - is the family, or was it only seen in the field? */
SPILLWATCH_PUBLIC bool spillwatch_token_is_documented(const struct spillwatch_token *token);
/* spillwatch_token_has_secret() - was all of it there, not the identifier alone? */
SPILLWATCH_PUBLIC bool spillwatch_token_has_secret(const struct spillwatch_token *token);
/* spillwatch_token_is_placeholder() - has the secret portion too little in it to be one? false if there is none. */
SPILLWATCH_PUBLIC bool spillwatch_token_is_placeholder(const struct spillwatch_token *token);
/* spillwatch_token_encoding() - the form in which it stood there: "base64", "hex", …; static; NULL: as it is. */
SPILLWATCH_PUBLIC const char *spillwatch_token_encoding(const struct spillwatch_token *token);
/* spillwatch_token_start(), spillwatch_token_end() - where its form begins, and the place behind it, in bytes from the text's beginning. */
SPILLWATCH_PUBLIC uint64_t spillwatch_token_start(const struct spillwatch_token *token);
SPILLWATCH_PUBLIC uint64_t spillwatch_token_end(const struct spillwatch_token *token);

/* --- the matcher --- */

enum spillwatch_look {
	SPILLWATCH_PLAIN = 1, /* tokens as they are */
	SPILLWATCH_ENCODED = 2, /* in base64, hex, UTF-16, escaped, wrapped, …; each form by itself */
	SPILLWATCH_IDENTIFIER = 3, /* identifiers, whether a secret portion follows or not */
	SPILLWATCH_PLAIN_AGENT = 4, /* as SPILLWATCH_PLAIN, and agents' tokens (dt0a01, hexadecimal) */
	SPILLWATCH_ENCODED_AGENT = 5, /* as SPILLWATCH_ENCODED, likewise */
};

/*
 * spillwatch_match() - the first one of that kind in bytes[0, len) that starts at `from` or later. Go on with `from` at its end.
 * Returns 1, 0 if there is none, or -EINVAL for a kind that this library does not know.
 */
SPILLWATCH_PUBLIC int spillwatch_match(enum spillwatch_look look, const void *bytes, size_t len, size_t from,
				       struct spillwatch_token *ret_token);

/* Bytes before a form of SPILLWATCH_ENCODED, at most, by which it is told whether it is one: a line of so many columns is wrapped. */
#define SPILLWATCH_BEFORE 512

/*
 * spillwatch_longest() - no form of that kind is longer, in bytes: whoever searches a text piece by piece leaves what begins in the last
 * that many less one of a piece to the next one, which has them and SPILLWATCH_BEFORE bytes before them as well (`from` is behind
 * those). 0 for a kind that this library does not know.
 */
SPILLWATCH_PUBLIC size_t spillwatch_longest(enum spillwatch_look look);

/* --- the stream --- */

/* What stands in place of a secret portion. */
#define SPILLWATCH_MASKED "<masked>"
/* No secret portion is longer, in bytes. */
#define SPILLWATCH_SECRET_MAX 64

/* A text that comes in pieces, and goes on without secret portions. In whatever pieces it comes, what goes on is the same. */
struct spillwatch_stream;

/* A negative result ends what called them, and is returned there; what was not told by then is lost. */
typedef int spillwatch_on_text(void *context, const void *bytes, size_t len);
typedef int spillwatch_on_secret(void *context, uint64_t at, size_t len);
typedef int spillwatch_on_form(void *context, uint64_t at, const void *bytes, size_t len, size_t same);
typedef int spillwatch_on_token(void *context, const struct spillwatch_token *token);

/* spillwatch_stream_new() - one that tells nothing; NULL without memory. spillwatch_stream_free() - wipes and frees; NULL is allowed. */
SPILLWATCH_PUBLIC struct spillwatch_stream *spillwatch_stream_new(void *context);
SPILLWATCH_PUBLIC void spillwatch_stream_free(struct spillwatch_stream *stream);

/*
 * What is done with it; to be said before the first piece.
 * text: what goes on, in order, with SPILLWATCH_MASKED in place of each secret portion, also of one that ends early
 * secret: called in place of that, where one begins, and of what length: up to SPILLWATCH_SECRET_MAX bytes
 * form: of a secret portion in another form, whole or not, its characters in that form became asterisks; of what begins at that place
 *       and is `len` bytes as before, the first `same` are as they were. A NUL stands for what is none of its characters (a line's
 *       end, a log's record between two of them, which may hold another token): that stays as it is, or is told by itself
 * token: each whole token, in whatever form, for the time of the call; those in other forms are in an order of their own
 */
SPILLWATCH_PUBLIC void spillwatch_stream_on_text(struct spillwatch_stream *stream, spillwatch_on_text *text);
SPILLWATCH_PUBLIC void spillwatch_stream_on_secret(struct spillwatch_stream *stream,
						   spillwatch_on_secret *secret);
SPILLWATCH_PUBLIC void spillwatch_stream_on_form(struct spillwatch_stream *stream, spillwatch_on_form *form);
SPILLWATCH_PUBLIC void spillwatch_stream_on_token(struct spillwatch_stream *stream,
						  spillwatch_on_token *token);

/*
 * spillwatch_stream_look() - SPILLWATCH_PLAIN: only what stands there as it is; SPILLWATCH_ENCODED: in other forms as well, which is what it does if
 * nothing is said; both with agents' tokens as well or not. Before the first piece. -EINVAL: another one.
 */
SPILLWATCH_PUBLIC int spillwatch_stream_look(struct spillwatch_stream *stream, enum spillwatch_look look);

/*
 * spillwatch_stream_push() - the next piece, of any length. What could be the beginning of a token is held until more comes, or is flushed; all
 * else goes on before it returns.
 */
SPILLWATCH_PUBLIC int spillwatch_stream_push(struct spillwatch_stream *stream, const void *bytes, size_t len);

/* spillwatch_stream_holds() - is anything held that spillwatch_stream_flush() would hand on? */
SPILLWATCH_PUBLIC bool spillwatch_stream_holds(const struct spillwatch_stream *stream);

/* spillwatch_stream_flush() - somebody waits: hands on what is held and is no secret, whatever comes. */
SPILLWATCH_PUBLIC int spillwatch_stream_flush(struct spillwatch_stream *stream);

/* spillwatch_stream_end() - no more comes: hands on what was held, masked if it is cut in a secret portion. Then a new text may come. */
SPILLWATCH_PUBLIC int spillwatch_stream_end(struct spillwatch_stream *stream);

/*
 * spillwatch_stream_pull() - reads once from a descriptor, and pushes that; at its end, ends.
 * Returns how many bytes were read, 0 at the end, or a negative errno.
 */
SPILLWATCH_PUBLIC int64_t spillwatch_stream_pull(struct spillwatch_stream *stream, int fd);

/* --- the mask --- */

/*
 * spillwatch_mask() - a text that may be shown, of one that may be cut anywhere and hold anything: a path, a command line, a message. Masked is
 * what follows an identifier and a dot, however short; a long run of what secret portions consist of; and, if a token is given, each
 * longer piece of its secret portion, also encoded. It is valid UTF-8 without control characters: each other byte is \xNN in it.
 * @token: may be NULL
 * @ret_text: malloc'ed, the caller frees it
 */
SPILLWATCH_PUBLIC int spillwatch_mask(const void *bytes, size_t len, const struct spillwatch_token *token,
				      char **ret_text);

/*
 * spillwatch_mask_exact() - the bytes that spillwatch_mask() made this text of; malloc'ed and terminated.
 * -ENOENT: something was masked, or there is a NUL in it.
 */
SPILLWATCH_PUBLIC int spillwatch_mask_exact(const char *text, char **ret_bytes);

#ifdef __cplusplus
}
#endif

#endif
