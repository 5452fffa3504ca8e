# make demo   the environment, then the whole workflow on the embedded cohort
# make test   the environment with test tools, then the test suite
# make test-slurm   the README's cluster command on a real Slurm, started on this machine (Debian, root)
# make env    the environment alone, in .venv
# make lint   style and structure
PYTHON ?= python3
BIN := .venv/bin
CORES ?= all
# Snakemake 9.27 wakes its scheduler once per timespan for every job that has finished; with the
# default of one second that takes a good part of a core in a run of hundreds of short jobs.
BRISK := --scheduler greedy --max-jobs-per-timespan 1000/10s
WORKERS ?= 2

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo test test-slurm lint env clean

demo: $(BIN)/.env
	snakemake --cores $(CORES) $(BRISK) --rerun-incomplete
	@echo
	@echo "The report: $(CURDIR)/results/demo/report.html"

test: $(BIN)/.env-test
	OMP_NUM_THREADS=1 python -m pytest -n $(WORKERS) --dist loadgroup

test-slurm: $(BIN)/.env-test
	OMP_NUM_THREADS=1 python -m pytest tests/slurm -n 2 --dist loadfile

lint: $(BIN)/.env-test
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow/rules
	lint-imports
	snakemake --lint

env: $(BIN)/.env

$(BIN)/activate:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "contrage needs Python 3.11 or newer; say which: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv

$(BIN)/.env: $(BIN)/activate pyproject.toml constraints.txt
	python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable .
	@touch $@

$(BIN)/.env-test: $(BIN)/activate pyproject.toml constraints.txt
	python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@ $(BIN)/.env

clean:
	rm -rf .venv results .snakemake
