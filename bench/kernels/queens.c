// Recursion with bit masks: counts the ways to place twelve queens.
#include "kernel.h"

#define N 12

static NOINLINE uint32_t place(uint32_t columns, uint32_t left, uint32_t right) {
  if (columns == (1u << N) - 1) return 1;
  uint32_t count = 0;
  uint32_t free = ~(columns | left | right) & ((1u << N) - 1);
  while (free) {
    uint32_t bit = free & (0u - free);
    free ^= bit;
    count += place(columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return count;
}

KERNEL { return place(0, 0, 0); }
