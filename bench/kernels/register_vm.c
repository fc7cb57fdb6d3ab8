// Interpreters: a register machine whose instructions are functions in a table (call_indirect).
#include "kernel.h"

struct Machine {
  uint32_t regs[16];
  uint32_t pc;
  uint32_t steps;
  uint8_t memory[4096];
};
struct Instr {
  uint8_t op, a, b, c;
};
typedef void (*Handler)(struct Machine*, struct Instr);

static void op_add(struct Machine* m, struct Instr i) {
  m->regs[i.a] = m->regs[i.b] + m->regs[i.c];
}
static void op_xor(struct Machine* m, struct Instr i) {
  m->regs[i.a] = m->regs[i.b] ^ m->regs[i.c];
}
static void op_mul(struct Machine* m, struct Instr i) {
  m->regs[i.a] = m->regs[i.b] * m->regs[i.c];
}
static void op_shr(struct Machine* m, struct Instr i) { m->regs[i.a] = m->regs[i.b] >> i.c; }
static void op_imm(struct Machine* m, struct Instr i) { m->regs[i.a] = m->regs[i.b] + i.c; }
static void op_load(struct Machine* m, struct Instr i) {
  m->regs[i.a] = m->memory[(m->regs[i.b] + i.c) & 4095];
}
static void op_store(struct Machine* m, struct Instr i) {
  m->memory[(m->regs[i.b] + i.c) & 4095] = (uint8_t)m->regs[i.a];
}
static void op_loop(struct Machine* m, struct Instr i) {
  if (--m->regs[i.a] != 0) m->pc = i.c;
}
static void op_halt(struct Machine* m, struct Instr i) { m->pc = ~0u - i.a; }

static const Handler handlers[] = {op_add,  op_xor,   op_mul,  op_shr, op_imm,
                                   op_load, op_store, op_loop, op_halt};

static const struct Instr program[] = {
    {4, 1, 1, 7}, {2, 2, 2, 3}, {0, 2, 2, 1}, {3, 4, 2, 9},  {1, 2, 2, 4}, {5, 5, 2, 3},
    {0, 5, 5, 1}, {6, 5, 1, 0}, {1, 6, 6, 5}, {7, 15, 0, 0}, {8, 0, 0, 0},
};

static struct Machine machine;

KERNEL {
  for (int i = 0; i < 16; ++i) machine.regs[i] = (uint32_t)i * 2654435761u;
  machine.regs[15] = 1000000;
  machine.pc = machine.steps = 0;
  while (machine.pc < sizeof program / sizeof *program) {
    struct Instr i = program[machine.pc++];
    handlers[i.op](&machine, i);
    ++machine.steps;
  }
  return mix(machine.regs[6], machine.steps);
}
