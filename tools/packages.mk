# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is handed on: docs/packages.md says what is in it.

.PHONY: dist dist-check

dist: ## build/dist: source, static binary, bill of materials, checksums
	tools/dist $(B)/dist

dist-check: ## make dist twice, in two clones with little in common: the same bytes
	tools/dist-check

.PHONY: deb
deb: ## build/deb: the Debian package
	tools/deb $(B)/deb

.PHONY: rpm
rpm: ## build/rpm: the RPM package
	tools/rpm $(B)/rpm
