// Stencil on bytes: Conway's Game of Life on a torus.
#include "kernel.h"

#define W 256
#define H 256
static uint8_t cells[2][H][W];

KERNEL {
  uint32_t seed = 99;
  for (int y = 0; y < H; ++y) {
    for (int x = 0; x < W; ++x) cells[0][y][x] = next_random(&seed) % 3 == 0;
  }
  for (int step = 0; step < 120; ++step) {
    uint8_t(*src)[W] = cells[step & 1];
    uint8_t(*dst)[W] = cells[1 - (step & 1)];
    for (int y = 0; y < H; ++y) {
      const uint8_t* up = src[(y + H - 1) % H];
      const uint8_t* mid = src[y];
      const uint8_t* down = src[(y + 1) % H];
      for (int x = 0; x < W; ++x) {
        int l = (x + W - 1) % W, r = (x + 1) % W;
        int n = up[l] + up[x] + up[r] + mid[l] + mid[r] + down[l] + down[x] + down[r];
        dst[y][x] = n == 3 || (n == 2 && mid[x]);
      }
    }
  }
  uint32_t check = 0;
  for (int y = 0; y < H; ++y) {
    for (int x = 0; x < W; ++x) check = check * 31 + cells[0][y][x];
  }
  return check;
}
