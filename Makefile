# `make help` lists what there is. Every command makes the environment in .venv if it is missing or out of date.
#   make lab TORCH=cpu           PyTorch's CPU wheels, 1 GB. The default without an NVIDIA driver, if PyTorch's index answers.
#   make lab TORCH=cuda          PyTorch as the package registry has it: on Linux with CUDA, 6 GB. The default otherwise.
#   make lab PYTHON=python3.12   another Python than python3

PYTHON ?= python3
TORCH  ?= auto
VENV   := .venv
BIN    := $(VENV)/bin
CPU_INDEX := https://download.pytorch.org/whl/cpu
CACHE   = $${UV_CACHE_DIR:-$${XDG_CACHE_HOME:-$$HOME/.cache}}
NO_CACHE = $(shell mkdir -p "$(CACHE)" 2>/dev/null && test -w "$(CACHE)" || echo --no-cache)
UV      = $(BIN)/uv pip install $(NO_CACHE) --python $(BIN)/python
# One command installs all: torch and torchvision are then of one build.
INSTALL = $(UV) --constraint constraints.txt $$(grep -qx cpu $(VENV)/.torch && echo --torch-backend cpu) --editable

# Two workers with a thread each: the tests' networks are too small for two threads to pay off. The cells of a notebook
# need one kernel, so that a file stays with one worker.
PYTEST = -m pytest -n 2 --dist loadscope
FAST   = tests cnnlab -m "not slow and not browser and not notebook"
test check lowest: export OMP_NUM_THREADS = 1

.DEFAULT_GOAL := help
.PHONY: help lab test check lint lowest notebooks bench clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab: $(VENV)/.course  ## install the course and open it in JupyterLab (PORT=8889 to choose the port)
	@$(BIN)/cnnlab lab

test: lint  ## lint, types, and every test: unit, papers, doctests, notebooks, browser
	$(BIN)/python $(PYTEST)

check: lint  ## lint, types, and the tests that take seconds
	$(BIN)/python $(PYTEST) $(FAST)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lowest: $(VENV)/.test  ## the fast tests with the lowest versions that pyproject.toml allows, in .venv-lowest
	$(BIN)/uv venv --clear --python $(BIN)/python $(VENV)-lowest
	$(BIN)/uv pip install --python $(VENV)-lowest/bin/python --resolution lowest-direct --editable '.[test,landmarks]'
	$(VENV)-lowest/bin/python $(PYTEST) $(FAST)

notebooks: $(VENV)/.test  ## run lectures and solutions, save their outputs, make the exercises
	$(BIN)/cnnlab run --save $(sort $(wildcard notebooks/*.ipynb notebooks/solutions/*.ipynb))
	$(BIN)/python -m cnnlab.course.exercises.making

bench: $(VENV)/.bench  ## time fit against other libraries, and the rest (half an hour)
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/runtime.py
	$(BIN)/python benchmarks/convolutionize.py
	$(BIN)/python benchmarks/classifying.py
	$(BIN)/python benchmarks/style.py

clean:  ## remove the environments
	rm -rf $(VENV) $(VENV)-lowest

# Stamps: a second run starts at once; a change of the dependencies installs again.
$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "cnnlab needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is $$($(PYTHON) -V 2>&1); name another: make lab PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing; on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt uv
	@touch $@

# The build of PyTorch: as asked, else as before, else what fits this machine. Another one than before is installed anew.
$(VENV)/.torch: $(VENV)/.venv
	@build=$(TORCH); why="as asked"; before=$$(cat $@ 2>/dev/null); \
	if [ $$build = auto ] && [ -n "$$before" ]; then build=$$before; why="as before"; fi; \
	if [ $$build = auto ]; then \
	  build=cuda; \
	  if [ "$$(uname -s)" != Linux ]; then why="one build for this system"; \
	  elif [ -e /proc/driver/nvidia ] || command -v nvidia-smi >/dev/null; then why="there is an NVIDIA driver"; \
	  elif timeout 6 $(BIN)/python -c "import urllib.request as r; r.urlopen('$(CPU_INDEX)/torch/', timeout=5)" 2>/dev/null; \
	  then build=cpu; why="there is no NVIDIA driver"; \
	  else why="$(CPU_INDEX), which has the CPU wheels, does not answer"; fi; \
	fi; \
	case $$build in \
	  cpu) echo "PyTorch's CPU wheels, 1 GB ($$why). With CUDA, 6 GB: make lab TORCH=cuda" ;; \
	  cuda) echo "PyTorch as the package registry has it ($$why): on Linux with CUDA, 6 GB. Without, 1 GB: make lab TORCH=cpu" ;; \
	  *) echo "TORCH must be cpu or cuda, got $$build"; exit 1 ;; \
	esac; \
	if [ -n "$$before" ] && [ $$build != "$$before" ]; then $(BIN)/uv pip uninstall --python $(BIN)/python torch torchvision; fi; \
	echo $$build > $@
ifneq ($(TORCH),auto)
ifneq ($(TORCH),$(shell cat $(VENV)/.torch 2>/dev/null))
.PHONY: $(VENV)/.torch
endif
endif

$(VENV)/.course: $(VENV)/.torch pyproject.toml constraints.txt
	@echo "Installing the course into $(VENV): some minutes the first time"
	$(INSTALL) '.[landmarks]'
	@touch $@

$(VENV)/.test: $(VENV)/.course
	@echo "Installing what tests need into $(VENV): 30 packages, 0.2 GB the first time"
	$(INSTALL) '.[test,landmarks]'
	@touch $@

$(VENV)/.bench: $(VENV)/.course
	@echo "Installing what the benchmarks compare with into $(VENV): 1 GB the first time"
	$(INSTALL) '.[bench,landmarks]'
	@touch $@
