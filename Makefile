# Two commands: `make run` serves the app, `make test` runs every test. Everything else is a part of them.
PORT ?= 8501
WORKERS ?= 2  # processes that share the test files; each computes on one core
# make run HOST=0.0.0.0 lets others in; a HOST that the shell happens to hold does not
LISTEN := $(if $(filter command line,$(origin HOST)),--host $(HOST))
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
DEMO := workspaces/shop-demo
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: run live monitor test soak bench lint system clean

run: $(DEMO)/workspace.json
	@$(PY) -m dashboard --port $(PORT) $(LISTEN)

# the demo in production, on a copy of it: TREND=CATEGORY, POISON=SHARE, RATE=VISITS_A_SECOND, LEARN=1
LIVE := $(if $(TREND),--trend '$(TREND)') $(if $(POISON),--poison $(POISON)) $(if $(RATE),--rate $(RATE)) $(if $(LEARN),--learn)
live: $(DEMO)/workspace.json
	@$(PY) -m dashboard.live --port $(PORT) $(LIVE)

monitor: $(DEMO)/workspace.json
	@$(PY) -m dashboard.live --port $(PORT) $(LIVE) --prometheus

$(VENV)/bin/python:
	@echo "[1/4] creating the environment"
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, this is $$(python3 --version)"; exit 1; }
	@python3 -m venv $(VENV)

# torch first and exact: a range, or another package's wish, would bring gigabytes of CUDA packages
$(READY): requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "[2/4] installing pinned requirements (about 3 minutes, 1.5 GB the first time)"
	@$(PY) -m pip install --quiet --disable-pip-version-check $$(grep '^torch==' requirements.txt)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . 2>/dev/null || $(PY) -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(READY_DEV): requirements-dev.txt $(READY)
	@echo "installing what the tests need"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(DEMO)/workspace.json: | $(READY)
	@echo "[3/4] preparing the shop demo: encoding titles, training, measuring the default levels (about 3 minutes)"
	@mkdir -p workspaces
	@$(PY) -m recsys_core prepare sample_data/shop --out $(DEMO) --name "shop demo"
	@echo "[4/4] starting"

# Debian's package of Prometheus starts a service that listens on every address, now and at every boot: here it may not
system:
	@missing=; \
	  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing="chromium fonts-noto-cjk"; \
	  command -v prometheus >/dev/null && command -v promtool >/dev/null || missing="$$missing prometheus"; \
	  [ -z "$$missing" ] || { \
	  echo "installing through the system's packages: $$missing"; \
	  if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO=sudo; fi; \
	  units=; [ ! -d /run/systemd/system ] || case "$$missing" in *prometheus*) units=prometheus;; esac; \
	  [ -z "$$units" ] || $$SUDO systemctl mask --quiet --runtime $$units; \
	  $$SUDO apt-get update -q >/dev/null && $$SUDO apt-get install -y -q --no-install-recommends $$missing >/dev/null; \
	  status=$$?; \
	  [ -z "$$units" ] || { $$SUDO systemctl unmask --quiet --runtime $$units; $$SUDO systemctl disable --quiet --now $$units; }; \
	  exit $$status; }

test: $(READY_DEV) system
	$(PY) -m ruff check .
	$(PY) -m mypy
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -rs -n $(WORKERS) --dist loadfile --no-loadscope-reorder

soak: $(READY_DEV)
	$(PY) -m pytest -q tests -m soak --timeout 3600
	$(PY) -m pytest -q tests/core --hypothesis-profile search --timeout 3600

bench: $(READY_DEV)
	for b in $(filter-out benchmarks/peer% benchmarks/history% benchmarks/scale.py benchmarks/learning.py,$(sort $(wildcard benchmarks/*.py))); do echo "== $$b"; $(PY) $$b || exit 1; done

lint: $(READY_DEV)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean:
	rm -rf $(VENV) workspaces *.egg-info
