/* A C program that knows Sluice's installed header only. Its malloc must stay its own: it counts
 * its calls, and nothing else may have taken its place. */
#include <stdlib.h>

#include "guest_run.h"

void* __libc_malloc(size_t size);

static size_t malloc_calls;

void* malloc(size_t size) {
  ++malloc_calls;
  return __libc_malloc(size);
}

int main(void) {
  const size_t before = malloc_calls;
  void* volatile block = malloc(32);
  const char* wrong;
  if (malloc_calls != before + 1) {
    fputs("embedder.c: malloc is not the embedder's\n", stderr);
    return 1;
  }
  free(block);
  wrong = run_guest(0);
  if (wrong == NULL) wrong = run_guest(2);
  if (wrong != NULL) {
    fprintf(stderr, "embedder.c: %s\n", wrong);
    return 1;
  }
  return 0;
}
