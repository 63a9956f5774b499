"""RecLens core: from three tables to an explained, compressed and audited recommendation."""

import os

# Idle threads must sleep: where two analysts share two cores, threads that spin while they wait
# made an explanation thirty times slower (measured). Read once, when torch loads its thread pool.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# ONNX Runtime writes a device id into the home folder and tells its makers of every session, from its import on, unless
# this is set before: nothing leaves the machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
