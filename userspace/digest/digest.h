/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SHA-256 of a secret portion, by Nettle: the only place that knows it. spillwatch-scan links it, the daemon does not. */
#pragma once

#include "cmd/mask_digest.h"

/* digest_secret() - a mask_digest. */
mask_digest digest_secret;
