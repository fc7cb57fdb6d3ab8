// Sorting: heapsort of i64 keys.
#include "kernel.h"

#define N 300000
static int64_t heap[N];

static void sift(int root, int count) {
  int64_t value = heap[root];
  for (;;) {
    int child = 2 * root + 1;
    if (child >= count) break;
    if (child + 1 < count && heap[child + 1] > heap[child]) ++child;
    if (heap[child] <= value) break;
    heap[root] = heap[child];
    root = child;
  }
  heap[root] = value;
}

KERNEL {
  uint32_t seed = 77;
  for (int i = 0; i < N; ++i) {
    heap[i] = (int64_t)((uint64_t)next_random(&seed) << 31 ^ next_random(&seed));
  }
  for (int i = N / 2; i-- > 0;) sift(i, N);
  for (int i = N - 1; i > 0; --i) {
    int64_t top = heap[0];
    heap[0] = heap[i];
    heap[i] = top;
    sift(0, i);
  }
  uint32_t check = 0;
  for (int i = 0; i < N; i += 37) check = mix(check, (uint32_t)(heap[i] >> 20));
  return check;
}
