// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the kernel side leaves to the daemon: tokens of the wide family, and those in another form (--formats wide, --decode).
 *
 * A file for each form and place is made before; coreutils or busybox copy it under the monitor, each in its own way.
 */
#include "live.h"

#include "lib/cleanup.h"

#include <stdlib.h>
#include <unistd.h>

/* Of a token in the longest form, with lines of others around it. */
#define FORM_BYTES 8192

#define TOKEN_WIDE_PREFIX "dt0s12.dtctl-prod-"

static void put_hex(char *to, const char *token)
{
	for (; *token; token++, to += 2)
		sprintf(to, "%02x", (unsigned char)*token);
}

/* `before` bytes stand before the token in what is encoded. */
static void put_base64(char *to, const char *token, size_t before, size_t width)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char raw[512] = {0};
	size_t len, column = 0;

	memset(raw, '#', before);
	strcpy(raw + before, token);
	len = strlen(raw);
	for (size_t i = 0; i < len; i += 3) {
		unsigned int bits =
			(unsigned int)raw[i] << 16 | (unsigned int)raw[i + 1] << 8 | (unsigned int)raw[i + 2];

		for (size_t k = 0; k < 4; k++) {
			if (width && column == width) {
				*to++ = '\n';
				column = 0;
			}
			*to++ = i + k > len ? '=' : letters[bits >> (18 - 6 * k) & 63];
			column++;
		}
	}
	*to = '\0';
}

static void form_plain(char *to, const struct maker_token *token)
{
	strcpy(to, token->text);
}

static void form_wide(char *to, const struct maker_token *token)
{
	sprintf(to, TOKEN_WIDE_PREFIX "%s.%s", token->identifier + 7, token->secret);
}

static void form_base64(char *to, const struct maker_token *token)
{
	put_base64(to, token->text, 0, 0);
}

static void form_base64_1(char *to, const struct maker_token *token)
{
	put_base64(to, token->text, 1, 0);
}

static void form_base64_2(char *to, const struct maker_token *token)
{
	put_base64(to, token->text, 2, 0);
}

static void form_base64_lines(char *to, const struct maker_token *token)
{
	put_base64(to, token->text, 100, 76);
}

static void form_base64_wide(char *to, const struct maker_token *token)
{
	char text[256];

	form_wide(text, token);
	put_base64(to, text, 0, 0);
}

static void form_hex(char *to, const struct maker_token *token)
{
	put_hex(to, token->text);
}

static void form_percent(char *to, const struct maker_token *token)
{
	sprintf(to, "token=%.6s%%2E%.24s%%2E%s&x=1", token->text, token->text + 7, token->secret);
}

static void form_json(char *to, const struct maker_token *token)
{
	sprintf(to, "{\"t\":\"%.6s\\u002e%.24s\\u002e%s\"}", token->text, token->text + 7, token->secret);
}

static void form_coloured(char *to, const struct maker_token *token)
{
	sprintf(to, "%.6s\033[31m.\033[0m%.24s.%s", token->text, token->text + 7, token->secret);
}

/* The names are those of detect/form.h; NULL: as it is. */
static const struct suspect_form {
	const char *name, *encoding;
	void (*put)(char *to, const struct maker_token *token);
	bool wide; /* its public portion is of another length */
	bool plain; /* the kernel side knows it */
} forms[] = {
	{"plain", NULL, form_plain, false, true},
	{"wide", NULL, form_wide, true, false},
	{"base64", "base64", form_base64, false, false},
	{"base64-1", "base64", form_base64_1, false, false},
	{"base64-2", "base64", form_base64_2, false, false},
	{"base64-lines", "base64", form_base64_lines, false, false},
	{"base64-wide", "base64", form_base64_wide, true, false},
	{"hex", "hex", form_hex, false, false},
	{"percent", "percent", form_percent, false, false},
	{"json", "backslash", form_json, false, false},
	{"coloured", "coloured", form_coloured, false, false},
};

#define FORMS (sizeof(forms) / sizeof(*forms))

