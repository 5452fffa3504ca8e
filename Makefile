# make demo   the environment, then the whole workflow on the embedded cohort
# make test   the environment with test tools, then the test suite
# make test-slurm   the README's cluster command on a real Slurm, started on this machine (Debian, root)
# make test-browser   the pages in a real Chromium, installed where there is none (Debian, root)
# make env    the environment alone, in .venv
# make lint   style and structure
# make docs   the documentation as a site, build/site/index.html
# make wheel  dist/contrage-VERSION-py3-none-any.whl
# make lock   constraints.txt anew from pyproject.toml; newer versions with UPGRADE=--upgrade
PYTHON ?= python3
BIN := .venv/bin
CORES ?= all
# Snakemake 9.27 wakes its scheduler once per timespan for every job that has finished; with the
# default of one second that takes a good part of a core in a run of hundreds of short jobs.
BRISK := --scheduler greedy --max-jobs-per-timespan 1000/10s
# One more than the cores of a small machine: runs of the workflow wait a good part of their time.
WORKERS ?= 3

# uv takes what constraints.txt locks and checks its hashes, of build tools as well. Bytecode is made
# here, as pip does: where PYTHONDONTWRITEBYTECODE is set, every job would compile PyTorch anew.
INSTALL = uv pip install --quiet --compile-bytecode --python $(BIN)/python \
  --constraint constraints.txt --build-constraint constraints.txt --editable
LOCK = env -u UV_FIND_LINKS -u UV_TORCH_BACKEND uv pip compile --quiet --universal \
  --python-version 3.11 --generate-hashes --custom-compile-command 'make lock' $(UPGRADE)

# An environment that was interrupted while it was made must not make itself.
OUTSIDE := $(PATH)
export PATH := $(CURDIR)/$(BIN):$(PATH)

# uv does not read pip's settings: what pip is told by these two, uv is told as well.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(shell echo $(PIP_FIND_LINKS) | tr ' ' ,)
endif

.PHONY: demo test test-slurm test-browser lint docs wheel lock env clean

demo: $(BIN)/.env
	snakemake --cores $(CORES) $(BRISK) --rerun-incomplete
	@echo
	@echo "The report: $(CURDIR)/results/demo/report.html"

test: $(BIN)/.env-test
	OMP_NUM_THREADS=1 python -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

test-slurm: $(BIN)/.env-test
	OMP_NUM_THREADS=1 python -m pytest tests/slurm -n 2 --dist loadfile

test-browser: $(BIN)/.env-test
	OMP_NUM_THREADS=1 python -m pytest tests/browser

lint: $(BIN)/.env-test
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	lint-imports
	snakemake --lint

docs: $(BIN)/.env-test
	python docs/build_site.py

# What an earlier build left would go into the wheel as well.
wheel: $(BIN)/uv
	rm -rf build/lib build/bdist.*
	uv build --quiet --wheel --out-dir dist --build-constraint constraints.txt .

env: $(BIN)/.env

$(BIN)/activate:
	@PATH="$(OUTSIDE)" $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "contrage needs Python 3.11 or newer; say which: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	PATH="$(OUTSIDE)" $(PYTHON) -m venv --clear .venv

$(BIN)/uv: $(BIN)/activate envs/uv.txt
	python -m pip install --disable-pip-version-check --quiet --force-reinstall --require-hashes --requirement envs/uv.txt
	@touch $@

$(BIN)/.env: $(BIN)/uv pyproject.toml constraints.txt
	$(INSTALL) .
	@touch $@

$(BIN)/.env-test: $(BIN)/uv pyproject.toml constraints.txt
	$(INSTALL) '.[test]'
	@touch $@ $(BIN)/.env

# PyTorch's builds for processors are not on PyPI, where uv looks for hashes.
lock: export KNOWN_BUILDS = NR == FNR { line[++n] = "    --hash=sha256:" $$1 " \\"; known[line[n]] } \
  NR == FNR || $$0 in known { next } { print } /^torch==/ { for (i = 1; i <= n; i++) print line[i] }
lock: $(BIN)/uv
	$(LOCK) pyproject.toml --all-extras --annotation-style line --output-file constraints.txt
	awk "$$KNOWN_BUILDS" envs/torch-cpu.sha256 constraints.txt > constraints.new
	mv constraints.new constraints.txt
	echo uv | $(LOCK) - --no-annotate --output-file envs/uv.txt

clean:
	rm -rf .venv results .snakemake build dist
