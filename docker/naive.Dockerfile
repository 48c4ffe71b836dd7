# What Satchel's images are compared with: Python, and the libraries that a model's author has at hand, from pip.
# Only `python -m benchmarks --images --naive` builds it.
FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Naive"
ARG TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
# The public index has builds for GPUs only, and these here are for CPUs.
RUN pip install --no-cache-dir torch==2.13.0+cpu pillow numpy \
    || pip install --no-cache-dir --extra-index-url "$TORCH_INDEX_URL" torch==2.13.0+cpu pillow numpy
