// What every kernel shares: the exported entry and a generator of reproducible numbers.
//
// A kernel is one C file that exports `run`, takes nothing, imports nothing and returns a checksum
// that every engine must agree on. Sizes are chosen for 0.05 to 0.5 s in a baseline compiler.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define KERNEL __attribute__((export_name("run"))) uint32_t run(void)
#define NOINLINE __attribute__((noinline))

/// xorshift32; the state must not be 0.
static inline uint32_t next_random(uint32_t* state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

static inline uint32_t mix(uint32_t sum, uint32_t value) {
  return (sum ^ value) * 0x9e3779b1u + (sum >> 15);
}

static inline uint32_t float_bits(double x) { return (uint32_t)(int32_t)(x * 1000.0); }
