// Compression: a byte-oriented LZ77 with a hash of four bytes, and its decompressor.
#include <string.h>

#include "kernel.h"

#define SIZE (1u << 20)
static uint8_t text[SIZE], packed[SIZE + SIZE / 8], back[SIZE];
static uint32_t heads[1 << 14];

static uint32_t load32(const uint8_t* p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

static uint8_t* put_length(uint8_t* out, uint32_t n) {
  for (; n >= 255; n -= 255) *out++ = 255;
  *out++ = (uint8_t)n;
  return out;
}

static uint32_t compress(const uint8_t* in, uint32_t size, uint8_t* out) {
  uint8_t* start = out;
  uint32_t at = 0, anchor = 0;
  memset(heads, 0xff, sizeof heads);
  while (at + 8 < size) {
    uint32_t value = load32(in + at);
    uint32_t slot = value * 2654435761u >> 18;
    uint32_t candidate = heads[slot];
    heads[slot] = at;
    if (candidate == ~0u || at - candidate > 0xffff || load32(in + candidate) != value) {
      ++at;
      continue;
    }
    uint32_t length = 4;
    while (at + length < size && in[candidate + length] == in[at + length]) ++length;
    out = put_length(out, at - anchor);
    for (uint32_t i = anchor; i < at; ++i) *out++ = in[i];
    *out++ = (uint8_t)(at - candidate);
    *out++ = (uint8_t)((at - candidate) >> 8);
    out = put_length(out, length);
    at += length;
    anchor = at;
  }
  out = put_length(out, size - anchor);
  for (uint32_t i = anchor; i < size; ++i) *out++ = in[i];
  return (uint32_t)(out - start);
}

static uint32_t get_length(const uint8_t** in) {
  uint32_t n = 0;
  uint8_t b;
  do n += b = *(*in)++;
  while (b == 255);
  return n;
}

static uint32_t expand(const uint8_t* in, uint32_t size, uint8_t* out) {
  const uint8_t* end = in + size;
  uint8_t* start = out;
  for (;;) {
    uint32_t literals = get_length(&in);
    for (uint32_t i = 0; i < literals; ++i) *out++ = *in++;
    if (in >= end) return (uint32_t)(out - start);
    uint32_t distance = in[0] | (uint32_t)in[1] << 8;
    in += 2;
    uint32_t length = get_length(&in);
    for (uint32_t i = 0; i < length; ++i, ++out) *out = out[-(ptrdiff_t)distance];
  }
}

KERNEL {
  static const char* const words[] = {"stream", "module",  "engine ", "byte", "of ",  "the ",
                                      "code",   " memory", "table",   ", ",   "fast", "jump",
                                      "to ",    "when",    " reads",  ". "};
  uint32_t seed = 21, n = 0;
  while (n + 16 < SIZE) {
    const char* word = words[next_random(&seed) % 16];
    while (*word) text[n++] = (uint8_t)*word++;
    if (next_random(&seed) % 8 == 0) text[n++] = (uint8_t)('a' + next_random(&seed) % 26);
  }
  uint32_t check = 0;
  for (int pass = 0; pass < 6; ++pass) {
    uint32_t size = compress(text, n, packed);
    uint32_t restored = expand(packed, size, back);
    check = mix(check, size);
    check = mix(check, restored);
    check = mix(check, (uint32_t)(memcmp(text, back, n) == 0));
    text[pass * 1000] ^= 1;
  }
  return check;
}
