# The processes of `froe consume` (docs/processes.md):
#   docker build -t froe .
#   docker run --read-only --tmpfs /tmp --env-file stage.env froe --workers 4
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.lock requirements-cli.txt ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock \
 && grep -E '^(click|rich)==' requirements-cli.txt > command.txt \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r command.txt

FROM python:3.13-slim
COPY --from=build /venv /venv
WORKDIR /froe
# app.py is what makes the folder an application.
COPY app.py ./app.py
COPY chalicelib ./chalicelib
COPY froe ./froe
COPY infra ./infra
# A froe.toml with formats of your own: mount it, and set FROE_CONFIG to its path.
RUN python -m compileall -q chalicelib froe && useradd --system --no-create-home --uid 10001 froe
USER 10001
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Asks once every half minute whether every process was well within the last minute.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD python -c "import os, sys, time; sys.exit(time.time() - os.stat('/tmp/healthy').st_mtime > 60)"
# ECS gives a volume the rights that the folder has here.
VOLUME ["/tmp"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "froe", "consume", "--health-file", "/tmp/healthy"]
