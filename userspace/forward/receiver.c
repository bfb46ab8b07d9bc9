// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of kinds. */
#include "forward/receiver.h"

const struct receiver_kind *const receiver_kinds[] = {&receiver_webhook,
						      &receiver_alertmanager,
						      &receiver_otlp,
						      &receiver_loki,
						      &receiver_elasticsearch,
						      &receiver_dynatrace,
						      &receiver_dynatrace_security,
						      &receiver_kafka,
						      NULL};
