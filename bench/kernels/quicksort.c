// Sorting: quicksort of i32 with insertion sort for short ranges.
#include "kernel.h"

#define N 1000000
static int32_t data[N];

static NOINLINE void sort(int32_t* a, int lo, int hi) {
  while (hi - lo > 16) {
    int32_t pivot = a[lo + (hi - lo) / 2];
    int i = lo, j = hi;
    while (i <= j) {
      while (a[i] < pivot) ++i;
      while (a[j] > pivot) --j;
      if (i <= j) {
        int32_t t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    if (j - lo < hi - i) {
      sort(a, lo, j);
      lo = i;
    } else {
      sort(a, i, hi);
      hi = j;
    }
  }
  for (int i = lo + 1; i <= hi; ++i) {
    int32_t value = a[i];
    int j = i - 1;
    for (; j >= lo && a[j] > value; --j) a[j + 1] = a[j];
    a[j + 1] = value;
  }
}

KERNEL {
  uint32_t seed = 1;
  for (int i = 0; i < N; ++i) data[i] = (int32_t)next_random(&seed);
  sort(data, 0, N - 1);
  uint32_t check = 0;
  for (int i = 0; i < N; i += 101) check = mix(check, (uint32_t)data[i]);
  return check;
}
