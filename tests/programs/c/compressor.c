/* An LZ77 compressor with canonical Huffman codes, and its decompressor: a round trip over 10 MB of
 * generated text, logs and noise, checked byte for byte. Prints sizes and check sums, which must be
 * the same on every machine. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  INPUT_BYTES = 10 * 1024 * 1024,
  BLOCK_BYTES = 256 * 1024,
  WINDOW = 32768,
  MIN_MATCH = 4,
  MAX_MATCH = 258,
  HASH_BITS = 15,
  SYMBOLS = 256 + 1 + 64, /* literals, end of block, length buckets */
  DISTANCES = 32,
  MAX_BITS = 15
};

static uint32_t crc_table[256];

static void make_crc_table(void) {
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    crc_table[i] = c;
  }
}

static uint32_t crc32(const uint8_t* p, size_t n) {
  uint32_t c = ~0u;
  for (size_t i = 0; i < n; ++i) c = crc_table[(c ^ p[i]) & 255] ^ (c >> 8);
  return ~c;
}

/* ---- input --------------------------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252ull;
static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 32);
}

static const char* const words[] = {"stream", "byte",  "module", "function", "table",  "memory",
                                    "signal", "guard", "page",   "worker",   "thread", "value",
                                    "import", "trap",  "label",  "loop"};

static void fill_input(uint8_t* out, size_t n) {
  size_t at = 0;
  while (at < n) {
    char line[256];
    int len = 0;
    switch (next_random() % 4) {
    case 0: {
      uint32_t r = next_random();
      len = snprintf(line, sizeof line, "[%08u] %s %s=%u\n", (unsigned)(at / 100), words[r % 16],
                     words[r / 16 % 16], (unsigned)(r / 256 % 1000));
      break;
    }
    case 1:
      for (int i = 0; i < 12; ++i) {
        len += snprintf(line + len, sizeof line - (size_t)len, "%s ", words[next_random() % 16]);
      }
      break;
    case 2:
      len = 16 + (int)(next_random() % 64);
      memset(line, 'a' + len % 4, (size_t)len);
      break;
    default:
      len = 24;
      for (int i = 0; i < len; ++i) line[i] = (char)next_random();
      break;
    }
    size_t take = n - at < (size_t)len ? n - at : (size_t)len;
    memcpy(out + at, line, take);
    at += take;
  }
}

/* ---- bits ---------------------------------------------------------------------------------- */

typedef struct {
  uint8_t* bytes;
  size_t size, capacity;
  uint64_t bits;
  int count;
} writer;

static void put_bits(writer* w, uint32_t value, int n) {
  w->bits |= (uint64_t)value << w->count;
  w->count += n;
  while (w->count >= 8) {
    if (w->size == w->capacity) {
      w->capacity = w->capacity ? w->capacity * 2 : 65536;
      w->bytes = realloc(w->bytes, w->capacity);
      if (!w->bytes) abort();
    }
    w->bytes[w->size++] = (uint8_t)w->bits;
    w->bits >>= 8;
    w->count -= 8;
  }
}

typedef struct {
  const uint8_t* bytes;
  size_t size, at;
  uint64_t bits;
  int count;
} reader;

static uint32_t get_bits(reader* r, int n) {
  while (r->count < n) {
    uint64_t byte = r->at < r->size ? r->bytes[r->at] : 0;
    r->at++;
    r->bits |= byte << r->count;
    r->count += 8;
  }
  uint32_t value = (uint32_t)(r->bits & ((1ull << n) - 1));
  r->bits >>= n;
  r->count -= n;
  return value;
}

/* ---- Huffman codes ------------------------------------------------------------------------- */

typedef struct {
  uint8_t length[SYMBOLS];
  uint16_t code[SYMBOLS]; /* bits in the order they are written */
} code_book;

static void assign_codes(code_book* book, int symbols) {
  int count[MAX_BITS + 1] = {0};
  for (int i = 0; i < symbols; ++i) count[book->length[i]]++;
  count[0] = 0;
  uint32_t next[MAX_BITS + 2] = {0};
  for (int bits = 1; bits <= MAX_BITS; ++bits) {
    next[bits + 1] = (next[bits] + (uint32_t)count[bits]) << 1;
  }
  for (int i = 0; i < symbols; ++i) {
    int bits = book->length[i];
    if (!bits) continue;
    uint32_t code = next[bits]++;
    uint32_t reversed = 0;
    for (int k = 0; k < bits; ++k) reversed |= ((code >> k) & 1u) << (bits - 1 - k);
    book->code[i] = (uint16_t)reversed;
  }
}

static const uint32_t* sort_weights;
static int by_weight(const void* a, const void* b) {
  int x = *(const int*)a, y = *(const int*)b;
  if (sort_weights[x] != sort_weights[y]) return sort_weights[x] < sort_weights[y] ? -1 : 1;
  return x - y;
}

