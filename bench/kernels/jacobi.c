// Stencil: five-point relaxation on a square grid of f64.
#include "kernel.h"

#define N 400
static double from[N][N], to[N][N];

KERNEL {
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) from[i][j] = to[i][j] = (i == 0 || j == 0) ? 100.0 : (i ^ j) & 7;
  }
  for (int step = 0; step < 60; ++step) {
    double(*src)[N] = step % 2 ? to : from;
    double(*dst)[N] = step % 2 ? from : to;
    for (int i = 1; i < N - 1; ++i) {
      for (int j = 1; j < N - 1; ++j) {
        dst[i][j] =
            0.2 * (src[i][j] + src[i - 1][j] + src[i + 1][j] + src[i][j - 1] + src[i][j + 1]);
      }
    }
  }
  uint32_t check = 0;
  for (int i = 0; i < N; i += 3) check = mix(check, float_bits(from[i][N - 1 - i]));
  return check;
}
