# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# spillwatch: `sudo make run`, `sudo make test`, `make help`. Everything is built into build/.

B            := build
# what is compiled at a time by those targets that call make themselves
JOBS         ?= $(shell nproc)
# V=1 shows the commands
Q            := $(if $(V),,@)
PREFIX       ?= /usr/local
LIBEXECDIR   ?= $(PREFIX)/libexec/spillwatch
LIBDIR       ?= $(PREFIX)/lib
SYSCONFDIR   ?= /etc
UNITDIR      ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR  ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR  ?= $(PREFIX)/lib/tmpfiles.d
ZSHDIR       ?= $(PREFIX)/share/zsh/site-functions
DESTDIR      ?=
ARGS         ?=
FUZZ_SECONDS ?= 10
VMLINUX_BTF  ?= /sys/kernel/btf/vmlinux
CLANG        ?= clang
BPFTOOL      ?= $(shell PATH=$$PATH:/usr/sbin:/sbin command -v bpftool || echo bpftool)
# A tree has it from its tags, what `make dist` made from the file VERSION. Before the first tag it is 0.1.0 and the commit.
# 12 digits of it: how many git takes by itself depends on what else is in a clone.
DESCRIBED    := $(shell git -c safe.directory='$(CURDIR)' describe --tags --match 'v[0-9]*' --always --abbrev=12 --dirty 2>/dev/null | sed 's/^v//' || true)
VERSION      := $(or $(file <VERSION),$(if $(findstring .,$(DESCRIBED)),$(DESCRIBED),0.1.0$(DESCRIBED:%=-%)))

WARNINGS  := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
             -Wundef -Wformat=2 -Wvla -Wcast-qual
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2
CPPFLAGS  += -D_GNU_SOURCE -Iinclude -Iuserspace -I$(B)
BASE      := -std=gnu17 -g $(WARNINGS) -ffile-prefix-map=$(CURDIR)=.
CFLAGS    ?= -O2
LDLIBS    := -lbpf -lelf -lz -ljansson -lyaml -lcap-ng -lseccomp -lsqlite3 -lm

ifdef STATIC
O      := $(B)/static
# the map says which libraries are in it, for tools/sbom
LINK   := -static -Wl,-Map=$(O)/spillwatch.map
PIE    :=
else
O      := $(B)/obj
LINK   := -pie -Wl,-z,relro,-z,now
PIE    := -fPIE
endif
BIN := $(if $(STATIC),$(O)/spillwatch,$(B)/spillwatch)
# `spillwatch scan` runs it where it is: it looks into archives. A static one would need a dozen static libraries.
SCAN_BIN := $(if $(STATIC),,$(B)/spillwatch-scan)

# `spillwatch run --metrics` starts it: it answers by HTTP. Nor is there a static one.
METRICS_BIN := $(if $(STATIC),,$(B)/spillwatch-metrics)

# `spillwatch forward` runs it where it is: it talks to a network, by libcurl and librdkafka. Nor is there a static one.
FORWARD_BIN := $(if $(STATIC),,$(B)/spillwatch-forward)

# sorted: a directory's order would be the binary's
# what only spillwatch-scan, spillwatch-metrics and spillwatch-forward link is not among them
SOURCES := $(filter-out userspace/main.c userspace/archive/% userspace/digest/% userspace/serve/% userspace/forward/%,$(sort $(shell find userspace -name '*.c')))
METRICS := $(sort $(wildcard userspace/serve/*.c)) userspace/status/metrics.c userspace/status/counter.c userspace/lib/board.c
ARCHIVE := $(sort $(wildcard userspace/archive/*.c userspace/digest/*.c))
FORWARD := $(sort $(wildcard userspace/forward/*.c))
FORWARD_LIBS := -lcurl -lrdkafka
OBJECTS := $(SOURCES:%.c=$(O)/%.o)

# What include/spillwatch.h promises: docs/library.md. The programs have the same objects in them, and so need no library to be there.
# A change that breaks who was linked with it takes another LIBRARY_ABI; one that adds to it, a version in libspillwatch.map.
LIBRARY_ABI := 0
LIBRARY     := $(sort $(wildcard userspace/library/*.c)) $(addprefix userspace/detect/,dump.c encoded.c escapes.c form.c mask.c stream.c token.c wide.c) \
	       userspace/lib/base64_run.c $(sort $(wildcard userspace/detect/search*.c))
LIBRARY_MAP := userspace/library/libspillwatch.map
LIBRARY_OUT := $(if $(STATIC),,$(addprefix $(B)/lib/,libspillwatch.so libspillwatch.a spillwatch.pc))
SKELETON := $(B)/spillwatch.skel.h
# what C includes and `make` generates
GENERATED := $(SKELETON) $(B)/version.h $(B)/libexecdir.h $(patsubst userspace/%,$(B)/%.h,$(wildcard userspace/report/page.*))

# with the options in them; they name paths below /usr/local, which are those of PREFIX once they are installed
MAN := $(patsubst %,$(B)/%,$(wildcard man/*.[1-8]))

.PHONY: all
all: $(BIN) $(SCAN_BIN) $(METRICS_BIN) $(FORWARD_BIN) $(LIBRARY_OUT) $(MAN) ## build the program (STATIC=1: one static binary, build/static/spillwatch)

.DELETE_ON_ERROR:
.SECONDARY:

# --- the BPF object -------------------------------------------------------------------------------

BPF_OBJECTS := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.o,$(sort $(wildcard bpf/*/*.bpf.c)))
BPF_CFLAGS  := -target bpf -g -O2 -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Wextra -Wno-unused-parameter \
               -Werror -Iinclude -Ibpf -I$(B) -ffile-prefix-map=$(CURDIR)=.

