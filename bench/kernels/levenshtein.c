// Dynamic programming: edit distance of two strings, and shortest paths by Floyd and Warshall.
#include "kernel.h"

#define LENGTH 2500
#define NODES 180
static char a[LENGTH], b[LENGTH];
static int32_t row[LENGTH + 1], distance[NODES][NODES];

static int32_t smaller(int32_t x, int32_t y) { return x < y ? x : y; }

KERNEL {
  uint32_t seed = 71;
  for (int i = 0; i < LENGTH; ++i) {
    a[i] = (char)('a' + next_random(&seed) % 4);
    b[i] = (char)('a' + next_random(&seed) % 4);
  }
  for (int j = 0; j <= LENGTH; ++j) row[j] = j;
  for (int i = 1; i <= LENGTH; ++i) {
    int32_t diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= LENGTH; ++j) {
      int32_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = smaller(substituted, smaller(row[j - 1], diagonal) + 1);
    }
  }
  for (int i = 0; i < NODES; ++i) {
    for (int j = 0; j < NODES; ++j) distance[i][j] = (int32_t)(next_random(&seed) % 1000 + 1);
  }
  for (int k = 0; k < NODES; ++k) {
    for (int i = 0; i < NODES; ++i) {
      for (int j = 0; j < NODES; ++j) {
        distance[i][j] = smaller(distance[i][j], distance[i][k] + distance[k][j]);
      }
    }
  }
  uint32_t check = (uint32_t)row[LENGTH];
  for (int i = 0; i < NODES; ++i) check = mix(check, (uint32_t)distance[i][(i * 7) % NODES]);
  return check;
}
