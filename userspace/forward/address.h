/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses of receivers: what may be one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of one. */
#define ADDRESS_MAX 4096
/* Of one of several brokers. */
#define ADDRESS_HOST_MAX 300

/*
 * address_check() - https://, or http:// to this host or where that is allowed; without a user or a password in it: those come from
 * files. Returns NULL, or what is wrong with it; static.
 * @bare: something is put behind it, so no ? and # may be in it
 */
const char *address_check(const char *address, bool plaintext, bool bare);

/* address_is_loopback() - it leads to this host. */
bool address_is_loopback(const char *address);

/* address_check_hosts() - HOST:PORT by commas: brokers. Returns NULL, or what is wrong with it; static. */
const char *address_check_hosts(const char *hosts);
