/* Two recursive-descent parsers without setjmp: JSON into a tree (printed again in canonical form,
 * errors with positions) and arithmetic expressions into bytecode for a small machine that is
 * dispatched through a table of functions. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ---------------------------------------------------------------------------------- */

typedef enum { NUL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT } kind;

typedef struct node {
  kind kind;
  bool truth;
  double number;
  char* text; /* STRING */
  char* key;  /* in an object */
  struct node *first, *next;
} node;

typedef struct {
  const char *begin, *at;
  char error[100];
  int depth;
} parser;

static node* complain(parser* p, const char* format, ...) {
  if (p->error[0]) return NULL;
  va_list args;
  va_start(args, format);
  int n = snprintf(p->error, sizeof p->error, "at %d: ", (int)(p->at - p->begin));
  vsnprintf(p->error + n, sizeof p->error - (size_t)n, format, args);
  va_end(args);
  return NULL;
}

static void skip_space(parser* p) {
  while (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r') p->at++;
}

static node* make(kind k) {
  node* n = calloc(1, sizeof *n);
  if (!n) abort();
  n->kind = k;
  return n;
}

static void release(node* n) {
  while (n) {
    node* next = n->next;
    release(n->first);
    free(n->text);
    free(n->key);
    free(n);
    n = next;
  }
}

static int hex_digits(parser* p, int count) {
  int value = 0;
  for (int i = 0; i < count; ++i, p->at++) {
    if (!isxdigit((unsigned char)*p->at)) {
      complain(p, "bad \\u escape");
      return -1;
    }
    int c = tolower((unsigned char)*p->at);
    value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return value;
}

static int put_utf8(char* out, int code) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (char)(0xc0 | code >> 6);
    out[1] = (char)(0x80 | (code & 63));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 63));
    out[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  out[0] = (char)(0xf0 | code >> 18);
  out[1] = (char)(0x80 | (code >> 12 & 63));
  out[2] = (char)(0x80 | (code >> 6 & 63));
  out[3] = (char)(0x80 | (code & 63));
  return 4;
}

static char* parse_string(parser* p) {
  p->at++;
  size_t size = 0, capacity = 16;
  char* out = malloc(capacity);
  if (!out) abort();
  while (*p->at != '"') {
    if (size + 8 > capacity) out = realloc(out, capacity *= 2);
    if (!out) abort();
    unsigned char c = (unsigned char)*p->at;
    if (c < 0x20) {
      complain(p, c ? "control character in string" : "unterminated string");
      free(out);
      return NULL;
    }
    p->at++;
    if (c != '\\') {
      out[size++] = (char)c;
      continue;
    }
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char* name = *p->at ? strchr(names, *p->at) : NULL;
    if (name) {
      out[size++] = values[name - names];
      p->at++;
    } else if (*p->at == 'u') {
      p->at++;
      int code = hex_digits(p, 4);
      if (code >= 0xd800 && code < 0xdc00 && p->at[0] == '\\' && p->at[1] == 'u') {
        p->at += 2;
        int low = hex_digits(p, 4);
        if (low >= 0xdc00 && low < 0xe000) code = 0x10000 + ((code - 0xd800) << 10) + low - 0xdc00;
      }
      if (p->error[0]) {
        free(out);
        return NULL;
      }
      size += (size_t)put_utf8(out + size, code);
    } else {
      complain(p, "bad escape");
      free(out);
      return NULL;
    }
  }
  p->at++;
  out[size] = 0;
  return out;
}

static node* parse_value(parser* p);

static node* parse_members(parser* p, char close, bool keyed) {
  node* list = make(keyed ? OBJECT : ARRAY);
  node** tail = &list->first;
  p->at++;
  skip_space(p);
  if (*p->at == close) {
    p->at++;
    return list;
  }
  for (;;) {
    char* key = NULL;
    skip_space(p);
    if (keyed) {
      if (*p->at != '"') {
        complain(p, "key expected");
        break;
      }
      key = parse_string(p);
      if (!key) break;
      skip_space(p);
      if (*p->at != ':') {
        complain(p, "':' expected");
        free(key);
        break;
      }
      p->at++;
    }
    node* value = parse_value(p);
    if (!value) {
      free(key);
      break;
    }
    value->key = key;
    *tail = value;
    tail = &value->next;
    skip_space(p);
    if (*p->at == close) {
      p->at++;
      return list;
    }
    if (*p->at != ',') {
      complain(p, "',' or '%c' expected", close);
      break;
    }
    p->at++;
  }
  release(list);
  return NULL;
}

