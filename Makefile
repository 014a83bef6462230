# Needs make and Python 3.11 or newer, nothing else. `make` alone prints this list.
SHELL := /bin/sh
PYTHON := .venv/bin/python
MANAGE := $(PYTHON) manage.py
PYTEST := $(PYTHON) -m pytest
# Most tests of the whole site wait for something; each process has a site of its own.
TOGETHER := -n 4 --dist worksteal
# The others do not: more processes than cores would only read the same tests once more.
BUSY := -n auto --maxprocesses 4 --dist worksteal
# A crash of the browser itself is none of a page's doing, unless it comes again.
IN_CHROMIUM := --reruns 2 --only-rerun "(Page|Target) crashed"
# What a broker that fails does to jobs; python -m tests.rabbitmq says where none is found.
ON_RABBITMQ := tests/whole/rescue tests/whole/test_pools.py tests/whole/test_lost.py tests/whole/test_broker.py tests/verbs/test_relay.py tests/verbs/test_rabbitmq.py
# One job through each pool, on each database and broker that is found.
POOLS := tests/whole/test_every_pool.py
# A production-like environment for `manage.py check --deploy`.
DEPLOYED := ENV_FILE=/dev/null DEBUG=0 TRUSTED_ORIGINS=https://jobs.example.org ALLOWED_HOSTS=jobs.example.org \
	DATA_DIR=.venv/check DATABASE_URL= REDIS_URL= BROKER_URL=

.PHONY: help start password test test-rows test-site test-all check bench chaos messages screenshots samples venv venv-dev
.DEFAULT_GOAL := help
# Tests start hundreds of processes, each of which would compile the site and its tests again.
test test-all: export PYTHONDONTWRITEBYTECODE :=

help: ## print this list
	@while IFS= read -r line; do case "$$line" in \
		[a-z]*": "*"## "*) printf '  make %-12s %s\n' "$${line%%:*}" "$${line#*## }" ;; \
	esac; done < Makefile

start: venv ## install, migrate and run everything in this terminal; PORT=8000
	@DEVELOPMENT=$${DEVELOPMENT-1} exec $(MANAGE) start --with-parent

password: venv ## set and print a new password for the admin
	@exec $(MANAGE) password

test: venv-dev ## run the tests (SQLite, and PostgreSQL where one is found)
	@$(MAKE) --no-print-directory -k -j 2 test-rows test-site

test-rows: # what works all the time
	@failed=0; set -x; \
	$(PYTEST) $(BUSY) --ignore tests/whole || failed=1; \
	$(PYTHON) -m tests.postgres $(PYTEST) $(BUSY) tests/nouns tests/verbs || failed=1; \
	exit $$failed

test-site: # what mostly waits, beside it; printed when it has ended
	@failed=0; said=$$(mktemp); { set -x; \
	$(PYTEST) $(TOGETHER) tests/whole || failed=1; \
	$(PYTHON) -m tests.postgres $(PYTEST) $(POOLS) || failed=1; \
	$(PYTHON) -m tests.rabbitmq $(PYTHON) -m tests.postgres $(PYTEST) $(POOLS) tests/verbs/test_rabbitmq.py || failed=1; \
	$(PYTEST) $(IN_CHROMIUM) -m "browser and not long" || failed=1; \
	} >$$said 2>&1; cat $$said; rm -f $$said; exit $$failed

test-all: venv-dev ## run the tests and the long matrices
	@failed=0; set -x; \
	$(PYTEST) $(TOGETHER) -m "not browser" --ignore tests/whole || failed=1; \
	$(PYTEST) $(TOGETHER) -m "not browser" tests/whole || failed=1; \
	$(PYTEST) $(IN_CHROMIUM) -m browser || failed=1; \
	$(PYTHON) -m tests.postgres $(PYTEST) $(TOGETHER) -m "not browser" --ignore tests/whole || failed=1; \
	$(PYTHON) -m tests.postgres $(PYTEST) $(TOGETHER) -m "not browser" tests/whole || failed=1; \
	$(PYTHON) -m tests.rabbitmq $(PYTHON) -m tests.postgres $(PYTEST) $(TOGETHER) -m "not browser" $(POOLS) $(ON_RABBITMQ) || failed=1; \
	BROKER_QUEUE_TYPE=quorum $(PYTHON) -m tests.rabbitmq $(PYTHON) -m tests.postgres $(PYTEST) $(TOGETHER) -m "not browser" $(POOLS) tests/whole/test_broker.py || failed=1; \
	exit $$failed

check: venv-dev ## format, lint, types, imports, templates, deployment, migrations
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --lint templates jobs project
	$(DEPLOYED) $(MANAGE) check --deploy --fail-level WARNING
	$(DEPLOYED) $(MANAGE) makemigrations --check --dry-run

bench: venv-dev ## measure speed, side by side with plain Celery
	$(PYTHON) -m tests.bench

chaos: venv-dev ## hurt a site at random and count what is lost; SECONDS=300 SEED=1
	$(PYTHON) -m tests.whole.chaos --seconds $(or $(SECONDS),300) --seed $(or $(SEED),1)

screenshots: venv-dev ## photograph every page in each state, theme and width, into var/screenshots/
	$(PYTEST) -m browser tests/whole/gallery/screenshots.py tests/whole/browser/readme.py

messages: venv-dev ## gather what is said into the catalogues of other languages, and compile them
	$(PYTHON) -m tests.messages

samples: venv ## write some pictures to try the image task with, into samples/
	$(MANAGE) samples

venv:
	@project/venv.sh

venv-dev:
	@project/venv.sh dev
