SHELL := bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
# Stages run `python`, whatever PATH says it is: the environment's comes first.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
READY := $(VENV)/.ready
# What the environment was made for, by content: git and copies give files new times.
ASKED := $(shell cat requirements.txt pyproject.toml | cksum)
ifneq ($(ASKED),$(shell cat $(READY) 2>/dev/null))
.PHONY: $(READY)
endif

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## Make the virtual environment (the other targets do it where it is missing)

$(READY):
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11, 3.12 or 3.13 is needed (TensorFlow has no wheel for others), this is {v[0]}.{v[1]}: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo '$(ASKED)' > $@

# Experiments are commits: where git knows no name, these stand in.
demo: export GIT_AUTHOR_NAME := $(or $(shell git config user.name),saltseg demo)
demo: export GIT_AUTHOR_EMAIL := $(or $(shell git config user.email),demo@localhost)
demo: export GIT_COMMITTER_NAME := $(GIT_AUTHOR_NAME)
demo: export GIT_COMMITTER_EMAIL := $(GIT_AUTHOR_EMAIL)
demo: export RAY_ADDRESS :=
demo: $(READY)  ## ResNet50 and VGG16 as DVC experiments, folds side by side, and the two compared
	@made=$$(dvc exp list --name-only | tr -d ' ') || exit; \
	missing=$$(printf '%s\n' resnet50 vgg16 | grep -vxF "$$made" | paste -sd,); \
	if [ "$$missing" ]; then set -x; saltseg fan-out --jobs 2 -S backbone=$$missing; \
	else echo 'experiments resnet50 and vgg16 are there; to make one anew: dvc exp remove NAME'; fi
	saltseg compare resnet50 vgg16 --html report.html

# More would not fit into 80 columns beside the names that tune gives; `saltseg scores` has more.
COLUMNS_READ := ^Experiment$$|^(map_iou\.mean|backbone)$$
exps: $(READY)  ## Experiments of this commit and their scores (others: make exps ARGS=--all-commits)
	dvc exp show --no-pager --precision 3 --drop '.*' --keep '$(COLUMNS_READ)' $(ARGS)

reproduce: $(READY)  ## Run everything twice, and say by stage whether the bytes are the same
	dvc repro --force $(STAGES)
	saltseg reproduce $(STAGES)

# The others need a trained model, or files to try it on, or hours.
BENCHMARKS := checkpoint determinism evaluate feeding kernels memory mosaics peer png_readers \
  predict preprocess rate reading start
bench: $(READY)  ## Benchmarks, into build/bench (options: python -m benchmarks.NAME --help)
	@mkdir -p build/bench
	@set -o pipefail; for name in $(BENCHMARKS); do \
	  python -m benchmarks.$$name 2>&1 | tee build/bench/$$name.txt || exit; done

test: $(READY)  ## Tests, three side by side: many of them wait
	pytest -n 3 -m 'not long and not cluster'

test-long: $(READY)  ## Those that train or restore for minutes; before a release, and where they guard
	pytest -n 3 -m 'long and not cluster'

test-cluster: $(READY)  ## A Ray cluster on this machine, a node of which is lost (needs PostgreSQL)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/cluster/requirements.txt
	pytest -m cluster tests/cluster

check: $(READY)  ## Style, types, layers, spelling
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	codespell

audit: $(READY)  ## Known vulnerabilities of the pinned packages, where the index answers
	pip-audit --strict --require-hashes --disable-pip -r requirements.txt

torture: $(READY)  ## Kill a training twenty times: the same bytes each time? (ARGS="--kills 3")
	python -m tests.pipeline.torture $(ARGS)

lock:  ## Pin the newest versions that resolve together (needs uv)
	uv pip compile pyproject.toml --group dev --universal --fork-strategy fewest \
	  --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --upgrade --quiet -o requirements.txt

.PHONY: help setup demo exps reproduce bench test test-long test-cluster check audit torture lock
