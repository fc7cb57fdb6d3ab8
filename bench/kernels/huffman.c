// Compression: builds a Huffman code, encodes bit by bit into words, decodes by walking the tree.
#include <string.h>

#include "kernel.h"

#define SIZE (1u << 19)
static uint8_t text[SIZE], back[SIZE];
static uint32_t bits[SIZE / 2];
static uint32_t weight[512], code[256], code_length[256];
static uint16_t left[512], right[512];

static int build(void) {
  uint16_t live[256];
  int count = 0, next = 256;
  for (int i = 0; i < 256; ++i) {
    if (weight[i]) live[count++] = (uint16_t)i;
  }
  while (count > 1) {
    int a = 0, b = 1;
    if (weight[live[b]] < weight[live[a]]) a = 1, b = 0;
    for (int i = 2; i < count; ++i) {
      if (weight[live[i]] < weight[live[a]])
        b = a, a = i;
      else if (weight[live[i]] < weight[live[b]])
        b = i;
    }
    weight[next] = weight[live[a]] + weight[live[b]];
    left[next] = live[a];
    right[next] = live[b];
    live[a] = (uint16_t)next++;
    live[b] = live[--count];
  }
  return next - 1;
}

static void assign(int node, uint32_t prefix, uint32_t length) {
  if (node < 256) {
    code[node] = prefix;
    code_length[node] = length;
    return;
  }
  assign(left[node], prefix << 1, length + 1);
  assign(right[node], prefix << 1 | 1, length + 1);
}

KERNEL {
  uint32_t seed = 31, check = 0;
  for (uint32_t i = 0; i < SIZE; ++i) {
    uint32_t r = next_random(&seed);
    text[i] = (uint8_t)(__builtin_ctz(r | 0x8000) * 5 + (r >> 20) % 3);
  }
  for (int pass = 0; pass < 6; ++pass) {
    memset(weight, 0, sizeof weight);
    for (uint32_t i = 0; i < SIZE; ++i) ++weight[text[i]];
    int root = build();
    assign(root, 0, 0);
    uint64_t buffer = 0;
    uint32_t filled = 0, words = 0;
    for (uint32_t i = 0; i < SIZE; ++i) {
      buffer = buffer << code_length[text[i]] | code[text[i]];
      filled += code_length[text[i]];
      if (filled >= 32) {
        filled -= 32;
        bits[words++] = (uint32_t)(buffer >> filled);
      }
    }
    bits[words] = (uint32_t)(buffer << (32 - filled));
    uint32_t at = 0;
    for (uint32_t i = 0; i < SIZE; ++i) {
      int node = root;
      while (node >= 256) {
        node = bits[at >> 5] >> (31 - (at & 31)) & 1 ? right[node] : left[node];
        ++at;
      }
      back[i] = (uint8_t)node;
    }
    check = mix(check, words);
    check = mix(check, (uint32_t)memcmp(text, back, SIZE));
    text[pass] ^= 1;
  }
  return check;
}
