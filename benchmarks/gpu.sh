#!/bin/sh
# A recipe on a machine with a GPU, in one command; see benchmarks/gpu.py.
cd "$(dirname "$0")/.." || exit
PYTHONPATH="$PWD/src:$PWD${PYTHONPATH:+:$PYTHONPATH}" exec python3 -m benchmarks.gpu "$@"
