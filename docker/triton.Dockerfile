# Triton with what its Python backend imports, and a model repository:
#   docker build -f docker/triton.Dockerfile -t vigie-triton .
# The HOG detector needs no file. Others are fetched from the catalogue's pinned address when FETCH names them,
#   docker build -f docker/triton.Dockerfile --build-arg MODELS="hog yolox-nano" --build-arg FETCH=yolox-nano -t vigie-triton .
# or taken from docker/models/NAME.onnx where you have put it.
ARG TRITON=25.08-py3
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS models
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=/src/constraints.txt
WORKDIR /src
COPY constraints.txt ./
COPY schemas schemas
COPY models models
COPY libs libs
COPY services services
RUN pip install ./libs/common ./services/frame_sampler ./services/inference ./services/tracking \
    ./services/rule_engine ./services/alert ./services/statistics ./libs/scene ./libs/cli
COPY docker/models files
ARG MODELS=hog
ARG FETCH=""
RUN for name in ${FETCH}; do vigie models fetch "${name}" || exit 1; done \
 && set -- \
 && for name in ${MODELS}; do \
      if [ -f "files/${name}.onnx" ]; then set -- "$@" --model-file "${name}=files/${name}.onnx"; fi; \
    done \
 && vigie models build --out /src/repository ${MODELS} "$@"

FROM nvcr.io/nvidia/tritonserver:${TRITON}
COPY dev/triton/requirements.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --break-system-packages --constraint /tmp/requirements.txt \
    numpy onnxruntime opencv-python-headless
COPY --from=models /src/repository /models
# Images stay in the process's memory between frames: halves the cost of a decode.
ENV MALLOC_TRIM_THRESHOLD_=268435456 MALLOC_MMAP_THRESHOLD_=268435456
USER 1000:1000
EXPOSE 8000 8001 8002
CMD ["tritonserver", "--model-repository=/models", "--model-control-mode=explicit", "--load-model=*"]
