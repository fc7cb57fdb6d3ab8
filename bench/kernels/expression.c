// Parsing: arithmetic expressions, scanned and evaluated by precedence climbing.
#include "kernel.h"

static char text[1 << 16];
static uint32_t position;

static int32_t parse(int level);

static int32_t parse_primary(void) {
  char c = text[position];
  if (c == '(') {
    ++position;
    int32_t value = parse(0);
    ++position;
    return value;
  }
  if (c == '-') {
    ++position;
    return -parse_primary();
  }
  int32_t value = 0;
  while (text[position] >= '0' && text[position] <= '9') {
    value = value * 10 + (text[position++] - '0');
  }
  return value;
}

static int level_of(char c) {
  switch (c) {
  case '|': return 1;
  case '^': return 2;
  case '&': return 3;
  case '+':
  case '-': return 4;
  case '*':
  case '/':
  case '%': return 5;
  default: return 0;
  }
}

static NOINLINE int32_t parse(int level) {
  int32_t left = parse_primary();
  for (;;) {
    char op = text[position];
    int mine = level_of(op);
    if (mine == 0 || mine <= level) return left;
    ++position;
    int32_t right = parse(mine);
    switch (op) {
    case '|': left |= right; break;
    case '^': left ^= right; break;
    case '&': left &= right; break;
    case '+': left = (int32_t)((uint32_t)left + (uint32_t)right); break;
    case '-': left = (int32_t)((uint32_t)left - (uint32_t)right); break;
    case '*': left = (int32_t)((uint32_t)left * (uint32_t)right); break;
    case '/': left = right > 0 ? left / right : left; break;
    default: left = right > 0 ? left % right : left; break;
    }
  }
}

KERNEL {
  static const char operators[] = "+-*/%&|^+-*";
  uint32_t seed = 23, n = 0, open = 0;
  while (n < sizeof text - 64) {
    while (next_random(&seed) % 4 == 0 && open < 12) text[n++] = '(', ++open;
    if (next_random(&seed) % 9 == 0) text[n++] = '-';
    for (uint32_t digits = next_random(&seed) % 5 + 1; digits--;) {
      text[n++] = (char)('0' + next_random(&seed) % 10);
    }
    while (open && next_random(&seed) % 3 == 0) text[n++] = ')', --open;
    text[n++] = operators[next_random(&seed) % (sizeof operators - 1)];
  }
  text[n++] = '1';
  while (open--) text[n++] = ')';
  text[n] = 0;
  uint32_t check = 0;
  for (int pass = 0; pass < 150; ++pass) {
    position = 0;
    check = mix(check, (uint32_t)parse(0));
    text[0] = '1';
  }
  return check;
}
