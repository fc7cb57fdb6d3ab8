// Integers: lengths of Collatz sequences in 64 bits, and Euclid's algorithm (division).
#include "kernel.h"

KERNEL {
  uint32_t longest = 0, check = 0;
  for (uint32_t start = 1; start < 300000; ++start) {
    uint64_t n = start;
    uint32_t steps = 0;
    while (n != 1) {
      n = n & 1 ? 3 * n + 1 : n >> 1;
      ++steps;
    }
    if (steps > longest) longest = steps, check = mix(check, start);
  }
  for (uint32_t a = 1; a < 1000; ++a) {
    for (uint32_t b = 1; b < 600; ++b) {
      uint32_t x = a * 7919, y = b * 104729;
      while (y) {
        uint32_t t = x % y;
        x = y;
        y = t;
      }
      check += x;
    }
  }
  return check;
}