/* Code lengths from weights; halves the weights until no code is longer than MAX_BITS. */
static void build_book(code_book* book, const uint32_t* frequencies, int symbols) {
  uint32_t weights[2 * SYMBOLS];
  memset(book, 0, sizeof *book);
  for (int i = 0; i < symbols; ++i) weights[i] = frequencies[i];
  for (;;) {
    int order[SYMBOLS], n = 0;
    for (int i = 0; i < symbols; ++i) {
      if (weights[i]) order[n++] = i;
    }
    if (n == 1) {
      book->length[order[0]] = 1;
      break;
    }
    sort_weights = weights;
    qsort(order, (size_t)n, sizeof order[0], by_weight);
    /* Two queues: sorted leaves, and inner nodes, which come out in order. */
    int parent[2 * SYMBOLS], inner[SYMBOLS], made = 0, leaf = 0, head = 0;
    while ((n - leaf) + (made - head) > 1) {
      uint32_t sum = 0;
      int node = symbols + made;
      for (int k = 0; k < 2; ++k) {
        int take_leaf = head == made || (leaf < n && weights[order[leaf]] <= weights[inner[head]]);
        int child = take_leaf ? order[leaf++] : inner[head++];
        parent[child] = node;
        sum += weights[child];
      }
      weights[node] = sum;
      inner[made++] = node;
    }
    int root = inner[made - 1], longest = 0;
    for (int i = 0; i < n; ++i) {
      int depth = 0;
      for (int node = order[i]; node != root; node = parent[node]) ++depth;
      book->length[order[i]] = (uint8_t)depth;
      if (depth > longest) longest = depth;
    }
    if (longest <= MAX_BITS) break;
    for (int i = 0; i < symbols; ++i) {
      if (weights[i]) weights[i] = (weights[i] >> 1) + 1;
    }
  }
  assign_codes(book, symbols);
}

/* ---- tokens -------------------------------------------------------------------------------- */

typedef struct {
  uint16_t length; /* 0: `distance` is a literal */
  uint16_t distance;
} token;

/* A number as a bucket (its top two bits and their place) and the bits below. */
static int bucket_of(uint32_t value, int* extra_bits, uint32_t* extra) {
  if (value < 4) {
    *extra_bits = 0;
    *extra = 0;
    return (int)value;
  }
  int top = 31 - __builtin_clz(value);
  *extra_bits = top - 1;
  *extra = value & ((1u << (top - 1)) - 1);
  return 2 * top + (int)((value >> (top - 1)) & 1);
}

static uint32_t value_of(int bucket, reader* r) {
  if (bucket < 4) return (uint32_t)bucket;
  int top = bucket / 2;
  uint32_t high = 2u | (uint32_t)(bucket & 1);
  return (high << (top - 1)) | get_bits(r, top - 1);
}

static int32_t head[1 << HASH_BITS];
static int32_t previous[WINDOW];

static uint32_t hash4(const uint8_t* p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return (v * 2654435761u) >> (32 - HASH_BITS);
}

static uint32_t match_length(const uint8_t* a, const uint8_t* b, uint32_t limit) {
  uint32_t n = 0;
  while (n < limit && a[n] == b[n]) ++n;
  return n;
}

static size_t find_tokens(const uint8_t* in, size_t begin, size_t end, token* tokens) {
  size_t count = 0;
  for (size_t at = begin; at < end;) {
    uint32_t limit = end - at < MAX_MATCH ? (uint32_t)(end - at) : MAX_MATCH;
    uint32_t best = 0, best_distance = 0;
    if (limit >= MIN_MATCH) {
      int32_t candidate = head[hash4(in + at)];
      for (int tries = 0; tries < 16 && candidate >= 0; ++tries) {
        size_t distance = at - (size_t)candidate;
        if (distance == 0 || distance >= WINDOW) break;
        uint32_t n = match_length(in + candidate, in + at, limit);
        if (n > best) {
          best = n;
          best_distance = (uint32_t)distance;
        }
        candidate = previous[candidate % WINDOW];
      }
    }
    uint32_t step = best >= MIN_MATCH ? best : 1;
    tokens[count].length = best >= MIN_MATCH ? (uint16_t)best : 0;
    tokens[count].distance = best >= MIN_MATCH ? (uint16_t)best_distance : in[at];
    ++count;
    for (size_t stop = at + step; at < stop; ++at) {
      if (at + 4 > end) continue;
      uint32_t h = hash4(in + at);
      previous[at % WINDOW] = head[h];
      head[h] = (int32_t)at;
    }
  }
  return count;
}

static void put_symbol(writer* w, const code_book* book, int symbol) {
  put_bits(w, book->code[symbol], book->length[symbol]);
}

