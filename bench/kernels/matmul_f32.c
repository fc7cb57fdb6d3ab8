// Linear algebra: f32 matrices, the middle loop outermost, so that the inner one runs along rows.
#include "kernel.h"

#define N 320
static float a[N][N], b[N][N], c[N][N];

KERNEL {
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) {
      a[i][j] = (float)((i * 7 + j * 3) % 17 - 8);
      b[i][j] = (float)((i * 5 + j * 11) % 13 - 6);
      c[i][j] = 0;
    }
  }
  for (int i = 0; i < N; ++i) {
    for (int k = 0; k < N; ++k) {
      float factor = a[i][k];
      for (int j = 0; j < N; ++j) c[i][j] += factor * b[k][j];
    }
  }
  uint32_t check = 0;
  for (int i = 0; i < N; i += 7) check = mix(check, float_bits(c[i][(i * 13) % N]));
  return check;
}
