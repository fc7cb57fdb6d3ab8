// Floating point with divisions: spectral norm of an infinite matrix's corner.
#include "kernel.h"

#define N 500
static double u[N], v[N], t[N];

static double element(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void times(const double* from, double* to, int transposed) {
  for (int i = 0; i < N; ++i) {
    double sum = 0;
    for (int j = 0; j < N; ++j) sum += (transposed ? element(j, i) : element(i, j)) * from[j];
    to[i] = sum;
  }
}

KERNEL {
  for (int i = 0; i < N; ++i) u[i] = 1;
  for (int i = 0; i < 10; ++i) {
    times(u, t, 0), times(t, v, 1);
    times(v, t, 0), times(t, u, 1);
  }
  double vbv = 0, vv = 0;
  for (int i = 0; i < N; ++i) vbv += u[i] * v[i], vv += v[i] * v[i];
  return float_bits(__builtin_sqrt(vbv / vv) * 1000);
}
