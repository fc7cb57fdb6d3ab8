/* The guest of sum_array in C, with the C library's malloc:
 *
 *   clang --target=wasm32-wasi -mexec-model=reactor -O2 \
 *       -Wl,--export=malloc,--export=free -o sum.wasm sum.c
 */
#include <stdint.h>
#include <stdlib.h>

__attribute__((export_name("sum"))) int64_t sum(const int32_t* numbers, uint32_t count) {
  int64_t total = 0;
  for (uint32_t i = 0; i < count; ++i) total += numbers[i];
  return total;
}
