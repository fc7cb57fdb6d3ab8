// Integers: ChaCha20, sixteen words of state in locals.
#include "kernel.h"

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

#define QUARTER(a, b, c, d)                                                                        \
  a += b, d = rotate(d ^ a, 16), c += d, b = rotate(b ^ c, 12);                                    \
  a += b, d = rotate(d ^ a, 8), c += d, b = rotate(b ^ c, 7)

KERNEL {
  uint32_t key[16], check = 0;
  for (uint32_t i = 0; i < 16; ++i) key[i] = i * 0x01234567u + 0x61707865u;
  for (int block = 0; block < 100000; ++block) {
    uint32_t s[16];
    for (int i = 0; i < 16; ++i) s[i] = key[i];
    for (int round = 0; round < 10; ++round) {
      QUARTER(s[0], s[4], s[8], s[12]);
      QUARTER(s[1], s[5], s[9], s[13]);
      QUARTER(s[2], s[6], s[10], s[14]);
      QUARTER(s[3], s[7], s[11], s[15]);
      QUARTER(s[0], s[5], s[10], s[15]);
      QUARTER(s[1], s[6], s[11], s[12]);
      QUARTER(s[2], s[7], s[8], s[13]);
      QUARTER(s[3], s[4], s[9], s[14]);
    }
    for (int i = 0; i < 16; ++i) check = mix(check, s[i] + key[i]);
    ++key[12];
  }
  return check;
}
