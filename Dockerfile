# One image for web, worker, beat and the one-shot preparation; see docker-compose.yml.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    DATA_DIR=/data \
    BIND_ADDRESS=0.0.0.0

WORKDIR /site
COPY requirements.txt ./
RUN pip install -r requirements.txt

RUN useradd --uid 1000 --create-home batuta \
    && mkdir /data \
    && chown batuta:batuta /data

# By name: a developer's .env and data must not become part of an image.
COPY manage.py ./
COPY jobs jobs
COPY project project
COPY templates templates

USER batuta
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "web"]
