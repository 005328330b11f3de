"""The work of `rms_crossings_and_fft` of measure.rs with NumPy/SciPy, on one core.

The same three results: RMS of every half-cycle window, interpolated upward zero crossings armed
by a hysteresis of 10 V, and the spectra of windows of 10 000 samples. Each is written the way that
was found fastest in NumPy/SciPy without compiled extensions. Run beside
`cargo bench -p gridproof-measure --bench measure`; needs numpy and scipy, installs nothing.
Prints millions of samples per second, best of several runs.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import time

import numpy as np
import scipy
import scipy.fft

COUNT, RATE, WINDOW, HALF = 10_000_000, 50_000.0, 10_000, 500
HYSTERESIS = 10.0


def wave():
    t = 2 * np.pi * 50.02 * np.arange(COUNT) / RATE
    noise = np.random.default_rng(1).random(COUNT) - 0.5
    return 325 * np.sin(t) + 5 * np.sin(5 * t) + noise


def sliding_rms(x):
    total = np.concatenate(([0.0], np.cumsum(x * x)))
    return np.sqrt((total[HALF:] - total[:-HALF]) / HALF)


def crossings(x):
    k = np.flatnonzero((x[:-1] < 0) & (x[1:] >= 0))
    # Armed by a sample below the hysteresis since the crossing before.
    begin = np.concatenate(([0], k[:-1] + 1))
    k = k[np.minimum.reduceat(x, begin) < -HYSTERESIS]
    return k + x[k] / (x[k] - x[k + 1])


def spectra(x):
    return scipy.fft.rfft(x.reshape(-1, WINDOW), axis=1, workers=1)


def measure(name, work, x):
    best = min(timed(work, x) for _ in range(9))
    print(f"{name:28} {COUNT / best / 1e6:8.1f} MS/s")


def timed(work, x):
    begin = time.perf_counter()
    work(x)
    return time.perf_counter() - begin


if __name__ == "__main__":
    data = wave()
    print(f"numpy {np.__version__}, scipy {scipy.__version__}")
    measure("sliding half-cycle RMS", sliding_rms, data)
    measure("zero crossings", crossings, data)
    measure("FFT (10 000 points)", spectra, data)
    measure("all three", lambda x: (sliding_rms(x), crossings(x), spectra(x)), data)
