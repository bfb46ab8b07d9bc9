// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * delivery → http → receiver.
 *
 * Invariant: what is said of an attempt is this module's own words, a status or libcurl's name of an error: never an address's path, a
 * header or what the receiver has answered.
 */
#include "forward/http.h"

#include "forward/address.h"
#include "forward/credential.h"
#include "lib/cleanup.h"
#include "version.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#define HTTP_CONNECT_MS 10000L

struct http {
	const struct receiver *receiver;
	bool (*stopped)(void *context);
	void *context;
	CURL *curl;
	char *answer; /* terminated */
	size_t answer_len;
	bool endless; /* there is more of it than is looked at */
};

struct http *http_open(const struct receiver *receiver, bool (*stopped)(void *context), void *context)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return NULL;
	http->receiver = receiver;
	http->stopped = stopped;
	http->context = context;
	http->curl = curl_easy_init();
	if (http->curl)
		return http;
	http_close(http);
	return NULL;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->curl);
	free(http->answer);
	free(http);
}

__attribute__((format(printf, 2, 3))) static void http_problem(struct attempt *attempt, const char *format,
							       ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(attempt->problem, sizeof(attempt->problem), format, args);
	va_end(args);
}

static size_t http_take(const char *bytes, size_t one, size_t len, void *context)
{
	struct http *http = context;
	char *grown;

	(void)one;
	http->endless = len > HTTP_ANSWER_MAX - http->answer_len;
	if (http->endless)
		return 0;
	/* nobody asks for it */
	if (!http->receiver->kind->judge) {
		http->answer_len += len;
		return len;
	}
	grown = realloc(http->answer, http->answer_len + len + 1);
	if (!grown)
		return 0;
	http->answer = grown;
	memcpy(grown + http->answer_len, bytes, len);
	http->answer_len += len;
	grown[http->answer_len] = '\0';
	return len;
}

static int http_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct http *http = context;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return http->stopped(http->context);
}

/* Appends a header; false if there is no memory. */
static bool http_header(struct curl_slist **headers, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*headers, text);

	if (longer)
		*headers = longer;
	return longer;
}

static void http_wipe_headers(struct curl_slist *headers)
{
	for (struct curl_slist *one = headers; one; one = one->next)
		explicit_bzero(one->data, strlen(one->data));
	curl_slist_free_all(headers);
}

/* Returns 0 or a negative errno: credential_read()'s, or -ENOMEM. */
static int http_authorize(struct http *http, struct curl_slist **headers)
{
	const struct receiver *receiver = http->receiver;
	const char *scheme = receiver->authorization ? receiver->authorization : receiver->kind->scheme;
	AUTO_CREDENTIAL char *credential = NULL;
	AUTO_CREDENTIAL char *line = NULL;
	int r;

	if (!receiver->credential_file)
		return 0;
	r = credential_read(receiver->credential_file, &credential);
	if (r < 0)
		return r;
	/* USER:PASSWORD, which libcurl encodes */
	if (strcasecmp(scheme, "Basic") == 0) {
		curl_easy_setopt(http->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		return curl_easy_setopt(http->curl, CURLOPT_USERPWD, credential) == CURLE_OK ? 0 : -ENOMEM;
	}
	if (asprintf(&line, "Authorization: %s %s", scheme, credential) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	return http_header(headers, line) ? 0 : -ENOMEM;
}

/* "X: y" in *headers for each. */
static bool http_headers(const struct http *http, const struct event *first, struct curl_slist **headers)
{
	const struct receiver_kind *kind = http->receiver->kind;
	char line[256];

	snprintf(line, sizeof(line), "Content-Type: %s", kind->content_type);
	/* else a large body would wait for an answer to its head */
	if (!http_header(headers, line) || !http_header(headers, "Expect:") ||
	    !http_header(headers, "Accept: application/json"))
		return false;
	if (http->receiver->tenant) {
		snprintf(line, sizeof(line), "X-Scope-OrgID: %s", http->receiver->tenant);
		if (!http_header(headers, line))
			return false;
	}
	if (kind->events > 1)
		return true;
	snprintf(line, sizeof(line), "Idempotency-Key: \"%s\"", event_text(first->alert, "event.id"));
	return http_header(headers, line);
}

/* The address with what its kind puts behind it. Returns 0 and *ret_address (credential_free()), or a negative errno. */
static int http_address(const struct receiver *receiver, char **ret_address)
{
	const char *path = receiver->kind->path;
	AUTO_CREDENTIAL char *base = NULL;
	size_t len;
	int r = 0;

	if (*receiver->target == '@')
		r = credential_read(receiver->target + 1, &base);
	else if (!(base = strdup(receiver->target)))
		r = -ENOMEM;
	if (r < 0)
		return r;
	if (address_check(base, receiver->plaintext, path))
		return -EDESTADDRREQ;
	len = strlen(base);
	while (path && len && base[len - 1] == '/')
		len--;
	return asprintf(ret_address, "%.*s%s", (int)len, base, path ? path : "") < 0 ? -ENOMEM : 0;
}

static void http_set_tls(CURL *curl, const struct receiver *receiver)
{
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (receiver->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, receiver->ca_file);
	if (receiver->certificate_file)
		curl_easy_setopt(curl, CURLOPT_SSLCERT, receiver->certificate_file);
	if (receiver->key_file)
		curl_easy_setopt(curl, CURLOPT_SSLKEY, receiver->key_file);
}

static void http_set_limits(struct http *http)
{
	CURL *curl = http->curl;
	long timeout = (long)http->receiver->timeout;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
			 timeout < HTTP_CONNECT_MS ? timeout : HTTP_CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, http_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, http_take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "spillwatch-forward/" SPILLWATCH_VERSION);
}

/* All that a request needs but its body and headers. Returns 0 or a negative errno. */
static int http_prepare(struct http *http)
{
	AUTO_CREDENTIAL char *address = NULL;
	int r = http_address(http->receiver, &address);

	if (r < 0)
		return r;
	/* connections are kept by this */
	curl_easy_reset(http->curl);
	http_set_limits(http);
	http_set_tls(http->curl, http->receiver);
	/* what is not encrypted goes to nobody in between */
	if (strncasecmp(address, "https:", 6) != 0 || address_is_loopback(address))
		curl_easy_setopt(http->curl, CURLOPT_NOPROXY, "*");
	return curl_easy_setopt(http->curl, CURLOPT_URL, address) == CURLE_OK ? 0 : -ENOMEM;
}

static int64_t http_retry_after(CURL *curl)
{
	curl_off_t seconds = 0;

	if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0)
		return 0;
	return seconds < HTTP_RETRY_AFTER_MAX / 1000 ? (int64_t)seconds * 1000 : HTTP_RETRY_AFTER_MAX;
}

