// Base64 both ways, twelve bytes and sixteen digits at a time. Compiled twice, with vector
// instructions and without.
#include "kernel.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#define SIZE (3u << 17)
// The last group reads and writes four bytes too many.
static uint8_t raw[SIZE + 4], again[SIZE + 4];
static uint8_t coded[SIZE / 3 * 4];

#ifdef __wasm_simd128__
static v128_t masked(v128_t condition, int8_t value) {
  return wasm_v128_and(condition, wasm_i8x16_splat(value));
}

// In each 32-bit lane three bytes become four numbers of six bits, lowest byte first.
static v128_t spread(v128_t bytes) {
  v128_t w = wasm_i8x16_shuffle(bytes, wasm_i32x4_const_splat(0), 2, 1, 0, 16, 5, 4, 3, 16, 8, 7, 6,
                                16, 11, 10, 9, 16);
  v128_t first = wasm_v128_and(wasm_u32x4_shr(w, 18), wasm_i32x4_const_splat(0x3f));
  v128_t second = wasm_v128_and(wasm_u32x4_shr(w, 4), wasm_i32x4_const_splat(0x3f00));
  v128_t third = wasm_v128_and(wasm_i32x4_shl(w, 10), wasm_i32x4_const_splat(0x3f0000));
  v128_t fourth = wasm_v128_and(wasm_i32x4_shl(w, 24), wasm_i32x4_const_splat(0x3f000000));
  return wasm_v128_or(wasm_v128_or(first, second), wasm_v128_or(third, fourth));
}

static v128_t gather(v128_t x) {
  v128_t first = wasm_i32x4_shl(wasm_v128_and(x, wasm_i32x4_const_splat(0x3f)), 18);
  v128_t second = wasm_i32x4_shl(wasm_v128_and(x, wasm_i32x4_const_splat(0x3f00)), 4);
  v128_t third = wasm_v128_and(wasm_u32x4_shr(x, 10), wasm_i32x4_const_splat(0xfc0));
  v128_t w = wasm_v128_or(wasm_v128_or(first, second), wasm_v128_or(third, wasm_u32x4_shr(x, 24)));
  return wasm_i8x16_shuffle(w, w, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 0, 0, 0, 0);
}

static v128_t to_digits(v128_t n) {
  v128_t c = wasm_i8x16_add(n, wasm_i8x16_const_splat('A'));
  c = wasm_i8x16_add(c, masked(wasm_i8x16_gt(n, wasm_i8x16_const_splat(25)), 6));
  c = wasm_i8x16_sub(c, masked(wasm_i8x16_gt(n, wasm_i8x16_const_splat(51)), 75));
  c = wasm_i8x16_sub(c, masked(wasm_i8x16_gt(n, wasm_i8x16_const_splat(61)), 15));
  return wasm_i8x16_add(c, masked(wasm_i8x16_gt(n, wasm_i8x16_const_splat(62)), 3));
}

static v128_t from_digits(v128_t c) {
  v128_t n = wasm_i8x16_sub(c, wasm_i8x16_const_splat('A'));
  n = wasm_i8x16_sub(n, masked(wasm_i8x16_gt(c, wasm_i8x16_const_splat('a' - 1)), 6));
  n = wasm_i8x16_add(n, masked(wasm_i8x16_lt(c, wasm_i8x16_const_splat('9' + 1)), 69));
  n = wasm_i8x16_add(n, masked(wasm_i8x16_eq(c, wasm_i8x16_const_splat('+')), 15));
  return wasm_i8x16_add(n, masked(wasm_i8x16_eq(c, wasm_i8x16_const_splat('/')), 12));
}

static void encode(void) {
  for (uint32_t i = 0, o = 0; i < SIZE; i += 12, o += 16) {
    wasm_v128_store(coded + o, to_digits(spread(wasm_v128_load(raw + i))));
  }
}

static void decode(void) {
  for (uint32_t i = 0, o = 0; i < sizeof coded; i += 16, o += 12) {
    wasm_v128_store(again + o, gather(from_digits(wasm_v128_load(coded + i))));
  }
}
#else
static const uint8_t digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t value_of[256];

static void encode(void) {
  uint8_t* out = coded;
  for (uint32_t i = 0; i < SIZE; i += 3) {
    uint32_t group = (uint32_t)raw[i] << 16 | (uint32_t)raw[i + 1] << 8 | raw[i + 2];
    *out++ = digits[group >> 18];
    *out++ = digits[group >> 12 & 63];
    *out++ = digits[group >> 6 & 63];
    *out++ = digits[group & 63];
  }
}

static void decode(void) {
  for (uint8_t i = 0; i < 64; ++i) value_of[digits[i]] = i;
  for (uint32_t i = 0, o = 0; i < sizeof coded; i += 4, o += 3) {
    uint32_t group = (uint32_t)value_of[coded[i]] << 18 | (uint32_t)value_of[coded[i + 1]] << 12 |
                     (uint32_t)value_of[coded[i + 2]] << 6 | value_of[coded[i + 3]];
    again[o] = (uint8_t)(group >> 16);
    again[o + 1] = (uint8_t)(group >> 8);
    again[o + 2] = (uint8_t)group;
  }
}
#endif

KERNEL {
  uint32_t seed = 51, check = 0;
  for (uint32_t i = 0; i < SIZE; ++i) raw[i] = (uint8_t)next_random(&seed);
  for (int pass = 0; pass < 300; ++pass) {
    encode();
    decode();
    uint32_t at = next_random(&seed);
    check = mix(check, coded[at % sizeof coded]);
    check = mix(check, again[at % SIZE]);
    raw[at % SIZE] ^= again[(at >> 3) % SIZE];
  }
  return check;
}
