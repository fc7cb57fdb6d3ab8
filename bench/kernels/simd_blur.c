// A blur of a grey picture: weights 1 2 1 downwards, then across, with rounding after each.
// Compiled twice, with vector instructions and without.
#include "kernel.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#define WIDTH 512
#define HEIGHT 512
// Rows have room for the pixels beside the picture, which are its edge again.
#define STRIDE (WIDTH + 32)
static uint8_t picture[HEIGHT][STRIDE], blurred[HEIGHT][STRIDE];

#ifdef __wasm_simd128__
static void weigh(uint8_t* to, const uint8_t* before, const uint8_t* here, const uint8_t* after) {
  const v128_t two = wasm_i16x8_const_splat(2);
  for (int x = 0; x < WIDTH; x += 16) {
    v128_t a = wasm_v128_load(before + x), b = wasm_v128_load(here + x);
    v128_t c = wasm_v128_load(after + x);
    v128_t low = wasm_i16x8_add(wasm_u16x8_extend_low_u8x16(a), wasm_u16x8_extend_low_u8x16(c));
    v128_t high = wasm_i16x8_add(wasm_u16x8_extend_high_u8x16(a), wasm_u16x8_extend_high_u8x16(c));
    low = wasm_i16x8_add(low, wasm_i16x8_shl(wasm_u16x8_extend_low_u8x16(b), 1));
    high = wasm_i16x8_add(high, wasm_i16x8_shl(wasm_u16x8_extend_high_u8x16(b), 1));
    low = wasm_u16x8_shr(wasm_i16x8_add(low, two), 2);
    high = wasm_u16x8_shr(wasm_i16x8_add(high, two), 2);
    wasm_v128_store(to + x, wasm_u8x16_narrow_i16x8(low, high));
  }
}
#else
static void weigh(uint8_t* to, const uint8_t* before, const uint8_t* here, const uint8_t* after) {
  for (int x = 0; x < WIDTH; ++x) {
    to[x] = (uint8_t)((before[x] + 2 * here[x] + after[x] + 2) >> 2);
  }
}
#endif

KERNEL {
  uint32_t seed = 19, check = 0;
  for (int y = 0; y < HEIGHT; ++y) {
    for (int x = 0; x < STRIDE; ++x) picture[y][x] = (uint8_t)next_random(&seed);
  }
  for (int pass = 0; pass < 400; ++pass) {
    for (int y = 0; y < HEIGHT; ++y) {
      const uint8_t* above = picture[y == 0 ? 0 : y - 1] + 16;
      const uint8_t* below = picture[y == HEIGHT - 1 ? y : y + 1] + 16;
      weigh(blurred[y] + 16, above, picture[y] + 16, below);
      blurred[y][15] = blurred[y][16];
      blurred[y][16 + WIDTH] = blurred[y][15 + WIDTH];
    }
    for (int y = 0; y < HEIGHT; ++y) {
      const uint8_t* row = blurred[y] + 16;
      weigh(picture[y] + 16, row - 1, row, row + 1);
    }
    for (int i = 0; i < 500; ++i) {
      uint32_t at = next_random(&seed);
      check = mix(check, picture[at % HEIGHT][16 + (at >> 12) % WIDTH]);
      picture[at % HEIGHT][16 + (at >> 12) % WIDTH] = (uint8_t)at;
    }
  }
  return check;
}
