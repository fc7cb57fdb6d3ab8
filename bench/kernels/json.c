// Parsing: a recursive-descent JSON reader that sums up what it sees.
#include "kernel.h"

static char text[1 << 18];
static uint32_t length;
static const char* at;
static uint32_t check;

static void put(const char* s) {
  while (*s) text[length++] = *s++;
}
static void put_number(uint32_t n) {
  char digits[12];
  int count = 0;
  do digits[count++] = (char)('0' + n % 10), n /= 10;
  while (n);
  while (count) text[length++] = digits[--count];
}

static void skip_space(void) {
  while (*at == ' ' || *at == '\n' || *at == '\t') ++at;
}

static NOINLINE void read_string(void) {
  uint32_t h = 5381;
  for (++at; *at != '"'; ++at) {
    if (*at == '\\') ++at;
    h = h * 33 + (uint8_t)*at;
  }
  ++at;
  check = mix(check, h);
}

static NOINLINE void read_number(void) {
  double value = 0, scale = 1;
  int negative = *at == '-';
  if (negative) ++at;
  for (; *at >= '0' && *at <= '9'; ++at) value = value * 10 + (*at - '0');
  if (*at == '.') {
    for (++at; *at >= '0' && *at <= '9'; ++at) value += (*at - '0') * (scale *= 0.1);
  }
  check = mix(check, float_bits(negative ? -value : value));
}

static NOINLINE void read_value(int depth) {
  skip_space();
  switch (*at) {
  case '{':
    ++at;
    for (skip_space(); *at != '}'; skip_space()) {
      read_string();
      skip_space();
      ++at;
      read_value(depth + 1);
      skip_space();
      if (*at == ',') ++at;
      skip_space();
    }
    ++at;
    break;
  case '[':
    ++at;
    for (skip_space(); *at != ']'; skip_space()) {
      read_value(depth + 1);
      skip_space();
      if (*at == ',') ++at;
    }
    ++at;
    break;
  case '"': read_string(); break;
  case 't':
  case 'n': at += 4; break;
  case 'f': at += 5; break;
  default: read_number(); break;
  }
  check += (uint32_t)depth;
}

KERNEL {
  uint32_t seed = 17;
  length = 0;
  put("[");
  while (length < sizeof text - 200) {
    put("{\"id\": ");
    put_number(next_random(&seed) % 100000);
    put(", \"name\": \"item \\\"");
    put_number(next_random(&seed));
    put("\\\"\", \"price\": -");
    put_number(next_random(&seed) % 1000);
    put(".");
    put_number(next_random(&seed) % 100);
    put(", \"tags\": [\"a\", \"bc\", true, false, null],\n  \"inner\": {\"x\": [1, 2, [3]]}},\n");
  }
  put("null]");
  text[length] = 0;
  check = 0;
  for (int pass = 0; pass < 40; ++pass) {
    at = text;
    read_value(0);
  }
  return check;
}
