# Volley. `make train` is the one minute of the README; `make test` passes the tests.

SWIFT ?= swift
PACKAGES := libzmq3-dev libusb-1.0-0-dev zlib1g-dev libumockdev-dev
# `apt-get` needs root; in a container one usually is root and there is no sudo.
SUDO := $(shell [ "$$(id -u)" -eq 0 ] || echo sudo)
# Warnings are errors when CI is set (Package.swift); undeclared imports are errors always.
FLAGS := -c release --explicit-target-dependency-import-check error
SOURCES := Package.swift Sources Tests drivers protocol simulator-daemon

.PHONY: help build train test bench fuzz lint format setup clean

help:
	@echo "make train   install what is missing, build, train Yin-Yang on the emulated chip"
	@echo "make build   everything in release mode"
	@echo "make test    install what is missing, build, pass the tests"
	@echo "make bench   time all parts; results with machine description go to runs/bench-DATE.json"
	@echo "make fuzz    hand the wire's decoders and state machines to libFuzzer (Tests/Fuzz/README.md)"
	@echo "make lint    formatting and import rules"
	@echo "make format  bring all sources into form"
	@echo "make setup   install the system packages that are missing ($(PACKAGES))"
	@echo "make clean   remove what was built"

build: setup
	$(SWIFT) build $(FLAGS)

train: build
	.build/release/volley train yinyang

test: setup
	$(SWIFT) build $(FLAGS) --build-tests
	$(SWIFT) test -c release --skip-build

# BENCH="emulator --level avx2" chooses; $$VOLLEY_DATA or BENCH="--data DIR" says where MNIST is.
bench: setup
	$(SWIFT) build $(FLAGS) --product volleyd
	$(SWIFT) build $(FLAGS) --product Benchmarks
	mkdir -p runs
	.build/release/Benchmarks run --json runs/bench-$$(date +%Y%m%d-%H%M%S).json $(BENCH)

# SUBJECTS="device host" chooses, FUZZ="-runs=10000000" or "-max_total_time=600" says for how long. Comparisons are traced,
# which finds numbers for the decoders; the state machines run faster with FUZZ_COVERAGE=edge,inline-8bit-counters,pc-table.
FUZZ ?= -max_total_time=20
FUZZ_COVERAGE ?=
FUZZ_BUILD := .build-fuzz
FUZZ_LIBRARY = $(firstword $(wildcard $(dir $(realpath $(shell command -v $(SWIFT)c)))../lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-$(shell uname -m).a))
fuzz: setup
	@# The compiler keeps objects whose code is the same before it is instrumented.
	@mkdir -p $(FUZZ_BUILD)
	@echo "$(FUZZ_COVERAGE)" | cmp -s - $(FUZZ_BUILD)/coverage || rm -f $(FUZZ_BUILD)/*/release/Wire*.build/*.o
	@echo "$(FUZZ_COVERAGE)" > $(FUZZ_BUILD)/coverage
	VOLLEY_FUZZ="$(FUZZ_LIBRARY)" VOLLEY_FUZZ_COVERAGE="$(FUZZ_COVERAGE)" $(SWIFT) build -c release --scratch-path $(FUZZ_BUILD) --product Fuzzer
	sh Tests/Fuzz/run.sh $(FUZZ_BUILD)/release/Fuzzer $(FUZZ_BUILD)/corpus "$(FUZZ)" $(SUBJECTS)

lint:
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

format:
	$(SWIFT) format format --in-place --parallel --recursive $(SOURCES)

# Asks the package manager for what is missing and for nothing else; quiet when all is there.
setup:
	@command -v $(SWIFT) >/dev/null || { \
	    echo "Swift 6.2 or later is needed: https://www.swift.org/install/linux/" >&2; exit 69; }
	@if command -v dpkg-query >/dev/null; then \
	    missing=""; \
	    for package in $(PACKAGES); do \
	        dpkg-query -W -f='$${Status}' $$package 2>/dev/null \
	            | grep -q "ok installed" || missing="$$missing $$package"; \
	    done; \
	    if [ -n "$$missing" ]; then \
	        echo "Installing$$missing"; \
	        $(SUDO) apt-get update -qq && \
	            $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	                apt-get install -y -qq --no-install-recommends $$missing; \
	    fi; \
	elif ! { [ -e /usr/include/zmq.h ] && [ -e /usr/include/zlib.h ] && \
	    [ -e /usr/include/libusb-1.0/libusb.h ] && [ -e /usr/include/umockdev-1.0/umockdev.h ]; }; then \
	    echo "This is not a Debian-like system. Install the headers of ZeroMQ 4.3, libusb 1.0, zlib" >&2; \
	    echo "and umockdev with your package manager, then run make again." >&2; exit 69; \
	fi

clean:
	$(SWIFT) package clean
