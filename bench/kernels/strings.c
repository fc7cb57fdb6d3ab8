// String work: search by Horspool's skips, word counts, case changes, reversal.
#include <string.h>

#include "kernel.h"

#define SIZE (1u << 19)
static char text[SIZE + 1];

static uint32_t count_matches(const char* hay, uint32_t n, const char* needle) {
  uint32_t m = (uint32_t)strlen(needle), found = 0;
  uint8_t skip[256];
  for (int i = 0; i < 256; ++i) skip[i] = (uint8_t)m;
  for (uint32_t i = 0; i + 1 < m; ++i) skip[(uint8_t)needle[i]] = (uint8_t)(m - 1 - i);
  for (uint32_t at = 0; at + m <= n; at += skip[(uint8_t)hay[at + m - 1]]) {
    uint32_t i = m;
    while (i > 0 && hay[at + i - 1] == needle[i - 1]) --i;
    found += i == 0;
  }
  return found;
}

static uint32_t count_words(const char* s) {
  uint32_t words = 0;
  int inside = 0;
  for (; *s; ++s) {
    int letter = (*s | 32) >= 'a' && (*s | 32) <= 'z';
    words += letter && !inside;
    inside = letter;
  }
  return words;
}

static void swap_case(char* s) {
  for (; *s; ++s) {
    if (*s >= 'a' && *s <= 'z')
      *s = (char)(*s - 32);
    else if (*s >= 'A' && *s <= 'Z')
      *s = (char)(*s + 32);
  }
}

static void reverse(char* from, char* to) {
  while (from < --to) {
    char t = *from;
    *from++ = *to;
    *to = t;
  }
}

KERNEL {
  uint32_t seed = 41;
  for (uint32_t i = 0; i < SIZE; ++i) {
    uint32_t r = next_random(&seed) >> 8;
    text[i] = r % 6 == 0 ? ' ' : (char)((r % 5 ? 'a' : 'A') + (r >> 8) % 7);
  }
  text[SIZE] = 0;
  uint32_t check = 0;
  for (int pass = 0; pass < 20; ++pass) {
    check = mix(check, count_matches(text, SIZE, "bed"));
    check = mix(check, count_matches(text, SIZE, "added fade"));
    check = mix(check, count_words(text));
    swap_case(text);
    reverse(text + pass, text + SIZE - pass * 3);
  }
  return check;
}
