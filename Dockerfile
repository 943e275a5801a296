# The worker's image: the locked versions and the package, without compiler, tests or root.
# Python 3.11 is what the tests run on. The full image is for building only: on some processors a
# dependency has no wheel and needs a compiler.
FROM python:3.11-bookworm AS build
WORKDIR /src
COPY requirements-worker.lock ./
RUN python -m venv /opt/voucherwatch \
    && /opt/voucherwatch/bin/pip install --no-cache-dir --require-hashes -r requirements-worker.lock
COPY requirements.lock ./
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY .ci/compile_core.py ./.ci/
COPY streams ./streams
COPY config ./config
COPY dashboards ./dashboards
# The wheel brings the compiled core, which is several times as fast.
RUN VOUCHERWATCH_COMPILE=1 /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w /wheels . \
    && /opt/voucherwatch/bin/pip install --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.11-slim-bookworm
COPY --from=build /opt/voucherwatch /opt/voucherwatch
# Inside a container the loopback address reaches nobody; publish the port on the host's own terms.
ENV PATH=/opt/voucherwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VOUCHERWATCH_WEB_HOST=0.0.0.0
WORKDIR /var/lib/voucherwatch
# A volume takes over the owner of the folder that it is mounted on.
RUN install -d -o 65532 -g 65532 /var/lib/voucherwatch /var/lib/relay
USER 65532:65532
EXPOSE 6066
# Alive means that the loop turns; readiness (/readyz) is for whoever routes work, not for a restart.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:6066/healthz', timeout=4)"]
ENTRYPOINT ["voucherwatch"]
CMD ["worker"]
