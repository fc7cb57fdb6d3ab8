// Dynamic programming: the longest common subsequence by rows, and a knapsack. Small loops whose
// speed depends on where in a cache line their code begins.
#include "kernel.h"

enum { N = 1500, CAPACITY = 20000, ITEMS = 300 };

static uint8_t first[N], second[N];
static int32_t length[N + 1][N + 1];
static int32_t best[CAPACITY + 1];

static NOINLINE void fill_lengths(void) {
  for (int i = 1; i <= N; ++i) {
    for (int j = 1; j <= N; ++j) {
      int32_t up = length[i - 1][j], left = length[i][j - 1];
      length[i][j] = first[i - 1] == second[j - 1] ? length[i - 1][j - 1] + 1
                     : up > left                   ? up
                                                   : left;
    }
  }
}

static NOINLINE void fill_best(void) {
  for (int i = 0; i < ITEMS; ++i) {
    int weight = first[i] * 7 + 3, value = second[i] * 11 + 1;
    for (int c = CAPACITY; c >= weight; --c) {
      int with = best[c - weight] + value;
      if (with > best[c]) best[c] = with;
    }
  }
}

KERNEL {
  uint32_t random = 1;
  for (int i = 0; i < N; ++i) {
    first[i] = next_random(&random) & 7;
    second[i] = next_random(&random) & 7;
  }
  for (int i = 0; i <= CAPACITY; ++i) best[i] = 0;
  for (int i = 0; i < 10; ++i) fill_lengths();
  fill_best();
  return mix((uint32_t)length[N][N], (uint32_t)best[CAPACITY]);
}
