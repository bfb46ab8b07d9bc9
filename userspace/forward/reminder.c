// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "forward/reminder.h"

bool reminder_due(struct reminder *reminder, int64_t now)
{
	if (now < reminder->next)
		return false;
	reminder->next = now + REMINDER_MS;
	return true;
}
