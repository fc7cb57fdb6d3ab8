// Floating point: complex FFT in place, forward and back.
#include "kernel.h"

#define LOG 15
#define N (1 << LOG)
static double re[N], im[N], cosines[N / 2], sines[N / 2];

static void transform(double sign) {
  for (uint32_t i = 0, j = 0; i < N; ++i) {
    if (i < j) {
      double r = re[i], m = im[i];
      re[i] = re[j], im[i] = im[j];
      re[j] = r, im[j] = m;
    }
    uint32_t bit = N >> 1;
    while (j & bit) j ^= bit, bit >>= 1;
    j |= bit;
  }
  for (int half = 1; half < N; half *= 2) {
    int step = N / (2 * half);
    for (int start = 0; start < N; start += 2 * half) {
      for (int k = 0; k < half; ++k) {
        double c = cosines[k * step], s = sign * sines[k * step];
        int a = start + k, b = a + half;
        double r = re[b] * c - im[b] * s, m = re[b] * s + im[b] * c;
        re[b] = re[a] - r, im[b] = im[a] - m;
        re[a] += r, im[a] += m;
      }
    }
  }
}

KERNEL {
  // Turns a unit vector by small steps: no library needed for sine and cosine.
  double c = 1, s = 0, angle = 2 * 3.14159265358979323846 / N;
  double dc = 1 - angle * angle / 2 + angle * angle * angle * angle / 24;
  double ds = angle - angle * angle * angle / 6;
  for (int i = 0; i < N / 2; ++i) {
    cosines[i] = c, sines[i] = s;
    double next = c * dc - s * ds;
    s = c * ds + s * dc;
    c = next;
  }
  for (int i = 0; i < N; ++i) re[i] = (i * 37) % 101, im[i] = 0;
  for (int pass = 0; pass < 8; ++pass) {
    transform(1);
    transform(-1);
    for (int i = 0; i < N; ++i) re[i] /= N, im[i] /= N;
  }
  uint32_t check = 0;
  for (int i = 0; i < N; i += 97) check = mix(check, (uint32_t)(int32_t)(re[i] + 0.5));
  return check;
}