$(B)/vmlinux.h: $(VMLINUX_BTF)
	@mkdir -p $(@D)
	@test -r $< || { echo "no BTF at $<: boot a kernel with CONFIG_DEBUG_INFO_BTF=y, or give VMLINUX_BTF=FILE" >&2; exit 1; }
	@echo "  BTF      $@"
	$(Q)$(BPFTOOL) btf dump file $< format c > $@

$(B)/bpf/%.o: bpf/%.bpf.c $(B)/vmlinux.h $(wildcard bpf/*/*.bpf.h include/*.h)
	@mkdir -p $(@D)
	@echo "  BPF      $<"
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(B)/spillwatch.bpf.o: $(BPF_OBJECTS)
	@echo "  LINK     $@"
	$(Q)$(BPFTOOL) gen object $@ $^

# the warnings of generated code are not ours
$(SKELETON): $(B)/spillwatch.bpf.o
	@echo "  SKELETON $@"
	$(Q){ echo '#pragma GCC system_header'; echo '#include "calibration.h"'; echo '#include "lease.h"'; echo '#include "recheck.h"'; echo '#include "scope.h"'; echo '#include "write_call.h"'; $(BPFTOOL) gen skeleton $< name spillwatch_bpf; } > $@

# the style and the script of the HTML report, as C strings page_css and page_js
$(B)/report/page.%.h: userspace/report/page.%
	@mkdir -p $(@D)
	@echo "  TEXT     $@"
	$(Q){ echo 'static const char page_$*[] ='; sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; } > $@

# what a record of the ring looks like
RECORD = 0x$(shell cat include/sample.h include/bounds.h include/types.h include/token_formats.h | sha256sum | cut -c1-15)

# written only if it has changed, so that what includes it is built anew then
$(B)/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define SPILLWATCH_VERSION "%s"\n#define SPILLWATCH_RECORD %sULL\n' '$(VERSION)' '$(RECORD)' > $@.$$$$; if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

$(B)/libexecdir.h: FORCE
	@mkdir -p $(@D)
	@printf '#define LIBEXECDIR "%s"\n' '$(LIBEXECDIR)' > $@.$$$$; if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

.PHONY: FORCE version
FORCE:

version:
	@echo '$(VERSION)'

# --- the program ----------------------------------------------------------------------------------

$(O)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC       $<"
	$(Q)$(CC) $(CPPFLAGS) $(BASE) $(CFLAGS) $(HARDENING) $(PIE) -MMD -MP -c $< -o $@

# it runs the other ones, which must not be older ones
$(BIN): $(O)/userspace/main.o $(OBJECTS) | $(SCAN_BIN) $(FORWARD_BIN)
	@echo "  LINK     $@"
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ -o $@ $(LDLIBS)

$(B)/spillwatch-scan: $(ARCHIVE:%.c=$(O)/%.o) $(OBJECTS)
	@echo "  LINK     $@"
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ -o $@ -larchive -lnettle $(LDLIBS)

$(B)/spillwatch-metrics: $(METRICS:%.c=$(O)/%.o)
	@echo "  LINK     $@"
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ -o $@ -lmicrohttpd -ljansson -lcap-ng -lseccomp

$(B)/spillwatch-forward: $(FORWARD:%.c=$(O)/%.o) $(OBJECTS)
	@echo "  LINK     $@"
	$(Q)$(CC) $(CFLAGS) $(LINK) $^ -o $@ $(FORWARD_LIBS) $(LDLIBS)

# --- the library ------------------------------------------------------------------------------------

$(B)/lib/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC       $<"
	$(Q)$(CC) $(CPPFLAGS) $(BASE) $(CFLAGS) $(HARDENING) -fPIC -fvisibility=hidden -MMD -MP -c $< -o $@

$(B)/lib/libspillwatch.so.$(LIBRARY_ABI): $(LIBRARY:%.c=$(B)/lib/%.o) $(LIBRARY_MAP)
	@echo "  LINK     $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(@F),--version-script,$(LIBRARY_MAP),-z,defs,-z,relro,-z,now $(filter %.o,$^) -o $@ -lm

$(B)/lib/libspillwatch.so: $(B)/lib/libspillwatch.so.$(LIBRARY_ABI)
	$(Q)ln -sf $(<F) $@

# one object, in which only what is promised has a name
$(B)/lib/libspillwatch.a: $(LIBRARY:%.c=$(B)/lib/%.o)
	@echo "  AR       $@"
	$(Q)$(CC) -r -nostdlib $^ -o $(B)/lib/libspillwatch.o
	$(Q)objcopy --localize-hidden $(B)/lib/libspillwatch.o
	$(Q)rm -f $@; ar rcsD $@ $(B)/lib/libspillwatch.o

# written only if it has changed; without a commit: pkg-config compares it
$(B)/lib/spillwatch.pc: FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(firstword $(subst -, ,$(VERSION)))|' userspace/library/spillwatch.pc.in > $@.$$$$; if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

# Objects that include the skeleton name it in their .d files from the second build on.
$(O)/userspace/capture/probe.o $(O)/userspace/capture/loader.o: $(SKELETON)

-include $(LIBRARY:%.c=$(B)/lib/%.d) $(OBJECTS:.o=.d) $(O)/userspace/main.d $(ARCHIVE:%.c=$(O)/%.d) $(METRICS:%.c=$(O)/%.d) $(FORWARD:%.c=$(O)/%.d)

$(B)/man/%: man/% tools/man $(BIN)
	@mkdir -p $(@D)
	@echo "  MAN      $@"
	$(Q)tools/man $(BIN) $< > $@

.PHONY: deps deps-test run
deps: ## install what building needs (as root), or say what is missing
	tools/install-deps build

deps-test:
	tools/install-deps build test

run: deps ## install what is missing, build and run the daemon (ARGS="--duration 10")
	$(MAKE) -j$(JOBS) all
	$(BIN) run $(ARGS)

include tests/tests.mk
include tools/packages.mk

SHIPPED_RULES := $(wildcard deploy/rules.d/*.yaml)

# --- the container image ----------------------------------------------------------------------------

IMAGE := $(B)/image/spillwatch.oci.tar
COMMIT = git -c safe.directory='$(CURDIR)' log -1 --format

.PHONY: image
image: ## an OCI image (build/image/spillwatch.oci.tar): the static program, from nothing
	$(MAKE) -j$(JOBS) STATIC=1 all
	$(MAKE) $(B)/spillwatch-metrics
	@mkdir -p $(dir $(IMAGE))
	@echo "  IMAGE    $(IMAGE)"
	$(Q)SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$($(COMMIT)=%ct 2>/dev/null || echo 0)} REVISION=$$($(COMMIT)=%H 2>/dev/null) \
		tools/image $(IMAGE) $(VERSION) $(B)/static/spillwatch $(B)/spillwatch-metrics LICENSES $(SHIPPED_RULES)

# --- install --------------------------------------------------------------------------------------

.PHONY: install uninstall clean help
install: all ## install into DESTDIR and PREFIX
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/spillwatch
	$(if $(SCAN_BIN),install -m 755 $(SCAN_BIN) $(DESTDIR)$(PREFIX)/bin/spillwatch-scan)
	$(if $(FORWARD_BIN),install -m 755 $(FORWARD_BIN) $(DESTDIR)$(PREFIX)/bin/spillwatch-forward)
	$(if $(METRICS_BIN),install -D -m 755 $(METRICS_BIN) $(DESTDIR)$(LIBEXECDIR)/spillwatch-metrics)
	$(if $(LIBRARY_OUT),install -D -m 644 include/spillwatch.h $(DESTDIR)$(PREFIX)/include/spillwatch.h)
	$(if $(LIBRARY_OUT),install -D -m 644 $(B)/lib/libspillwatch.so.$(LIBRARY_ABI) $(DESTDIR)$(LIBDIR)/libspillwatch.so.$(LIBRARY_ABI))
	$(if $(LIBRARY_OUT),ln -sf libspillwatch.so.$(LIBRARY_ABI) $(DESTDIR)$(LIBDIR)/libspillwatch.so)
	$(if $(LIBRARY_OUT),install -m 644 $(B)/lib/libspillwatch.a $(DESTDIR)$(LIBDIR)/libspillwatch.a)
	$(if $(LIBRARY_OUT),install -D -m 644 $(B)/lib/spillwatch.pc $(DESTDIR)$(LIBDIR)/pkgconfig/spillwatch.pc)
	install -D -m 644 share/alert.schema.json $(DESTDIR)$(PREFIX)/share/spillwatch/alert.schema.json
	install -D -m 644 share/audit.schema.json $(DESTDIR)$(PREFIX)/share/spillwatch/audit.schema.json
	install -D -m 644 share/scan.schema.json $(DESTDIR)$(PREFIX)/share/spillwatch/scan.schema.json
	install -D -m 644 share/audit-files.schema.json $(DESTDIR)$(PREFIX)/share/spillwatch/audit-files.schema.json
	install -D -m 644 share/audit-todo.schema.json $(DESTDIR)$(PREFIX)/share/spillwatch/audit-todo.schema.json
	install -D -m 644 share/audit-export.schema.json $(DESTDIR)$(PREFIX)/share/spillwatch/audit-export.schema.json
	install -D -m 644 share/alert-fields.md $(DESTDIR)$(PREFIX)/share/spillwatch/alert-fields.md
	install -D -m 644 share/config.schema.json $(DESTDIR)$(PREFIX)/share/spillwatch/config.schema.json
	$(if $(FORWARD_BIN),install -D -m 644 share/forward.schema.json $(DESTDIR)$(PREFIX)/share/spillwatch/forward.schema.json)
	install -D -m 644 deploy/prometheus/spillwatch.rules.yaml $(DESTDIR)$(PREFIX)/share/spillwatch/prometheus.rules.yaml
	install -D -m 644 deploy/grafana/spillwatch.json $(DESTDIR)$(PREFIX)/share/spillwatch/grafana.json
	install -d -m 755 $(DESTDIR)$(SYSCONFDIR)/spillwatch/rules.d
	install -m 644 $(SHIPPED_RULES) $(DESTDIR)$(SYSCONFDIR)/spillwatch/rules.d
	install -d -m 755 $(DESTDIR)$(UNITDIR)
	for unit in spillwatch $(if $(FORWARD_BIN),spillwatch-forward); do \
		to=$(DESTDIR)$(UNITDIR)/$$unit.service; \
		sed 's|/usr/local/bin|$(PREFIX)/bin|' deploy/systemd/$$unit.service > $$to && chmod 644 $$to || exit 1; done
	$(if $(FORWARD_BIN),install -D -m 644 deploy/systemd/spillwatch.sysusers $(DESTDIR)$(SYSUSERSDIR)/spillwatch.conf)
	install -D -m 644 deploy/systemd/spillwatch.tmpfiles $(DESTDIR)$(TMPFILESDIR)/spillwatch.conf
	install -D -m 644 deploy/logrotate/spillwatch $(DESTDIR)$(SYSCONFDIR)/logrotate.d/spillwatch
	install -D -m 644 share/completions/spillwatch.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/spillwatch
	install -D -m 644 share/completions/_spillwatch $(DESTDIR)$(ZSHDIR)/_spillwatch
	install -D -m 644 share/completions/spillwatch.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/spillwatch.fish
	for page in $(MAN); do \
		to=$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}; \
		install -d -m 755 $$to && sed 's|/usr/local|$(PREFIX)|g' $$page > $$to/$${page##*/} && chmod 644 $$to/$${page##*/} || exit 1; done

uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,spillwatch spillwatch-scan spillwatch-forward)
	rm -f $(DESTDIR)$(PREFIX)/include/spillwatch.h $(DESTDIR)$(LIBDIR)/pkgconfig/spillwatch.pc $(DESTDIR)$(LIBDIR)/libspillwatch.*
	rm -f $(foreach page,$(MAN),$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/spillwatch $(DESTDIR)$(ZSHDIR)/_spillwatch
	rm -f $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/spillwatch.fish
	rm -rf $(DESTDIR)$(PREFIX)/share/spillwatch $(DESTDIR)$(LIBEXECDIR)
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,spillwatch.service spillwatch-forward.service) $(DESTDIR)$(SYSUSERSDIR)/spillwatch.conf
	rm -f $(DESTDIR)$(TMPFILESDIR)/spillwatch.conf $(DESTDIR)$(SYSCONFDIR)/logrotate.d/spillwatch
	rm -f $(SHIPPED_RULES:deploy/%=$(DESTDIR)$(SYSCONFDIR)/spillwatch/%)

clean: ## remove build/
	rm -rf $(B)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18
