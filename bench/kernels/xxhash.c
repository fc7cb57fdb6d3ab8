// Hashing with 64-bit multiplication and rotation, in the manner of xxHash64's inner loop.
#include "kernel.h"

static uint64_t words[1 << 17];

static uint64_t rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }
static uint64_t round64(uint64_t acc, uint64_t input) {
  return rotate(acc + input * 0xc2b2ae3d27d4eb4full, 31) * 0x9e3779b185ebca87ull;
}

KERNEL {
  uint32_t seed = 11;
  size_t n = sizeof words / sizeof *words;
  for (size_t i = 0; i < n; ++i) words[i] = (uint64_t)next_random(&seed) << 32 | i;
  uint64_t total = 0;
  for (int pass = 0; pass < 100; ++pass) {
    uint64_t a = 1 + total, b = 2, c = 3, d = 4;
    for (size_t i = 0; i < n; i += 4) {
      a = round64(a, words[i]);
      b = round64(b, words[i + 1]);
      c = round64(c, words[i + 2]);
      d = round64(d, words[i + 3]);
    }
    uint64_t h = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    h ^= h >> 33;
    total = h * 0xff51afd7ed558ccdull;
  }
  return (uint32_t)(total ^ total >> 32);
}
