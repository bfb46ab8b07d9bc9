// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Text in columns, and text in HTML and CSV. */
#include "unit.h"

#include "report/csv_cell.h"
#include "report/html_text.h"
#include "report/layout.h"

#include <locale.h>
#include <stdlib.h>

static void check_fit(const char *text, int columns, const char *expected)
{
	char *fit;

	assert_int_equal(layout_fit(text, columns, &fit), 0);
	assert_string_equal(fit, expected);
	assert_true(layout_columns(fit) <= columns || columns < 1);
	free(fit);
}

static void test_fit(void **state)
{
	char *fit;

	(void)state;
	check_fit("/var/log/app.log", 16, "/var/log/app.log");
	check_fit("/var/log/pods/shop/app/0.log", 16, "/var/…/app/0.log");
	check_fit("abcdef", 1, "…");
	check_fit("abcdef", 0, "");
	check_fit("", 5, "");
	/* wide characters take two columns and are not cut in half */
	check_fit("日本語", 6, "日本語");
	check_fit("日本語日本語", 6, "…本語");
	check_fit("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301");
	/* U+202E would show "gpj.exe" as "exe.jpg" */
	check_fit("a\u202egpj.exe", 20, "a\\xe2\\x80\\xaegpj.exe");
	check_fit("a\u200bb", 20, "a\\xe2\\x80\\x8bb");
	/* no escape is cut */
	check_fit("a\u200bb", 12, "a…b");
	for (int columns = 0; columns < 40; columns++) {
		assert_int_equal(layout_fit("/a/日本/\u202e/very/long/é/path/名前.log", columns, &fit), 0);
		assert_true(layout_columns(fit) <= columns);
		free(fit);
	}
}

static void test_numbers(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(layout_number(0, text), "0");
	assert_string_equal(layout_number(999, text), "999");
	assert_string_equal(layout_number(1000, text), "1,000");
	assert_string_equal(layout_number(UINT64_MAX, text), "18,446,744,073,709,551,615");
	assert_string_equal(layout_count(1, "file", "files", text, sizeof(text)), "1 file");
	assert_string_equal(layout_count(1234, "file", "files", text, sizeof(text)), "1,234 files");
}

static void check_written(void (*write)(FILE *, const char *), const char *text, const char *expected)
{
	char *written;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	write(out, text);
	fclose(out);
	assert_string_equal(written, expected);
	free(written);
}

static void test_html(void **state)
{
	(void)state;
	check_written(html_text, "<script>alert('1')</script>",
		      "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
	check_written(html_text, "\"onmouseover=`x` & y", "&quot;onmouseover=&#96;x&#96; &amp; y");
	check_written(html_text, "a\u202eb\u2066c", "a&#xFFFD;b&#xFFFD;c");
	check_written(html_text, "日本", "日本");
	check_written(html_text, NULL, "");
}

static void test_csv(void **state)
{
	static const char formulas[] = "=+-@\t\r";

	(void)state;
	check_written(csv_cell, "plain text", "plain text");
	check_written(csv_cell, "a,b", "\"a,b\"");
	check_written(csv_cell, "a\"b", "\"a\"\"b\"");
	check_written(csv_cell, "a\r\nb", "\"a\r\nb\"");
	check_written(csv_cell, "a\u202eb", "a\\xe2\\x80\\xaeb");
	check_written(csv_cell, "\u202e,\"", "\"\\xe2\\x80\\xae,\"\"\"");
	check_written(csv_cell, NULL, "");
	check_written(csv_cell, "", "");
	for (size_t i = 0; formulas[i]; i++) {
		char text[] = "?cmd|' /C calc'!A0", expected[] = "\"'?cmd|' /C calc'!A0\"";

		text[0] = expected[2] = formulas[i];
		check_written(csv_cell, text, expected);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_csv),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return UNIT_RUN(tests);
}
