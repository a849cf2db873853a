# Two targets: `app` (default) runs web, worker, dispatcher and migrate; `upkeep` adds Postgres'
# own programs, for `chargechase backup` and `restore`.
ARG PYTHON=python:3.13-slim-bookworm
ARG POSTGRES=postgres:18-bookworm

FROM ${PYTHON} AS packages
WORKDIR /build
COPY requirements.txt ./
# No pip in the venv: what is not there cannot install anything later.
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-deps --require-hashes --only-binary :all: -r requirements.txt

FROM packages AS code
WORKDIR /app
COPY domain ./domain
COPY application ./application
COPY adapters ./adapters
COPY web ./web
COPY wiring ./wiring
RUN python -m compileall -q --invalidation-mode unchecked-hash /app

FROM ${POSTGRES} AS upkeep
COPY --from=packages /usr/local /usr/local
COPY --from=packages /venv /venv
COPY --from=code /app /app
# A volume that is mounted at /backups for the first time takes its owner from here.
RUN ldconfig \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin chargechase \
    && install --directory --owner 10001 --group 10001 --mode 0700 /backups
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
ENTRYPOINT []
CMD ["python", "-m", "wiring", "backup", "--folder", "/backups"]

FROM ${PYTHON} AS app
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin chargechase
COPY --from=packages /venv /venv
COPY --from=code /app /app
WORKDIR /app
# Nothing is written but to standard output: the root file system can be read-only.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CHARGECHASE_HOST=0.0.0.0 \
    CHARGECHASE_PORT=8000 \
    CHARGECHASE_METRICS_PORT=9100
USER 10001:10001
EXPOSE 8000 9100
STOPSIGNAL SIGTERM
# Every process answers on its metrics port once it is at work.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9100/metrics', timeout=4)"]
CMD ["python", "-m", "wiring", "web"]
