# Everything runs from .venv, which the first target sets up: Python 3.11+, pip and make are enough.

# The first Python that is new enough; `make PYTHON=/path/to/python3.12 …` names another.
NEW_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach python,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(python) -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && echo $(python))))
RUN = .venv/bin
DEMOS = postfix-open-relay postfix-clean sendmail-open-relay exchange-2016-open-relay exchange-2003-open-relay

.PHONY: help demo test accuracy accuracy-small benchmark-accuracy bench docs test-live clean

help:
	@echo 'make demo       analyse the sample logs; the reports are in demo/'
	@echo 'make test       lint, types, room contracts, tests'
	@echo 'make accuracy   measure verdicts against what really happened in the sample logs'
	@echo 'make accuracy-small      some generated incidents, three minutes'
	@echo 'make benchmark-accuracy  all generated incidents; writes docs/accuracy.md, 25 minutes'
	@echo 'make bench      measure speed and memory; writes docs/performance.md, 20 minutes'
	@echo 'make docs       write the derived pages of docs/ anew'
	@echo 'make test-live  tests against a real mail server (root)'
	@echo 'make clean      remove .venv, demo/, build results and caches'

# The stamp comes last, so that a set-up that broke off starts again.
.venv/ready: requirements.lock pyproject.toml
	@test -n '$(PYTHON)' || { echo 'Relaytrail needs Python 3.11 or newer, and none was found.' \
		'Install one, or name it: make PYTHON=/path/to/python3.12'; exit 1; }
	@'$(PYTHON)' -c '$(NEW_ENOUGH)' || { echo '$(PYTHON) is missing, or older than Python 3.11.' \
		'Name a newer one: make PYTHON=/path/to/python3.12'; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || { echo '$(PYTHON) cannot make virtual' \
		'environments: install its venv package (Debian, Ubuntu: apt install python3-venv).'; exit 1; }
	@echo 'Setting up .venv, once …'
	@'$(PYTHON)' -m venv --clear .venv
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/ready
	@set -e; for name in $(DEMOS); do \
		log=$$(ls sample_logs/$$name/mail.log.xz sample_logs/$$name/maillog.xz 2>/dev/null || true); \
		log=$${log:-$$(find sample_logs/$$name -iname '*.log.xz' | sort)}; \
		echo "== sample_logs/$$name"; \
		$(RUN)/relaytrail analyze $$log \
			--site sample_logs/$$name/site.toml --case demo/$$name --force; \
	done
	@echo
	@echo 'The reports, as PDF and as HTML:'
	@for name in $(DEMOS); do echo "  demo/$$name/report.pdf  demo/$$name/report.html"; done

test: .venv/ready
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy --strict analyzer
	$(RUN)/lint-imports
	$(RUN)/python -m pytest --numprocesses=2 --dist=worksteal

accuracy: .venv/ready
	$(RUN)/python -m benchmarks.accuracy.samples

accuracy-small: .venv/ready
	$(RUN)/python -m benchmarks.accuracy.score --small

benchmark-accuracy: .venv/ready
	$(RUN)/python -m benchmarks.accuracy.score

bench: .venv/ready
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r benchmarks/speed/requirements.lock
	$(RUN)/python -m benchmarks.speed

docs: .venv/ready
	$(RUN)/python docs/derive.py

# Installs what is missing, without starting it; 77 means that it cannot be had here.
test-live: .venv/ready
	@sh tests/live/install.sh; case $$? in \
		0) [ "$$(id -u)" = 0 ] || { echo 'Not tested against a real mail server: that needs root.'; exit 0; }; \
			$(RUN)/python -m pytest tests/live;; \
		77) ;; \
		*) exit 1;; \
	esac

clean:
	rm -rf .venv demo build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
