/* SHA-256, SHA-512 and a 64-bit multiply-and-rotate hash, over test vectors and 8 MB; 64-bit
 * arithmetic, rotations and byte shuffles. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t ror32(uint32_t v, int n) { return v >> n | v << (32 - n); }
static uint64_t ror64(uint64_t v, int n) { return v >> n | v << (64 - n); }
static uint64_t rol64(uint64_t v, int n) { return v << n | v >> (64 - n); }

/* The constants are fractions of roots of the first primes: computed, not listed. */
static uint64_t primes[80];

static void find_primes(void) {
  int n = 0;
  for (uint64_t c = 2; n < 80; ++c) {
    int is_prime = 1;
    for (int i = 0; i < n && primes[i] * primes[i] <= c; ++i) is_prime &= c % primes[i] != 0;
    if (is_prime) primes[n++] = c;
  }
}

typedef unsigned __int128 u128;

/* floor(p^(1/k) * 2^64) modulo 2^64, by bisection on exact products. */
static int power_at_most(u128 root, int k, uint64_t p) {
  /* root is a 67-bit fixed point number with 64 fraction bits; compare root^k with p * 2^(64k). */
  uint32_t digits[16] = {1}, r[4];
  for (int i = 0; i < 4; ++i) r[i] = (uint32_t)(root >> (32 * i));
  for (int step = 0; step < k; ++step) {
    uint32_t product[16] = {0};
    for (int i = 0; i < 16; ++i) {
      uint64_t carry = 0;
      for (int j = 0; i + j < 16; ++j) {
        uint64_t sum = (uint64_t)product[i + j] + carry + (j < 4 ? (uint64_t)digits[i] * r[j] : 0);
        product[i + j] = (uint32_t)sum;
        carry = sum >> 32;
      }
    }
    memcpy(digits, product, sizeof digits);
  }
  uint32_t bound[16] = {0};
  bound[2 * k] = (uint32_t)p;
  for (int i = 15; i >= 0; --i) {
    if (digits[i] != bound[i]) return digits[i] < bound[i];
  }
  return 1;
}

static uint64_t root_fraction(uint64_t p, int k) {
  u128 low = 0, high = (u128)32 << 64;
  while (high - low > 1) {
    u128 middle = low + (high - low) / 2;
    if (power_at_most(middle, k, p)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return (uint64_t)low;
}

static uint64_t k512[80], h512[8];
static uint32_t k256[64], h256[8];

static void make_constants(void) {
  find_primes();
  for (int i = 0; i < 80; ++i) k512[i] = root_fraction(primes[i], 3);
  for (int i = 0; i < 8; ++i) h512[i] = root_fraction(primes[i], 2);
  for (int i = 0; i < 64; ++i) k256[i] = (uint32_t)(k512[i] >> 32);
  for (int i = 0; i < 8; ++i) h256[i] = (uint32_t)(h512[i] >> 32);
}

static void block256(uint32_t* h, const uint8_t* p) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; ++i) {
    w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 |
           p[4 * i + 3];
  }
  for (int i = 16; i < 64; ++i) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (ror32(a, 7) ^ ror32(a, 18) ^ a >> 3) + w[i - 7] +
           (ror32(b, 17) ^ ror32(b, 19) ^ b >> 10);
  }
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 64; ++i) {
    uint32_t t1 = v[7] + (ror32(v[4], 6) ^ ror32(v[4], 11) ^ ror32(v[4], 25)) +
                  ((v[4] & v[5]) ^ (~v[4] & v[6])) + k256[i] + w[i];
    uint32_t t2 = (ror32(v[0], 2) ^ ror32(v[0], 13) ^ ror32(v[0], 22)) +
                  ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof v[0]);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; ++i) h[i] += v[i];
}

