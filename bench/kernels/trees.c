// Data structures: binary search trees of allocated nodes, built, walked and freed.
#include <stdlib.h>

#include "kernel.h"

struct Node {
  struct Node* child[2];
  uint32_t key;
  uint32_t count;
};

static NOINLINE uint32_t walk(const struct Node* n, uint32_t depth) {
  if (!n) return 0;
  return walk(n->child[0], depth + 1) + n->key * depth + n->count + walk(n->child[1], depth + 1);
}

static NOINLINE void release(struct Node* n) {
  if (!n) return;
  release(n->child[0]);
  release(n->child[1]);
  free(n);
}

KERNEL {
  uint32_t seed = 81, check = 0;
  for (int round = 0; round < 12; ++round) {
    struct Node* root = NULL;
    for (int i = 0; i < 40000; ++i) {
      uint32_t key = next_random(&seed) % 60000;
      struct Node** at = &root;
      while (*at && (*at)->key != key) at = &(*at)->child[key > (*at)->key];
      if (!*at) {
        *at = calloc(1, sizeof **at);
        (*at)->key = key;
      }
      ++(*at)->count;
    }
    check = mix(check, walk(root, 1));
    release(root);
  }
  return check;
}