static node* parse_number(parser* p) {
  const char* start = p->at;
  if (*p->at == '-') p->at++;
  if (*p->at == '0') {
    p->at++;
  } else {
    if (!isdigit((unsigned char)*p->at)) return complain(p, "value expected");
    while (isdigit((unsigned char)*p->at)) p->at++;
  }
  if (*p->at == '.') {
    p->at++;
    if (!isdigit((unsigned char)*p->at)) return complain(p, "digit expected");
    while (isdigit((unsigned char)*p->at)) p->at++;
  }
  if (*p->at == 'e' || *p->at == 'E') {
    p->at++;
    if (*p->at == '+' || *p->at == '-') p->at++;
    if (!isdigit((unsigned char)*p->at)) return complain(p, "digit expected");
    while (isdigit((unsigned char)*p->at)) p->at++;
  }
  node* n = make(NUMBER);
  n->number = strtod(start, NULL);
  return n;
}

static node* parse_word(parser* p, const char* word, kind k, bool truth) {
  if (strncmp(p->at, word, strlen(word)) != 0) return complain(p, "value expected");
  p->at += strlen(word);
  node* n = make(k);
  n->truth = truth;
  return n;
}

static node* parse_value(parser* p) {
  if (p->depth == 500) return complain(p, "too deep");
  p->depth++;
  skip_space(p);
  node* n;
  switch (*p->at) {
  case '{': n = parse_members(p, '}', true); break;
  case '[': n = parse_members(p, ']', false); break;
  case '"': {
    char* text = parse_string(p);
    n = text ? make(STRING) : NULL;
    if (n) n->text = text;
    break;
  }
  case 't': n = parse_word(p, "true", BOOLEAN, true); break;
  case 'f': n = parse_word(p, "false", BOOLEAN, false); break;
  case 'n': n = parse_word(p, "null", NUL, false); break;
  default: n = parse_number(p); break;
  }
  p->depth--;
  return n;
}

static void print_text(const char* s) {
  putchar('"');
  for (; *s; ++s) {
    if (*s == '"' || *s == '\\') {
      printf("\\%c", *s);
    } else if ((unsigned char)*s < 0x20) {
      printf("\\u%04x", (unsigned)*s);
    } else {
      putchar(*s);
    }
  }
  putchar('"');
}

static void print_node(const node* n) {
  switch (n->kind) {
  case NUL: fputs("null", stdout); break;
  case BOOLEAN: fputs(n->truth ? "true" : "false", stdout); break;
  case NUMBER: printf("%.17g", n->number); break;
  case STRING: print_text(n->text); break;
  case ARRAY:
  case OBJECT:
    putchar(n->kind == ARRAY ? '[' : '{');
    for (const node* child = n->first; child; child = child->next) {
      if (child->key) {
        print_text(child->key);
        putchar(':');
      }
      print_node(child);
      if (child->next) putchar(',');
    }
    putchar(n->kind == ARRAY ? ']' : '}');
    break;
  }
}

static void json(const char* text) {
  parser p = {text, text, "", 0};
  node* n = parse_value(&p);
  skip_space(&p);
  if (n && *p.at) complain(&p, "end expected");
  if (p.error[0]) {
    printf("error %s\n", p.error);
  } else {
    print_node(n);
    putchar('\n');
  }
  release(n);
}

static double sum_numbers(const node* n) {
  double sum = n->kind == NUMBER ? n->number : 0;
  for (const node* child = n->first; child; child = child->next) sum += sum_numbers(child);
  return sum;
}

/* A document of some megabytes, parsed and added up. */
static void large_json(void) {
  size_t capacity = 4u << 20, at = 0;
  char* text = malloc(capacity);
  if (!text) abort();
  at += (size_t)sprintf(text + at, "[");
  for (int i = 0; at < capacity - 200; ++i) {
    at += (size_t)sprintf(text + at,
                          "{\"id\":%d,\"name\":\"item \\u00e9 %d\",\"values\":[%d,%d.5,1e%d]},", i,
                          i * 7, i % 100, i % 13, i % 5);
  }
  sprintf(text + at, "null]");
  parser p = {text, text, "", 0};
  node* n = parse_value(&p);
  if (!n) abort();
  int count = 0;
  for (const node* child = n->first; child; child = child->next) count++;
  printf("large document: %d elements, sum %.17g\n", count, sum_numbers(n));
  release(n);
  free(text);
}