/* How a file is copied: a command of a shell, from $1 to $2. */
static const struct suspect_copy {
	const char *name, *command;
	size_t before; /* bytes before the form */
} copies[] = {
	{"whole", "cat $1 >$2", 100},
	{"first", "cat $1 >$2", 0},
	{"across", "dd if=$1 of=$2 bs=4096 2>/dev/null", 4096 - 70},
	{"cut-early", "dd if=$1 of=$2 bs=4096 2>/dev/null", 4096 - 1},
	{"cut-late", "dd if=$1 of=$2 bs=4096 2>/dev/null", 4096 - 90},
	{"pieces", "dd if=$1 of=$2 bs=40 2>/dev/null", 777},
	{"far", "cat $1 >$2", 1 << 20},
	{"append", "head -c 3000 $1 >$2; tail -c +3001 $1 >>$2", 3000 - 60},
	{"shared", "(cat $1; :) >$2", 300},
	{"append-shared", "(head -c 3000 $1; tail -c +3001 $1) >>$2", 3000 - 60},
	{"direct", "dd if=$1 of=$2 bs=65536 oflag=direct 2>/dev/null", 30000},
};

#define COPIES (sizeof(copies) / sizeof(*copies))

/* The text of a form with what is around it: returns its length. */
static size_t form_text(char *text, size_t before, const struct suspect_form *form,
			const struct maker_token *token)
{
	static const char line[] = "a line of a log that says nothing much, /usr/share/doc/of/it and more\n";
	size_t len = sizeof(line) - 1;

	for (size_t i = 0; i < before; i++)
		text[i] = line[i % len];
	if (before)
		text[before - 1] = '\n';
	form->put(text + before, token);
	strcat(text + before, "\n");
	for (int i = 0; i < 3; i++)
		strcat(text + before, line);
	return before + strlen(text + before);
}

static void check_alert(const json_t *alert, const struct suspect_form *form, const struct maker_token *token)
{
	const char *encoding =
		json_string_value(json_object_get(json_object_get(alert, "token"), "encoding"));
	char identifier[64];

	snprintf(identifier, sizeof(identifier), TOKEN_WIDE_PREFIX "%s", token->identifier + 7);
	assert_string_equal(live_string(alert, "token.identifier"),
			    form->wide ? identifier : token->identifier);
	if (form->encoding)
		assert_string_equal(encoding, form->encoding);
	else
		assert_null(encoding);
}

/* The token of form f, copied in way c. */
static struct maker_token token_of(size_t f, size_t c)
{
	return maker_token(7000 + f * COPIES + c);
}

/* Each form in each way by one monitor: there is one alert of each that is looked for, none of the others, and nothing is lost. */
static void check_copies(const char *const *options, bool wide, bool encoded)
{
	size_t size = (1 << 20) + FORM_BYTES;
	AUTO_FREE char *text = malloc(size);
	AUTO_FREE char *script = calloc(1, FORMS * COPIES * 512);
	char *at = script;
	struct live_run run;

	assert_non_null(text);
	assert_non_null(script);
	for (size_t f = 0; f < FORMS; f++)
		for (size_t c = 0; c < COPIES; c++) {
			const struct maker_token token = token_of(f, c);
			char name[128];
			FILE *file;
			size_t len;

			memset(text, 0, size);
			len = form_text(text, copies[c].before, &forms[f], &token);
			snprintf(name, sizeof(name), "%s.%s.in", forms[f].name, copies[c].name);
			file = fopen(live_path(name), "w");
			assert_non_null(file);
			assert_int_equal(fwrite(text, 1, len, file), len);
			assert_int_equal(fclose(file), 0);
			at += sprintf(at, "set -- %s ", live_path(name));
			name[strlen(name) - 3] = '\0';
			at += sprintf(at, "%s; %s; ", live_path(name), copies[c].command);
		}
	run = live_exec(options, ARGS("sh", "-c", script));
	assert_int_equal(run.status, 0);
	for (size_t f = 0; f < FORMS; f++)
		for (size_t c = 0; c < COPIES; c++) {
			const struct maker_token token = token_of(f, c);
			bool expected = forms[f].plain || (forms[f].encoding ? encoded : wide);
			size_t found = 0, i;
			char name[128];
			json_t *alert;

			snprintf(name, sizeof(name), "%s.%s", forms[f].name, copies[c].name);
			json_array_foreach (run.alerts, i, alert) {
				if (strcmp(live_string(alert, "file.path"), live_path(name)) != 0)
					continue;
				found++;
				check_alert(alert, &forms[f], &token);
			}
			if (found != expected)
				fail_msg("%s: %zu alerts: %s", name, found, run.errors);
			live_no_secret(&run, &token);
		}
	if (live_lost(&run))
		fail_msg("something was lost: %s", run.errors);
	live_free(&run);
}

