#include "report/report.h"
int report_html(struct report *report, FILE *out)
{
	(void)report;
	(void)out;
	return 0;
}
