// Hashing: a table with open addressing, inserts, look-ups and removals of random keys.
#include "kernel.h"

#define SLOTS (1u << 18)
struct Entry {
  uint32_t key;
  uint32_t count;
};
static struct Entry entries[SLOTS];

static uint32_t hash(uint32_t key) {
  key ^= key >> 16;
  key *= 0x85ebca6bu;
  key ^= key >> 13;
  key *= 0xc2b2ae35u;
  return key ^ key >> 16;
}

static struct Entry* find(uint32_t key) {
  uint32_t at = hash(key) & (SLOTS - 1);
  while (entries[at].key != 0 && entries[at].key != key) at = (at + 1) & (SLOTS - 1);
  return &entries[at];
}

KERNEL {
  for (uint32_t i = 0; i < SLOTS; ++i) entries[i].key = entries[i].count = 0;
  uint32_t seed = 4711, check = 0;
  for (int i = 0; i < 3000000; ++i) {
    uint32_t key = next_random(&seed) % 150000 + 1;
    struct Entry* e = find(key);
    e->key = key;
    if (++e->count % 16 == 0) check = mix(check, key);
  }
  return check;
}
