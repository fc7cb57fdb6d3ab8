// Integers: products and powers of numbers of many 32-bit limbs.
#include <string.h>

#include "kernel.h"

#define LIMBS 64
static uint32_t base[LIMBS], power[2 * LIMBS], product[2 * LIMBS + 1];

static void multiply(const uint32_t* a, const uint32_t* b, uint32_t* out) {
  memset(out, 0, 2 * LIMBS * sizeof *out);
  for (int i = 0; i < LIMBS; ++i) {
    uint64_t carry = 0;
    for (int j = 0; j < LIMBS; ++j) {
      carry += (uint64_t)a[i] * b[j] + out[i + j];
      out[i + j] = (uint32_t)carry;
      carry >>= 32;
    }
    out[i + LIMBS] = (uint32_t)carry;
  }
}

static uint32_t divide_small(uint32_t* a, uint32_t d) {
  uint64_t rest = 0;
  for (int i = LIMBS; i-- > 0;) {
    rest = rest << 32 | a[i];
    a[i] = (uint32_t)(rest / d);
    rest %= d;
  }
  return (uint32_t)rest;
}

KERNEL {
  uint32_t seed = 61, check = 0;
  for (int i = 0; i < LIMBS; ++i) base[i] = power[i] = next_random(&seed);
  for (int round = 0; round < 12000; ++round) {
    multiply(power, base, product);
    memcpy(power, product + LIMBS / 2, LIMBS * sizeof *power);
    if (round % 16 == 0) check = mix(check, divide_small(power, 1000000007));
  }
  return mix(check, power[5]);
}
