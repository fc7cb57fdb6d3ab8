// Linear algebra: LU decomposition with row pivoting, in place.
#include "kernel.h"

#define N 300
static double m[N][N];

static double absolute(double x) { return x < 0 ? -x : x; }

KERNEL {
  uint32_t seed = 12345;
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) m[i][j] = (int32_t)(next_random(&seed) % 2001) - 1000;
  }
  uint32_t check = 0;
  for (int k = 0; k < N; ++k) {
    int pivot = k;
    for (int i = k + 1; i < N; ++i) {
      if (absolute(m[i][k]) > absolute(m[pivot][k])) pivot = i;
    }
    check = mix(check, (uint32_t)pivot);
    if (pivot != k) {
      for (int j = 0; j < N; ++j) {
        double t = m[k][j];
        m[k][j] = m[pivot][j];
        m[pivot][j] = t;
      }
    }
    for (int i = k + 1; i < N; ++i) {
      double factor = m[i][k] / m[k][k];
      m[i][k] = factor;
      for (int j = k + 1; j < N; ++j) m[i][j] -= factor * m[k][j];
    }
  }
  return check;
}
