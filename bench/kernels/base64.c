// String work: base64 both ways, with a check of UTF-8 over the input.
#include "kernel.h"

#define SIZE (3u << 17)
static uint8_t raw[SIZE], again[SIZE];
static char coded[SIZE / 3 * 4];
static int8_t value_of[256];

static uint32_t valid_utf8(const uint8_t* p, const uint8_t* end) {
  uint32_t points = 0;
  while (p < end) {
    uint32_t lead = *p++;
    uint32_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead >= 0x80 && lead < 0xc2) continue;
    while (more && p < end && (*p & 0xc0) == 0x80) ++p, --more;
    points += more == 0;
  }
  return points;
}

KERNEL {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 64; ++i) value_of[(uint8_t)digits[i]] = (int8_t)i;
  uint32_t seed = 51, check = 0;
  for (uint32_t i = 0; i < SIZE; ++i) raw[i] = (uint8_t)next_random(&seed);
  for (int pass = 0; pass < 30; ++pass) {
    char* out = coded;
    for (uint32_t i = 0; i < SIZE; i += 3) {
      uint32_t group = (uint32_t)raw[i] << 16 | (uint32_t)raw[i + 1] << 8 | raw[i + 2];
      *out++ = digits[group >> 18];
      *out++ = digits[group >> 12 & 63];
      *out++ = digits[group >> 6 & 63];
      *out++ = digits[group & 63];
    }
    for (uint32_t i = 0, o = 0; i < sizeof coded; i += 4, o += 3) {
      uint32_t group = (uint32_t)value_of[(uint8_t)coded[i]] << 18 |
                       (uint32_t)value_of[(uint8_t)coded[i + 1]] << 12 |
                       (uint32_t)value_of[(uint8_t)coded[i + 2]] << 6 |
                       (uint32_t)value_of[(uint8_t)coded[i + 3]];
      again[o] = (uint8_t)(group >> 16);
      again[o + 1] = (uint8_t)(group >> 8);
      again[o + 2] = (uint8_t)group;
    }
    check = mix(check, valid_utf8(again, again + SIZE));
    check = mix(check, again[pass * 777]);
    raw[pass] ^= 0x55;
  }
  return check;
}
