// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* → attribute, store, report: one name for a host, wherever it is told. */
#include "attribute/host_name.h"

#include "detect/mask.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int host_name(char **ret_name)
{
	const char *node = getenv("NODE_NAME");
	char host[256] = "";

	/* in a pod the host's name is the pod's; Kubernetes tells the node's by this variable */
	if (node && *node)
		return mask_text(node, strlen(node), NULL, ret_name);
	if (gethostname(host, sizeof(host) - 1) < 0 || !*host)
		return mask_text("unknown", strlen("unknown"), NULL, ret_name);
	return mask_text(host, strlen(host), NULL, ret_name);
}
