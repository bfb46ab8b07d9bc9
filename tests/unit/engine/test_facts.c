// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A write's further tokens have the facts of its first one, of the same scratch and no other; without those they have none. */
#include "unit.h"

#include "detect/mask.h"
#include "engine/facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A sample with room for its path. */
struct made {
	struct token_sample head;
	char strings[4096];
};

static struct sample_view made_view(struct made *made, uint32_t slot, uint64_t seq, const char *path)
{
	struct sample_view view;

	memset(made, 0, sizeof(*made));
	made->head.slot = slot;
	made->head.seq = seq;
	made->head.tgid = (uint32_t)(1000 + seq);
	made->head.path_len = (uint16_t)strlen(path);
	made->head.window_len = TOKEN_MAX_LEN;
	memset(made->head.window, 'S', sizeof(made->head.window));
	memcpy(made->strings, path, strlen(path));
	made->head.size = (uint32_t)(sizeof(made->head) + strlen(path));
	assert_int_equal(sample_view_parse(made, made->head.size, &view), 0);
	return view;
}

static struct token_more made_more(uint32_t slot, uint64_t facts)
{
	struct token_more more = {
		.size = sizeof(more),
		.flags = SAMPLE_MORE,
		.seq = facts + 1,
		.facts = facts,
		.slot = slot,
		.repeats = 3,
		.news = 2,
		.window_len = TOKEN_MIN_LEN,
		.token_at = 500,
		.token_key = 77,
	};

	memset(more.window, 'T', sizeof(more.window));
	return more;
}

static void assert_path(const struct sample_view *view, const char *path)
{
	assert_int_equal(view->head->path_len, strlen(path));
	assert_memory_equal(view->path, path, strlen(path));
}

static void test_more(void **state)
{
	struct facts *facts;
	struct made made;
	struct sample_view view;
	struct token_more more = made_more(2, 9);

	(void)state;
	assert_int_equal(facts_open(&facts), 0);
	view = made_view(&made, 2, 9, "/one");
	facts_keep(facts, &view, 0);
	view = made_view(&made, 0, 10, "/another/scratch");
	facts_keep(facts, &view, 0);
	/* the record is gone */
	memset(&made, 0xee, sizeof(made));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(facts_more(facts, &more, sizeof(more), &view), 0);
		assert_path(&view, "/one");
		assert_int_equal(view.head->tgid, 1009);
		assert_int_equal(view.head->repeats, 3);
		assert_int_equal(view.head->news, 2);
		assert_int_equal(view.head->token_at, 500);
		assert_int_equal(view.head->token_key, 77);
		assert_int_equal(view.head->window_len, TOKEN_MIN_LEN);
		assert_ptr_equal(view.window, more.window);
		/* nothing of the first one's token was kept */
		for (size_t k = 0; k < sizeof(view.head->window); k++)
			assert_int_equal(view.head->window[k], 0);
	}
	facts_close(facts);
}

/* Whoever's the facts of that number are, they are not taken for others. */
static void test_none(void **state)
{
	struct token_more more = made_more(5, 9);
	struct sample_view view;
	struct facts *facts;
	struct made made;

	(void)state;
	assert_int_equal(facts_open(&facts), 0);
	for (int i = 0; i < 3; i++) {
		if (i == 1)
			view = made_view(&made, 4, 9, "/another/scratch");
		else if (i == 2)
			view = made_view(&made, 5, 8, "/before");
		if (i)
			facts_keep(facts, &view, 0);
		assert_int_equal(facts_more(facts, &more, sizeof(more), &view), 0);
		assert_path(&view, "");
		assert_int_equal(view.head->tgid, 0);
		assert_int_equal(view.head->token_at, 500);
		assert_ptr_equal(view.window, more.window);
		assert_true(view.head->time > 0);
	}
	facts_close(facts);
}

