// Interpreters: a stack machine with a switch over its opcodes, running a prime sieve's loop.
#include "kernel.h"

enum Op { Push, Load, Store, Add, Sub, Mul, Mod, Less, JumpZero, Jump, Dup, Drop, Halt };

static int32_t code[128];

/// Sums the primes below 9000 by trial division.
static uint32_t assemble(void) {
  uint32_t n = 0;
#define E1(a) code[n++] = (a)
#define E2(a, b) code[n++] = (a), code[n++] = (b)
  E2(Push, 2), E2(Store, 0), E2(Push, 0), E2(Store, 1);
  uint32_t outer = n;
  E2(Load, 0), E2(Push, 9000), E1(Less), E1(JumpZero);
  uint32_t patch_halt = n++;
  E2(Push, 2), E2(Store, 2);
  uint32_t inner = n;
  E2(Load, 2), E1(Dup), E1(Mul), E2(Load, 0), E2(Push, 1), E1(Add), E1(Less), E1(JumpZero);
  uint32_t patch_prime = n++;
  E2(Load, 0), E2(Load, 2), E1(Mod), E1(JumpZero);
  uint32_t patch_next = n++;
  E2(Load, 2), E2(Push, 1), E1(Add), E2(Store, 2), E2(Jump, (int32_t)inner);
  code[patch_prime] = (int32_t)n;
  E2(Load, 1), E2(Load, 0), E1(Add), E2(Store, 1);
  code[patch_next] = (int32_t)n;
  E2(Load, 0), E2(Push, 1), E1(Add), E2(Store, 0), E2(Jump, (int32_t)outer);
  code[patch_halt] = (int32_t)n;
  E2(Load, 1), E1(Halt);
  return n;
}

static NOINLINE int32_t execute(const int32_t* pc) {
  int32_t stack[32], locals[4] = {0};
  int32_t* sp = stack;
  const int32_t* start = pc;
  for (;;) {
    switch (*pc++) {
    case Push: *sp++ = *pc++; break;
    case Load: *sp++ = locals[*pc++]; break;
    case Store: locals[*pc++] = *--sp; break;
    case Add: --sp, sp[-1] += sp[0]; break;
    case Sub: --sp, sp[-1] -= sp[0]; break;
    case Mul: --sp, sp[-1] *= sp[0]; break;
    case Mod: --sp, sp[-1] %= sp[0]; break;
    case Less: --sp, sp[-1] = sp[-1] < sp[0]; break;
    case JumpZero: pc = *--sp == 0 ? start + *pc : pc + 1; break;
    case Jump: pc = start + *pc; break;
    case Dup: *sp = sp[-1], ++sp; break;
    case Drop: --sp; break;
    default: return sp[-1];
    }
  }
}

KERNEL {
  uint32_t check = assemble();
  for (int i = 0; i < 8; ++i) check = mix(check, (uint32_t)execute(code));
  return check;
}
