// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* store → fact: what of an alert is worth keeping for months. */
#include "store/fact.h"

#include "alert/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fact_free(struct fact *fact)
{
#define FACT_FREE(name) free(fact->name);
	FACT_TEXTS(FACT_FREE)
#undef FACT_FREE
	memset(fact, 0, sizeof(*fact));
}

int fact_message(const struct fact *fact, char **ret_text)
{
	struct alert alert = {
		.token = {.placeholder = fact->placeholder,
			  .type = fact->token_type ? fact->token_type : TOKEN_TYPE_UNKNOWN},
		.process = {.name = fact->process,
			    .pid = fact->pid,
			    .uid = fact->uid,
			    .user_name = fact->user},
		.file = {.path = fact->file_path ? fact->file_path : fact->file},
	};
	char none[] = "";

	if (!alert.process.name)
		alert.process.name = none;
	snprintf(alert.token.identifier, sizeof(alert.token.identifier), "%s", fact->token);
	return alert_message(&alert, "", "", ret_text);
}
