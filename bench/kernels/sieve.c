// Integers: the sieve of Eratosthenes on bytes.
#include <string.h>

#include "kernel.h"

#define LIMIT 4000000
static uint8_t composite[LIMIT];

KERNEL {
  uint32_t check = 0;
  for (int pass = 0; pass < 3; ++pass) {
    memset(composite, 0, sizeof composite);
    uint32_t primes = 0;
    for (uint32_t i = 2; i < LIMIT; ++i) {
      if (composite[i]) continue;
      ++primes;
      for (uint32_t j = i * 2; j < LIMIT; j += i) composite[j] = 1;
    }
    check = mix(check, primes);
  }
  return check;
}
