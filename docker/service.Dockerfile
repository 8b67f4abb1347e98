# The six services, and the `vigie` command, from one file:
#   docker build -f docker/service.Dockerfile --build-arg SERVICE=tracking -t vigie-tracking .
#   docker build -f docker/service.Dockerfile --target cli -t vigie-cli .
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
# The compiler makes the machine code of the codec and the cores, below; the images that run carry none. Any version does.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=/src/constraints.txt
RUN python -m venv /opt/vigie
ENV PATH=/opt/vigie/bin:$PATH
WORKDIR /src
COPY constraints.txt ./
COPY schemas schemas
COPY models models
COPY libs/common libs/common
RUN pip install ./libs/common \
 && mkdir -p /opt/vigie/cache \
 && VIGIE_CACHE=/opt/vigie/cache python -c "from vigie_common import avro, matrix; avro.LIBRARY.module; matrix.LIBRARY.module"

FROM build AS build-service
ARG SERVICE
COPY services services
# Compiled code is built for any CPU of the architecture; at run it is loaded from a read-only cache.
RUN test -d "services/${SERVICE}" || { echo "SERVICE=${SERVICE}: no such folder in services/" >&2; exit 1; } \
 && pip install "./services/${SERVICE}" \
 && case "${SERVICE}" in tracking|rule_engine) VIGIE_CACHE=/opt/vigie/cache python -c "from vigie_${SERVICE}.core import warm_up; warm_up()" ;; esac \
 && printf '#!/bin/sh\nexec python -m vigie_%s "$@"\n' "${SERVICE}" > /opt/vigie/bin/start-service \
 && chmod 755 /opt/vigie/bin/start-service

FROM build AS build-cli
COPY services services
COPY libs/scene libs/scene
COPY libs/cli libs/cli
RUN pip install ./services/frame_sampler ./services/inference ./services/tracking ./services/rule_engine \
    ./services/alert ./services/statistics ./libs/scene ./libs/cli \
 && for compiled in vigie_tracking.compiled vigie_rule_engine.layers.jit vigie_scene.kernels.compiled; do \
      VIGIE_CACHE=/opt/vigie/cache python -c "from ${compiled} import KERNELS; KERNELS.library" || exit 1; done

FROM python:${PYTHON} AS run
RUN groupadd --gid 10001 vigie && useradd --uid 10001 --gid vigie --no-create-home --home-dir /tmp vigie \
 && install -d -o vigie -g vigie /var/lib/vigie
ENV PATH=/opt/vigie/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 VIGIE_CACHE=/opt/vigie/cache
WORKDIR /tmp
USER 10001:10001

FROM run AS cli
COPY --from=build-cli /opt/vigie /opt/vigie
ENTRYPOINT ["vigie"]

FROM run AS service
COPY --from=build-service /opt/vigie /opt/vigie
EXPOSE 8080
ENTRYPOINT ["start-service"]
