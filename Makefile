# Everything a newcomer needs: `make up` runs Tingsu, `make test` tests it. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up setup test check fmt unit nlu-test bench-real bench-banking77 bench-rasa bench-turn bench-desk screenshots tune vectors requirements browser clean

PY := .venv/bin/python
INSTALL := .venv/bin/uv pip install --quiet --require-hashes

help:  ## List what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

up: setup  ## Set up what is missing, train if needed, start everything; Ctrl-C stops it
	@exec $(PY) -m bot up

setup: .venv/.app .venv-rasa/.rasa  ## Make both environments

.venv/.uv: requirements/uv.txt
	@python=$$(requirements/find-python 3.11+) && echo "Making .venv with $$python" && $$python -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.app: requirements/app.txt .venv/.uv
	@echo "Installing what Tingsu needs (a minute at the first time)"
	@$(INSTALL) --python .venv/bin/python -r requirements/app.txt
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.app
	@echo "Installing what tests and checks need"
	@$(INSTALL) --python .venv/bin/python -r requirements/dev.txt
	@touch $@

.venv-rasa/.rasa: requirements/rasa.txt .venv/.uv
	@python=$$(requirements/find-python 3.10) && echo "Making .venv-rasa with $$python (rasa is large: some minutes at the first time)" \
	  && $$python -m venv --clear .venv-rasa
	@$(INSTALL) --python .venv-rasa/bin/python -r requirements/rasa.txt
	@touch $@

test: setup .venv/.dev check browser nlu-test  ## Run every check and every test
	@$(PY) -m bot train
	@$(PY) -m pytest $(PYTEST_ARGS)

check: setup .venv/.dev  ## Lint, types, layers: seconds
	@.venv/bin/ruff format --check --quiet . || { echo "run make fmt"; exit 1; }
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

fmt: .venv/.dev  ## Format the code
	@.venv/bin/ruff check --quiet --fix .
	@.venv/bin/ruff format --quiet .

unit: setup .venv/.dev  ## Only the tests without I/O: seconds
	@$(PY) -m pytest tests/unit

nlu-test: .venv-rasa/.rasa  ## The tests of nlu/, in rasa's own environment
	@PYTHONPATH=. .venv-rasa/bin/python -m pytest -q -p no:cacheprovider -c tests/unit/nlu/pytest.ini tests/unit/nlu

bench-rasa: setup .venv/.dev  ## Measure our rasa beside rasa's defaults; hours, or minutes with BENCH_ARGS="--their-epochs 2"
	@$(PY) -m benchmarks.rasa_defaults $(BENCH_ARGS)

bench-turn: setup .venv/.dev  ## Measure what nlu/quicker.py saves: minutes
	@$(PY) -m bot train
	@$(PY) -m benchmarks.rasa_turn $(BENCH_ARGS)

bench-desk: setup .venv/.dev browser  ## Measure the desk with 10,000 open complaints, 3 staff, 10 customers: six minutes at most
	@$(PY) -m benchmarks.desk $(BENCH_ARGS)

screenshots: setup .venv/.dev browser  ## Take the pictures of docs/screens.md anew: minutes
	@$(PY) -m docs.screenshots $(SCREENSHOT_ARGS)

browser:  ## Make sure that there is a chromium for the browser tests
	@command -v chromium >/dev/null || [ -x "$${TINGSU_CHROMIUM:-/none}" ] || { \
	  echo "Installing chromium for the browser tests"; \
	  (apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk) >/dev/null 2>&1 || \
	  sudo -n apt-get install -y -qq chromium fonts-noto-cjk >/dev/null 2>&1 || \
	  { echo "Browser tests need chromium: install it (Debian: apt install chromium), or set TINGSU_CHROMIUM to its path"; exit 1; }; }

tune: setup  ## Tune the transformer to the corpus: an hour; TUNE_ARGS="--anew --passes 4" begins with the model as it comes
	@$(PY) -m bot tune $(TUNE_ARGS)

vectors: setup  ## Keep the corpus's sentence vectors with the code, so that a first training is quick
	@$(PY) -m bot train
	@.venv-rasa/bin/python -m nlu.known_vectors var/cache data/vectors/multilingual-e5-small.npz

requirements:  ## Compile the pinned requirements anew
	@for name in uv app; do .venv/bin/uv pip compile -q --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url requirements/$$name.in -o requirements/$$name.txt; done
	@.venv/bin/uv pip compile -q --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url -c requirements/app.txt requirements/dev.in -o requirements/dev.txt
	@.venv/bin/uv pip compile -q --upgrade --python-version 3.10 --generate-hashes --no-emit-index-url requirements/rasa.in -o requirements/rasa.txt

bench-real: setup  ## How well texts of real customers are understood: FILE=texts.jsonl
	@$(PY) -m benchmarks.real "$(FILE)"

bench-banking77: .venv-rasa/.rasa  ## The pipeline on BANKING77: TRAIN=train.csv TEST=test.csv
	@PYTHONPATH=. OMP_WAIT_POLICY=passive PYTHONWARNINGS=ignore .venv-rasa/bin/python -m benchmarks.banking77 "$(TRAIN)" "$(TEST)"

clean:  ## Throw away environments and the data folder, database included
	@rm -rf .venv .venv-rasa var