/* ---- expressions --------------------------------------------------------------------------- */

typedef enum { PUSH, LOAD, ADD, SUB, MUL, DIV, POW, NEG, CALL, LESS, JUMP, BRANCH, END } opcode;

typedef struct {
  opcode op;
  double value;
  int index;
} instruction;

typedef struct {
  instruction code[200];
  int size;
  const char* at;
  bool failed;
} compiler;

typedef struct {
  double stack[64], variables[26];
  int top;
} machine;

typedef double (*function)(double);
static double square(double x) { return x * x; }
static double half(double x) { return x / 2; }
static const struct {
  const char* name;
  function call;
} functions[] = {{"sqrt", sqrt}, {"abs", fabs},  {"floor", floor},
                 {"sq", square}, {"half", half}, {"ceil", ceil}};

static int emit(compiler* c, opcode op, double value, int index) {
  if (c->size == 200) {
    c->failed = true;
    return 0;
  }
  c->code[c->size] = (instruction){op, value, index};
  return c->size++;
}

static void blanks(compiler* c) {
  while (*c->at == ' ') c->at++;
}

static bool accept(compiler* c, char wanted) {
  blanks(c);
  if (*c->at != wanted) return false;
  c->at++;
  return true;
}

static void ternary(compiler* c);

static void primary(compiler* c) {
  blanks(c);
  if (accept(c, '(')) {
    ternary(c);
    if (!accept(c, ')')) c->failed = true;
    return;
  }
  if (accept(c, '-')) {
    primary(c);
    emit(c, NEG, 0, 0);
    return;
  }
  if (isdigit((unsigned char)*c->at) || *c->at == '.') {
    char* end;
    double value = strtod(c->at, &end);
    c->at = end;
    emit(c, PUSH, value, 0);
    return;
  }
  for (int i = 0; i < (int)(sizeof functions / sizeof functions[0]); ++i) {
    size_t n = strlen(functions[i].name);
    if (strncmp(c->at, functions[i].name, n) == 0 && c->at[n] == '(') {
      c->at += n;
      primary(c);
      emit(c, CALL, 0, i);
      return;
    }
  }
  if (islower((unsigned char)*c->at)) {
    emit(c, LOAD, 0, *c->at++ - 'a');
    return;
  }
  c->failed = true;
}

static void power(compiler* c) {
  primary(c);
  if (accept(c, '^')) {
    power(c);
    emit(c, POW, 0, 0);
  }
}

static void product(compiler* c) {
  power(c);
  for (;;) {
    if (accept(c, '*')) {
      power(c);
      emit(c, MUL, 0, 0);
    } else if (accept(c, '/')) {
      power(c);
      emit(c, DIV, 0, 0);
    } else {
      return;
    }
  }
}

static void sum(compiler* c) {
  product(c);
  for (;;) {
    if (accept(c, '+')) {
      product(c);
      emit(c, ADD, 0, 0);
    } else if (accept(c, '-')) {
      product(c);
      emit(c, SUB, 0, 0);
    } else {
      return;
    }
  }
}

static void ternary(compiler* c) {
  sum(c);
  if (accept(c, '<')) {
    sum(c);
    emit(c, LESS, 0, 0);
  }
  if (accept(c, '?')) {
    int branch = emit(c, BRANCH, 0, 0);
    ternary(c);
    int jump = emit(c, JUMP, 0, 0);
    c->code[branch].index = c->size;
    if (!accept(c, ':')) c->failed = true;
    ternary(c);
    c->code[jump].index = c->size;
  }
}

static int do_push(machine* m, const instruction* i, int pc) {
  m->stack[m->top++] = i->value;
  return pc;
}
static int do_load(machine* m, const instruction* i, int pc) {
  m->stack[m->top++] = m->variables[i->index];
  return pc;
}
#define BINARY(name, expression)                                                                   \
  static int name(machine* m, const instruction* i, int pc) {                                      \
    (void)i;                                                                                       \
    double y = m->stack[--m->top], x = m->stack[m->top - 1];                                       \
    m->stack[m->top - 1] = (expression);                                                           \
    return pc;                                                                                     \
  }
