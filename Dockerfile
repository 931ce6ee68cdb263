# Backoffice for production: one image, its command says which process it is.
#   docker build -t backoffice .
# PostgreSQL 18, Valkey and an S3 server run elsewhere (compose.yaml shows all together).

# --- front-end packages: fetched by the hashes of package-lock.json, no scripts run
FROM node:24-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund

# --- Python packages: installed by hash, without the embedded servers
FROM python:3.13-slim AS packages
WORKDIR /build
RUN python -m venv /opt/backoffice
COPY pyproject.toml requirements.lock ./
# The embedded servers are for machines without any; an image points to real ones.
COPY app/cli/lock_without_embedded.py ./
RUN python lock_without_embedded.py pyproject.toml requirements.lock > server.lock \
    && /opt/backoffice/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r server.lock
COPY --from=assets /build/node_modules ./source/node_modules
COPY package-lock.json ./source/
COPY app ./source/app
RUN sha256sum source/package-lock.json | cut -d' ' -f1 | tr -d '\n' > source/node_modules/.installed \
    && cd source && /opt/backoffice/bin/python -m app.cli.assets && rm -rf node_modules

# --- what runs: no compiler, no package manager of Node, not root
FROM python:3.13-slim
RUN groupadd --system --gid 10001 backoffice \
    && useradd --system --uid 10001 --gid backoffice --home-dir /srv/backoffice --no-create-home backoffice
WORKDIR /srv/backoffice
COPY --from=packages /opt/backoffice /opt/backoffice
COPY --from=packages /build/source/app ./app
COPY tenants ./tenants
COPY connectors ./connectors
COPY migrations ./migrations
COPY LICENSE pyproject.toml ./
RUN /opt/backoffice/bin/python app/cli/checkout.py \
    && /opt/backoffice/bin/python -m compileall -q app tenants connectors migrations
ENV PATH=/opt/backoffice/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BACKOFFICE_ENVIRONMENT=production \
    BACKOFFICE_DATA_DIR=/var/tmp/backoffice
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["backoffice"]
CMD ["serve", "--host", "0.0.0.0"]