static void compress_block(writer* w, const token* tokens, size_t count) {
  uint32_t lit_freq[SYMBOLS] = {0}, dist_freq[DISTANCES] = {0};
  int bits;
  uint32_t extra;
  for (size_t i = 0; i < count; ++i) {
    if (!tokens[i].length) {
      lit_freq[tokens[i].distance]++;
    } else {
      lit_freq[257 + bucket_of(tokens[i].length, &bits, &extra)]++;
      dist_freq[bucket_of(tokens[i].distance, &bits, &extra)]++;
    }
  }
  lit_freq[256] = 1;
  dist_freq[0] += 1;
  code_book literals, distances;
  build_book(&literals, lit_freq, SYMBOLS);
  build_book(&distances, dist_freq, DISTANCES);
  for (int i = 0; i < SYMBOLS; ++i) put_bits(w, literals.length[i], 4);
  for (int i = 0; i < DISTANCES; ++i) put_bits(w, distances.length[i], 4);
  for (size_t i = 0; i < count; ++i) {
    if (!tokens[i].length) {
      put_symbol(w, &literals, tokens[i].distance);
      continue;
    }
    put_symbol(w, &literals, 257 + bucket_of(tokens[i].length, &bits, &extra));
    put_bits(w, extra, bits);
    put_symbol(w, &distances, bucket_of(tokens[i].distance, &bits, &extra));
    put_bits(w, extra, bits);
  }
  put_symbol(w, &literals, 256);
}

/* ---- decompression ------------------------------------------------------------------------- */

typedef struct {
  uint16_t entry[1 << MAX_BITS]; /* symbol << 4 | length */
} decode_table;

static void build_table(decode_table* table, const code_book* book, int symbols) {
  memset(table, 0, sizeof *table);
  for (int i = 0; i < symbols; ++i) {
    int bits = book->length[i];
    if (!bits) continue;
    for (uint32_t k = book->code[i]; k < 1u << MAX_BITS; k += 1u << bits) {
      table->entry[k] = (uint16_t)(i << 4 | bits);
    }
  }
}

static int get_symbol(reader* r, const decode_table* table) {
  while (r->count < MAX_BITS) {
    uint64_t byte = r->at < r->size ? r->bytes[r->at] : 0;
    r->at++;
    r->bits |= byte << r->count;
    r->count += 8;
  }
  uint16_t entry = table->entry[r->bits & ((1u << MAX_BITS) - 1)];
  int bits = entry & 15;
  r->bits >>= bits;
  r->count -= bits;
  return entry >> 4;
}

static decode_table literal_table, distance_table;

static size_t decompress_block(reader* r, uint8_t* out, size_t at, size_t capacity) {
  code_book literals, distances;
  memset(&literals, 0, sizeof literals);
  memset(&distances, 0, sizeof distances);
  for (int i = 0; i < SYMBOLS; ++i) literals.length[i] = (uint8_t)get_bits(r, 4);
  for (int i = 0; i < DISTANCES; ++i) distances.length[i] = (uint8_t)get_bits(r, 4);
  assign_codes(&literals, SYMBOLS);
  assign_codes(&distances, DISTANCES);
  build_table(&literal_table, &literals, SYMBOLS);
  build_table(&distance_table, &distances, DISTANCES);
  for (;;) {
    int symbol = get_symbol(r, &literal_table);
    if (symbol == 256) return at;
    if (symbol < 256) {
      if (at == capacity) abort();
      out[at++] = (uint8_t)symbol;
      continue;
    }
    uint32_t length = value_of(symbol - 257, r);
    uint32_t distance = value_of(get_symbol(r, &distance_table), r);
    if (distance == 0 || distance > at || length > capacity - at) abort();
    for (uint32_t i = 0; i < length; ++i, ++at) out[at] = out[at - distance];
  }
}

int main(void) {
  make_crc_table();
  uint8_t* input = malloc(INPUT_BYTES);
  uint8_t* output = malloc(INPUT_BYTES);
  token* tokens = malloc(BLOCK_BYTES * sizeof *tokens);
  if (!input || !output || !tokens) return 2;
  fill_input(input, INPUT_BYTES);
  printf("input      %d bytes, crc %08x\n", INPUT_BYTES, crc32(input, INPUT_BYTES));

  memset(head, 0xff, sizeof head);
  writer w = {0};
  for (size_t at = 0; at < INPUT_BYTES; at += BLOCK_BYTES) {
    size_t end = at + BLOCK_BYTES < INPUT_BYTES ? at + BLOCK_BYTES : INPUT_BYTES;
    compress_block(&w, tokens, find_tokens(input, at, end, tokens));
  }
  put_bits(&w, 0, 7);
  printf("compressed %zu bytes, crc %08x\n", w.size, crc32(w.bytes, w.size));

  reader r = {w.bytes, w.size, 0, 0, 0};
  size_t at = 0;
  while (at < INPUT_BYTES) at = decompress_block(&r, output, at, INPUT_BYTES);
  printf("output     %zu bytes, crc %08x\n", at, crc32(output, at));
  if (memcmp(input, output, INPUT_BYTES) != 0) {
    puts("round trip FAILED");
    return 1;
  }
  puts("round trip ok");
  return 0;
}
