// Sorting through a comparison function: merge sort of records, a call_indirect per comparison.
#include "kernel.h"

#define N 200000
struct Record {
  uint32_t key;
  uint16_t group;
  uint16_t id;
};
static struct Record records[N], spare[N];
typedef int (*Compare)(const struct Record*, const struct Record*);

static int by_key(const struct Record* a, const struct Record* b) {
  return a->key < b->key ? -1 : a->key > b->key;
}
static int by_group(const struct Record* a, const struct Record* b) {
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  return by_key(a, b);
}
static Compare volatile orders[2] = {by_key, by_group};

static NOINLINE void merge_sort(struct Record* a, struct Record* tmp, int n, Compare compare) {
  if (n < 2) return;
  int half = n / 2;
  merge_sort(a, tmp, half, compare);
  merge_sort(a + half, tmp, n - half, compare);
  for (int i = 0; i < half; ++i) tmp[i] = a[i];
  int i = 0, j = half, k = 0;
  while (i < half && j < n) a[k++] = compare(&tmp[i], &a[j]) <= 0 ? tmp[i++] : a[j++];
  while (i < half) a[k++] = tmp[i++];
}

KERNEL {
  uint32_t seed = 5;
  for (int i = 0; i < N; ++i) {
    records[i].key = next_random(&seed);
    records[i].group = (uint16_t)(next_random(&seed) % 100);
    records[i].id = (uint16_t)i;
  }
  merge_sort(records, spare, N, orders[0]);
  merge_sort(records, spare, N, orders[1]);
  uint32_t check = 0;
  for (int i = 0; i < N; i += 17) check = mix(check, records[i].id);
  return check;
}