static void test_suspects_none(void **state)
{
	(void)state;
	check_copies(NO_ARGS, false, false);
}

static void test_suspects_wide(void **state)
{
	(void)state;
	check_copies(ARGS("--formats", "wide"), true, false);
}

static void test_suspects_decode(void **state)
{
	(void)state;
	check_copies(ARGS("--formats", "wide", "--decode"), true, true);
}

/* Writes to a pipe, of each form once, and how far apart they are. */
#define PRINTED 24

static struct maker_token printed_of(size_t i, size_t f)
{
	return maker_token(9000 + i * FORMS + f);
}

/* What goes to a pipe, whole: each token is told of once, wherever in a write it lies. */
static void check_printed(const char *const *options, bool encoded)
{
	const size_t size = FORMS * FORM_BYTES;
	AUTO_FREE char *text = malloc(size);
	struct live_run run;
	char name[32];

	assert_non_null(text);
	for (size_t i = 0; i < PRINTED; i++) {
		size_t len = 0;
		FILE *file;

		for (size_t f = 0; f < FORMS; f++) {
			const struct maker_token token = printed_of(i, f);

			memset(text + len, 0, size - len);
			len += form_text(text + len, i * 37, &forms[f], &token);
		}
		snprintf(name, sizeof(name), "in.%zu", 100 + i);
		file = fopen(live_path(name), "w");
		assert_non_null(file);
		assert_int_equal(fwrite(text, 1, len, file), len);
		assert_int_equal(fclose(file), 0);
	}
	run = live_exec(options, ARGS("sh", "-c", "for file in $0.*; do cat $file; done | cat >/dev/null",
				      live_path("in")));
	assert_int_equal(run.status, 0);
	for (size_t i = 0; i < PRINTED; i++)
		for (size_t f = 0; f < FORMS; f++) {
			const struct maker_token token = printed_of(i, f);
			size_t found = 0, k;
			json_t *alert;

			json_array_foreach (run.alerts, k, alert) {
				if (!strstr(live_string(alert, "token.identifier"), token.identifier + 7))
					continue;
				found++;
				check_alert(alert, &forms[f], &token);
				assert_string_equal(live_string(alert, "file.type"), "fifo");
			}
			if (found != (encoded || !forms[f].encoding))
				fail_msg("%s %zu: %zu alerts: %s", forms[f].name, i, found, run.errors);
			live_no_secret(&run, &token);
		}
	assert_int_equal(live_lost(&run), 0);
	live_free(&run);
}

static void test_suspects_printed(void **state)
{
	(void)state;
	check_printed(ARGS("--formats", "wide", "--decode", "--watch", "default,pipe"), true);
}

static void test_suspects_printed_wide(void **state)
{
	(void)state;
	check_printed(ARGS("--formats", "wide", "--watch", "default,pipe"), false);
}

const struct CMUnitTest live_suspects[] = {
	cmocka_unit_test_setup_teardown(test_suspects_decode, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_suspects_printed, live_setup, live_teardown),
};
const size_t live_suspects_count = sizeof(live_suspects) / sizeof(*live_suspects);

/* Less is asked for: not in a guest, where each process takes its time. */
const struct CMUnitTest live_suspects_less[] = {
	cmocka_unit_test_setup_teardown(test_suspects_none, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_suspects_wide, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_suspects_printed_wide, live_setup, live_teardown),
};
const size_t live_suspects_less_count = sizeof(live_suspects_less) / sizeof(*live_suspects_less);