BINARY(do_add, x + y)
BINARY(do_sub, x - y)
BINARY(do_mul, x* y)
BINARY(do_div, x / y)
BINARY(do_less, x < y ? 1.0 : 0.0)
static int do_pow(machine* m, const instruction* i, int pc) {
  (void)i;
  double y = m->stack[--m->top], x = m->stack[m->top - 1], result = 1;
  for (int k = 0; k < (int)fabs(y); ++k) result *= x;
  m->stack[m->top - 1] = y < 0 ? 1 / result : result;
  return pc;
}
static int do_neg(machine* m, const instruction* i, int pc) {
  (void)i;
  m->stack[m->top - 1] = -m->stack[m->top - 1];
  return pc;
}
static int do_call(machine* m, const instruction* i, int pc) {
  m->stack[m->top - 1] = functions[i->index].call(m->stack[m->top - 1]);
  return pc;
}
static int do_jump(machine* m, const instruction* i, int pc) {
  (void)m;
  (void)pc;
  return i->index;
}
static int do_branch(machine* m, const instruction* i, int pc) {
  return m->stack[--m->top] != 0 ? pc : i->index;
}
static int do_end(machine* m, const instruction* i, int pc) {
  (void)m;
  (void)i;
  (void)pc;
  return -1;
}

static int (*const actions[])(machine*, const instruction*,
                              int) = {do_push, do_load, do_add,  do_sub,  do_mul,    do_div, do_pow,
                                      do_neg,  do_call, do_less, do_jump, do_branch, do_end};

static double run(const compiler* c, machine* m) {
  m->top = 0;
  for (int pc = 0; pc >= 0;) {
    const instruction* i = &c->code[pc];
    pc = actions[i->op](m, i, pc + 1);
  }
  return m->stack[0];
}

static void expression(const char* text) {
  compiler* c = calloc(1, sizeof *c);
  machine m = {0};
  if (!c) abort();
  c->at = text;
  ternary(c);
  blanks(c);
  if (c->failed || *c->at) {
    printf("%s: error at %d\n", text, (int)(c->at - text));
  } else {
    emit(c, END, 0, 0);
    double total = 0;
    for (int x = 0; x < 1000; ++x) {
      m.variables['x' - 'a'] = x;
      m.variables['y' - 'a'] = 1000 - x;
      total += run(c, &m);
    }
    printf("%s: %d instructions, %.17g\n", text, c->size, total);
  }
  free(c);
}

int main(void) {
  static const char* const documents[] = {
      "null",
      " true ",
      "[]",
      "{}",
      "-0.5e+3",
      "[1,2,[3,[4]],{\"a\":[]}]",
      "{\"k\":\"a\\n\\\"\\u00e9\\ud83d\\ude00\",\"z\":[true,false,null]}",
      "[1,2",
      "[1 2]",
      "{\"a\" 1}",
      "{a:1}",
      "\"abc",
      "\"\\x\"",
      "01",
      "1.",
      "nul",
      "",
      "[1]]",
      "\"\\u12g4\"",
      "1e999",
      "-"};
  for (size_t i = 0; i < sizeof documents / sizeof documents[0]; ++i) json(documents[i]);
  char deep[1203];
  memset(deep, '[', 600);
  memset(deep + 600, ']', 600);
  deep[1200] = 0;
  json(deep);
  large_json();
  static const char* const expressions[] = {"1 + 2 * 3",
                                            "2 ^ 3 ^ 2 - (4 - 1) / 2",
                                            "sqrt(sq(x) + sq(y))",
                                            "x < y ? x * 2 : y / 3",
                                            "abs(-x) + floor(y / 7) * ceil(0.5)",
                                            "half(half(x)) - -y",
                                            "(x < 500 ? x < 250 ? 1 : 2 : 3) * x",
                                            "1 +",
                                            "(1",
                                            "2 $ 3",
                                            "x ^ 3 / (y + 1)"};
  for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; ++i) {
    expression(expressions[i]);
  }
  return 0;
}