/* A longer sample, a shorter one, and none after a while. */
static void test_kept(void **state)
{
	struct token_more more = made_more(0, 1);
	char longer[3000];
	struct sample_view view;
	struct facts *facts;
	struct made made;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(facts_open(&facts), 0);
	for (uint64_t seq = 1; seq < 5; seq++) {
		const char *path = seq % 2 ? "/short" : longer;

		view = made_view(&made, 0, seq, path);
		facts_keep(facts, &view, 1000);
		more.facts = seq;
		assert_int_equal(facts_more(facts, &more, sizeof(more), &view), 0);
		assert_path(&view, path);
	}
	facts_forget(facts, 1000 + FACTS_KEPT_MS - 1);
	assert_int_equal(facts_more(facts, &more, sizeof(more), &view), 0);
	assert_path(&view, longer);
	facts_forget(facts, 1000 + 2 * FACTS_KEPT_MS);
	assert_int_equal(facts_more(facts, &more, sizeof(more), &view), 0);
	assert_path(&view, "");
	facts_close(facts);
}

/* What a process was called with: after a while the secrets in it are none any more, and what is told of it is the same. */
static void test_masked(void **state)
{
	struct token_more more = made_more(0, 1);
	char args[256], secret[TOKEN_SECRET_LEN + 1], *before, *after;
	struct sample_view view;
	struct facts *facts;
	struct made made;
	size_t len;

	(void)state;
	for (size_t i = 0; i < TOKEN_SECRET_LEN; i++)
		secret[i] = (char)('B' + i % 24);
	secret[TOKEN_SECRET_LEN] = '\0';
	len = (size_t)snprintf(args, sizeof(args), "curl%c--token%cdt0c01.%s.%s%chost", 0, 0,
			       "ABCDEFGHIJKLMNOPQRSTUVWX", secret, 0) +
	      1;
	memset(&made, 0, sizeof(made));
	made.head.seq = 1;
	made.head.args_len = (uint16_t)len;
	made.head.size = (uint32_t)(sizeof(made.head) + len);
	memcpy(made.strings, args, len);
	assert_int_equal(sample_view_parse(&made, made.head.size, &view), 0);
	assert_int_equal(mask_args(view.args, len, NULL, &before), 0);
	assert_int_equal(facts_open(&facts), 0);
	facts_forget(facts, 1000);
	facts_keep(facts, &view, 1001);
	for (int64_t now = 1001; now < 1001 + 3 * FACTS_RAW_MS; now += FACTS_RAW_MS) {
		facts_forget(facts, now);
		assert_int_equal(facts_more(facts, &more, sizeof(more), &view), 0);
		assert_int_equal(view.head->args_len, len);
		assert_int_equal(memmem(view.args, len, secret, TOKEN_SECRET_LEN) != NULL, now == 1001);
		assert_int_equal(mask_args(view.args, len, NULL, &after), 0);
		assert_string_equal(after, before);
		free(after);
	}
	/* the next one's are its own */
	assert_int_equal(sample_view_parse(&made, made.head.size, &view), 0);
	facts_keep(facts, &view, 4000);
	assert_int_equal(facts_more(facts, &more, sizeof(more), &view), 0);
	assert_non_null(memmem(view.args, len, secret, TOKEN_SECRET_LEN));
	facts_forget(facts, 6000);
	assert_int_equal(facts_more(facts, &more, sizeof(more), &view), 0);
	assert_null(memmem(view.args, len, secret, TOKEN_SECRET_LEN));
	free(before);
	facts_close(facts);
}

static void test_lies(void **state)
{
	struct token_more more = made_more(0, 1);
	struct sample_view view;
	struct facts *facts;
	struct made made;

	(void)state;
	assert_int_equal(facts_open(&facts), 0);
	assert_int_equal(facts_more(facts, &more, sizeof(more) - 1, &view), -EBADMSG);
	more.size++;
	assert_int_equal(facts_more(facts, &more, sizeof(more), &view), -EBADMSG);
	more = made_more(0, 1);
	more.window_len = TOKEN_MAX_LEN + 1;
	assert_int_equal(facts_more(facts, &more, sizeof(more), &view), -EBADMSG);
	/* a number that no scratch has */
	more = made_more(UINT32_MAX, 1);
	view = made_view(&made, UINT32_MAX, 1, "/path");
	facts_keep(facts, &view, 0);
	assert_int_equal(facts_more(facts, &more, sizeof(more), &view), 0);
	assert_int_equal(view.head->path_len, 0);
	facts_close(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more),   cmocka_unit_test(test_none), cmocka_unit_test(test_kept),
		cmocka_unit_test(test_masked), cmocka_unit_test(test_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
