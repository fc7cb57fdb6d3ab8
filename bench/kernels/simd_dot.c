// The inner product of quantised neural networks: a matrix of signed bytes times vectors of signed
// bytes, summed in 32 bits. Compiled twice, with vector instructions and without.
#include "kernel.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#define ROWS 256
#define COLUMNS 1024
static int8_t matrix[ROWS][COLUMNS], vector[COLUMNS];

#ifdef __wasm_simd128__
static int32_t dot(const int8_t* a, const int8_t* b) {
  v128_t sum = wasm_i32x4_const_splat(0);
  for (int i = 0; i < COLUMNS; i += 16) {
    v128_t x = wasm_v128_load(a + i), y = wasm_v128_load(b + i);
    v128_t low =
        wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(x), wasm_i16x8_extend_low_i8x16(y));
    v128_t high =
        wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(x), wasm_i16x8_extend_high_i8x16(y));
    sum = wasm_i32x4_add(sum, wasm_i32x4_add(low, high));
  }
  return wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1) +
         wasm_i32x4_extract_lane(sum, 2) + wasm_i32x4_extract_lane(sum, 3);
}
#else
static int32_t dot(const int8_t* a, const int8_t* b) {
  int32_t sum = 0;
  for (int i = 0; i < COLUMNS; ++i) sum += a[i] * b[i];
  return sum;
}
#endif

KERNEL {
  uint32_t seed = 77, check = 0;
  for (int r = 0; r < ROWS; ++r) {
    for (int i = 0; i < COLUMNS; ++i) matrix[r][i] = (int8_t)next_random(&seed);
  }
  for (int i = 0; i < COLUMNS; ++i) vector[i] = (int8_t)next_random(&seed);
  for (int pass = 0; pass < 3000; ++pass) {
    for (int r = 0; r < ROWS; ++r) {
      int32_t sum = dot(matrix[r], vector);
      check = mix(check, (uint32_t)sum);
      vector[(pass * ROWS + r) % COLUMNS] = (int8_t)(sum >> 8);
    }
  }
  return check;
}
