/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* Where `follow` looks for a daemon: below what systemd makes for the service (RuntimeDirectory). */
#define FOLLOW_PATH "/run/spillwatch/alerts.sock"