static void http_judge(struct http *http, struct event *const *events, size_t count, struct attempt *attempt)
{
	const struct receiver_kind *kind = http->receiver->kind;
	long status = 0;

	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	attempt->retry_after = http_retry_after(http->curl);
	if (status / 100 == 2 && kind->judge) {
		kind->judge(events, count, status, http->answer ? http->answer : "", attempt);
		return;
	}
	if (status / 100 == 2) {
		for (size_t i = 0; i < count; i++)
			events[i]->verdict = VERDICT_DELIVERED;
		return;
	}
	attempt->refused = status == 400 || status == 413 || status == 422;
	http_problem(attempt, "it answers with status %ld", status);
}

/* An answer that has not come to its end: has it said enough? */
static bool http_accepts(const struct http *http, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status / 100 != 2)
		return false;
	return http->endless || (!http->receiver->kind->judge &&
				 (code == CURLE_PARTIAL_FILE || code == CURLE_OPERATION_TIMEDOUT));
}

static void http_perform(struct http *http, struct event *const *events, size_t count,
			 struct attempt *attempt)
{
	CURLcode code;

	http->answer_len = 0;
	http->endless = false;
	if (http->answer)
		*http->answer = '\0';
	code = curl_easy_perform(http->curl);
	if (code != CURLE_OK && !http_accepts(http, code))
		http_problem(attempt, "%s", curl_easy_strerror(code));
	else
		http_judge(http, events, count, attempt);
}

void http_send(struct http *http, struct event *const *events, size_t count, struct attempt *attempt)
{
	struct curl_slist *headers = NULL;
	AUTO_FREE char *body = NULL;
	size_t len = 0;
	int r = http_prepare(http);

	if (r == 0)
		r = http->receiver->kind->body(http->receiver, events, count, &body, &len);
	if (r == 0 && !http_headers(http, events[0], &headers))
		r = -ENOMEM;
	if (r == 0)
		r = http_authorize(http, &headers);
	if (r == 0) {
		curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
		http_perform(http, events, count, attempt);
	} else if (r == -EDESTADDRREQ) {
		http_problem(attempt, "the file of its address holds none that may be used");
	} else if (r == -ENOMEM) {
		http_problem(attempt, "there is no memory for a request");
	} else {
		http_problem(attempt, "its credential can't be used: %s", credential_error(r));
	}
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
	http_wipe_headers(headers);
}
