// Linear algebra: product of two f64 matrices, row by column.
#include "kernel.h"

#define N 320
static double a[N][N], b[N][N], c[N][N];

KERNEL {
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) {
      a[i][j] = (i * 7 + j * 3) % 17 - 8;
      b[i][j] = (i * 5 + j * 11) % 13 - 6;
    }
  }
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) {
      double sum = 0;
      for (int k = 0; k < N; ++k) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
  uint32_t check = 0;
  for (int i = 0; i < N; i += 7) check = mix(check, float_bits(c[i][(i * 13) % N]));
  return check;
}
