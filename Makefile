# SPDX-License-Identifier: GPL-2.0-only
#
# The front door.  Every target does its own set-up and shows how far it is.
# Those that test or measure, but minimal, end in a line `NAME: N passed, N failed`;
# logs are in build/log/.
#
#   KSRC=/path/to/linux   graft a copy of that tree instead of Debian's 6.12
#   KERNEL=7.3           that kernel of kernels/ instead of 6.12
#   MACHINE=name          one machine of tests/machine/ for `make machines`
#   JOBS=n                parallel jobs; default: one a processor
#   SEED=n                repeat the random part of `make host` and of MACHINE=attack
#   FUZZ_SECONDS=n        `make host` fuzzes for that long
#   ARCHES="a b"          `make convert` compiles for these: x86_64, arm, s390.. or all
#   FILES="a.c b.c"       `make convert` converts these files, of any tree
#   SERIES_BUILD=1        `make series` builds x86_64 at each patch; n: from the nth
#   SOAK_SECONDS=n        `make soak` throws system calls for that long; 600
#   BENCH=name            one row of `make bench`, or several
#   DMA_PHYS_BUILD=dir    all that is made is there instead of in build/
#   SUITE=name            that of Debian for `make minimal`; TARGETS="demo test"

export KERNEL KSRC MACHINE JOBS SEED FUZZ_SECONDS SOAK_SECONDS \
	ARCHES FILES SERIES_BUILD BENCH
MAKEFLAGS += --no-print-directory

BUILD := $(or $(DMA_PHYS_BUILD),build)
ifneq ($(word 2,$(BUILD)),)
$(error DMA_PHYS_BUILD has blanks, with which the kernel does not build)
endif

# What is made for other kernels than 6.12 is in a directory of its own.
others := $(filter-out 6.12,$(basename $(notdir $(wildcard kernels/*.conf))))
places := $(BUILD) $(addprefix $(BUILD)/,$(others))

# The kernel's own make, called below, must not see our variables as its own.
run = @env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL

.PHONY: help demo test unit lint cocci machines machines-all deps source tree \
	clean distclean host convert bench cover series unit-debug soak mutants minimal

help:
	@awk -F '##' '/^[a-z-]+:.*##/ { split($$1, t, ":"); \
		printf "  make %-11s%s\n", t[1], $$2 }' $(firstword $(MAKEFILE_LIST))
	@sed -n 's/^#   \([A-Z_]*=.*\)/  \1/p' $(firstword $(MAKEFILE_LIST))

demo:		## the main job: graft, build, boot, real P2P IO, verified
	$(run) tools/demo

# What make test does of the newest kernel, unless one is asked for
NEWEST := $(if $(KERNEL)$(KSRC),,7.3:unit 7.3:user-pages 7.3:cpu-access 7.3:demo)

test:		## everything CI runs: host unit lint cocci machines; some on 7.3
	$(run) tools/test host unit lint cocci machines $(NEWEST)

host:		## the range tree in user space: sanitizers, fuzzer
	$(run) tools/test -1 host

unit:		## KUnit suites under UML, 64-bit and 32-bit
	$(run) tools/test -1 unit

unit-debug:	## the same in QEMU: KASAN, kmemleak, lockdep, KCSAN
	$(run) tools/test -1 unit-debug

lint:		## checkpatch, sparse, kernel-doc, shellcheck; checks of the checks
	$(run) tools/test -1 lint

cocci:		## golden triplets of every semantic patch; the graft itself
	$(run) tools/test -1 cocci

machines:	## QEMU machines, the short list; MACHINE=name for one of all
	$(run) tools/test -1 machines

machines-all:	## all but soak and debug, with a table of what they showed
	$(run) tools/test -1 machines-all

deps:		## install the Debian packages that all this needs
	$(run) tools/deps

source:		## unpack the pristine kernel source: build/source
	$(run) tools/source

tree:		## graft it: build/tree
	$(run) tools/tree

convert:	## the converters on the whole tree; touched objects compiled
	$(run) tools/test -1 convert

bench:		## stock against grafted: tables and plots in build/bench
	$(run) tools/test -1 bench

cover:		## line and branch coverage of our files: build/cover/html
	$(run) tools/test -1 cover

series:		## the graft as patches for git am: build/series/patches
	$(run) tools/test -1 series

soak:		## the attack machine for long, under KASAN, lockdep, kmemleak
	$(run) tools/test -1 soak

mutants:	## mistakes planted in our files, which the suites must find
	$(run) tools/test -1 mutants

minimal:	## the demo in a Debian with git and make only; SUITE=, TARGETS=
	$(run) tools/minimal "$(SUITE)" $(TARGETS)

clean:		## remove builds and logs; keep source, tree, ccache, guest
	rm -rf $(foreach d,$(places),$(addprefix $(d)/,bench convert cover host \
		kernel log machine minimal mutants series \
		broken.* cocci.* lint.*))

distclean: clean	## and those: all that was made
	rm -rf $(addprefix $(BUILD)/,$(others) source src tree tree.source ccache \
		guest .lock.*)