static void block512(uint64_t* h, const uint8_t* p) {
  uint64_t w[80], v[8];
  for (int i = 0; i < 16; ++i) {
    w[i] = 0;
    for (int k = 0; k < 8; ++k) w[i] = w[i] << 8 | p[8 * i + k];
  }
  for (int i = 16; i < 80; ++i) {
    uint64_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (ror64(a, 1) ^ ror64(a, 8) ^ a >> 7) + w[i - 7] +
           (ror64(b, 19) ^ ror64(b, 61) ^ b >> 6);
  }
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 80; ++i) {
    uint64_t t1 = v[7] + (ror64(v[4], 14) ^ ror64(v[4], 18) ^ ror64(v[4], 41)) +
                  ((v[4] & v[5]) ^ (~v[4] & v[6])) + k512[i] + w[i];
    uint64_t t2 = (ror64(v[0], 28) ^ ror64(v[0], 34) ^ ror64(v[0], 39)) +
                  ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof v[0]);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; ++i) h[i] += v[i];
}

static void sha256(const uint8_t* data, size_t n, uint32_t* h) {
  memcpy(h, h256, sizeof h256);
  size_t at = 0;
  for (; n - at >= 64; at += 64) block256(h, data + at);
  uint8_t tail[128] = {0};
  memcpy(tail, data + at, n - at);
  tail[n - at] = 0x80;
  size_t size = n - at < 56 ? 64 : 128;
  for (int i = 0; i < 8; ++i) tail[size - 1 - (size_t)i] = (uint8_t)((uint64_t)n * 8 >> (8 * i));
  for (size_t i = 0; i < size; i += 64) block256(h, tail + i);
}

static void sha512(const uint8_t* data, size_t n, uint64_t* h) {
  memcpy(h, h512, sizeof h512);
  size_t at = 0;
  for (; n - at >= 128; at += 128) block512(h, data + at);
  uint8_t tail[256] = {0};
  memcpy(tail, data + at, n - at);
  tail[n - at] = 0x80;
  size_t size = n - at < 112 ? 128 : 256;
  for (int i = 0; i < 8; ++i) tail[size - 1 - (size_t)i] = (uint8_t)((uint64_t)n * 8 >> (8 * i));
  for (size_t i = 0; i < size; i += 128) block512(h, tail + i);
}

static uint64_t mix_hash(const uint8_t* data, size_t n, uint64_t seed) {
  uint64_t h = seed ^ n * 0x9e3779b97f4a7c15ull;
  size_t at = 0;
  for (; n - at >= 8; at += 8) {
    uint64_t v;
    memcpy(&v, data + at, 8);
    u128 product = (u128)(v ^ h) * 0xff51afd7ed558ccdull;
    h = rol64((uint64_t)product ^ (uint64_t)(product >> 64), 27) * 5 + 0x52dce729;
  }
  for (; at < n; ++at) h = rol64(h ^ data[at], 11) * 0x9e3779b1ull;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ull;
  return h ^ h >> 29;
}

static void show(const char* what, const uint8_t* data, size_t n) {
  uint32_t a[8];
  uint64_t b[8];
  sha256(data, n, a);
  sha512(data, n, b);
  printf("%s\n  sha256 ", what);
  for (int i = 0; i < 8; ++i) printf("%08" PRIx32, a[i]);
  printf("\n  sha512 ");
  for (int i = 0; i < 8; ++i) printf("%016" PRIx64, b[i]);
  printf("\n  mix    %016" PRIx64 "\n", mix_hash(data, n, 42));
}

int main(void) {
  make_constants();
  show("empty", (const uint8_t*)"", 0);
  show("abc", (const uint8_t*)"abc", 3);
  char sizes[200];
  for (size_t n = 55; n <= 129; n += 37) {
    memset(sizes, 'a', n);
    char title[20];
    snprintf(title, sizeof title, "a * %zu", n);
    show(title, (const uint8_t*)sizes, n);
  }
  size_t n = 8u << 20;
  uint8_t* data = malloc(n);
  if (!data) return 2;
  uint32_t x = 12345;
  for (size_t i = 0; i < n; ++i) {
    x = x * 1664525u + 1013904223u;
    data[i] = (uint8_t)(x >> 24);
  }
  show("8 MB", data, n);
  return 0;
}
