// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* By libcurl, which uses them: what one parser takes for a host, another must not take for something else. */
#include "forward/address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A part of it, NULL if it has none; curl_free(). */
static char *address_part(const char *address, CURLUPart part)
{
	CURLU *url = curl_url();
	char *text = NULL;

	if (url && curl_url_set(url, CURLUPART_URL, address, 0) == CURLUE_OK)
		(void)curl_url_get(url, part, &text, 0);
	curl_url_cleanup(url);
	return text;
}

static bool address_has(const char *address, CURLUPart part)
{
	char *text = address_part(address, part);

	curl_free(text);
	return text;
}

bool address_is_loopback(const char *address)
{
	char *host = address_part(address, CURLUPART_HOST);
	struct in_addr ip;
	bool loopback =
		host && (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
			 (inet_pton(AF_INET, host, &ip) == 1 && ntohl(ip.s_addr) >> 24 == IN_LOOPBACKNET));

	curl_free(host);
	return loopback;
}

const char *address_check(const char *address, bool plaintext, bool bare)
{
	char *scheme = address_part(address, CURLUPART_SCHEME);
	bool https = scheme && strcmp(scheme, "https") == 0, http = scheme && strcmp(scheme, "http") == 0;

	curl_free(scheme);
	if (strlen(address) >= ADDRESS_MAX)
		return "it is too long";
	if (!https && !http)
		return "it is no address that begins with https://";
	if (address_has(address, CURLUPART_USER) || address_has(address, CURLUPART_PASSWORD))
		return "a user or a password stands in it: those belong into credential_file";
	if (http && !plaintext && !address_is_loopback(address))
		return "without TLS it may be this host only, unless plaintext is true";
	if (bare && (address_has(address, CURLUPART_QUERY) || address_has(address, CURLUPART_FRAGMENT)))
		return "it has more than a path in it, and something is put behind it";
	return NULL;
}

/* One of a list, "HOST:PORT", as an address. Returns its end; NULL: it is none. */
static const char *address_next(const char *hosts, char address[ADDRESS_HOST_MAX])
{
	size_t len = strcspn(hosts, ",");

	if (len == 0 || len > ADDRESS_HOST_MAX - sizeof("https://"))
		return NULL;
	snprintf(address, ADDRESS_HOST_MAX, "https://%.*s", (int)len, hosts);
	if (strcspn(hosts, "/@?# \t") < len || !address_has(address, CURLUPART_HOST) ||
	    !address_has(address, CURLUPART_PORT))
		return NULL;
	return hosts + len;
}

const char *address_check_hosts(const char *hosts)
{
	char address[ADDRESS_HOST_MAX];

	for (; (hosts = address_next(hosts, address)); hosts++)
		if (!*hosts)
			return NULL;
	return "expected HOST:PORT, several by commas";
}
