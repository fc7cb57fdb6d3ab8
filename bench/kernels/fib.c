// Recursion: Fibonacci numbers, nothing but calls.
#include "kernel.h"

static NOINLINE uint32_t fib(uint32_t n) {
  if (n < 2) return n;
  uint32_t a = fib(n - 1);
  return a + fib(n - 2);
}

KERNEL { return fib(34); }
