# `make help` lists what there is. Every command makes the environment in .venv if it is missing or out of date.
# PyTorch's CPU wheels (1 GB instead of 6) for those who have no GPU:   make lab TORCH=cpu   (after make clean, if the
# other wheels are installed)
# Another Python than python3:                                          make lab PYTHON=python3.12

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ifeq ($(TORCH),cpu)
TORCH_INDEX := --extra-index-url https://download.pytorch.org/whl/cpu
endif

.DEFAULT_GOAL := help
.PHONY: help lab test check notebooks bench clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab: $(VENV)/.course  ## install the course and open it in JupyterLab (PORT=8889 to choose the port)
	@$(BIN)/cnnlab lab

test: $(VENV)/.test  ## lint, types, and every test: unit, papers, doctests, notebooks, browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

check: $(VENV)/.test  ## lint, types, and the tests that take seconds
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests cnnlab -m "not slow and not browser and not notebook"

notebooks: $(VENV)/.test  ## run lectures and solutions, save their outputs, make the exercises
	$(BIN)/cnnlab run --save $(sort $(wildcard notebooks/*.ipynb notebooks/solutions/*.ipynb))
	$(BIN)/python -m cnnlab.course.exercises.making

bench: $(VENV)/.bench  ## time fit against other libraries, and the rest (half an hour)
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/convolutionize.py
	$(BIN)/python benchmarks/classifying.py

clean:  ## remove the environment
	rm -rf $(VENV)

# Stamps: a second run starts at once; a change of the dependencies installs again.
$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "cnnlab needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is $$($(PYTHON) -V 2>&1); name another: make lab PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing; on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.course: $(VENV)/.venv pyproject.toml constraints.txt
	@echo "Installing the course into $(VENV): some minutes the first time ..."
	@$(PIP) --constraint constraints.txt torch torchvision $(TORCH_INDEX)
	@$(PIP) --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.course
	@$(PIP) --constraint constraints.txt --editable '.[test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.course
	@$(PIP) --constraint constraints.txt --editable '.[bench]'
	@touch $@
