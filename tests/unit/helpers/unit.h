/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every unit test includes: cmocka, and tokens made at run time. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "token_maker.h"

#define UNIT_RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)
