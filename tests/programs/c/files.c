/* Files, directories, arguments, environment and time through wasi-libc. Works in /sandbox, which
 * the test gives it, and prints what it finds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void check(bool ok, const char* what) {
  printf("%-28s %s\n", what, ok ? "ok" : strerror(errno));
}

static int compare_names(const void* a, const void* b) {
  return strcmp(*(char* const*)a, *(char* const*)b);
}

static void list(const char* path) {
  DIR* dir = opendir(path);
  if (!dir) {
    printf("opendir %s: %s\n", path, strerror(errno));
    return;
  }
  char* names[300];
  int count = 0;
  for (struct dirent* entry; count < 300 && (entry = readdir(dir));) {
    if (entry->d_name[0] != '.') names[count++] = strdup(entry->d_name);
  }
  closedir(dir);
  qsort(names, (size_t)count, sizeof names[0], compare_names);
  printf("%s: %d entries, first %s, last %s\n", path, count, count ? names[0] : "-",
         count ? names[count - 1] : "-");
  for (int i = 0; i < count; ++i) free(names[i]);
}

static void numbered_files(void) {
  char name[64];
  for (int i = 0; i < 150; ++i) {
    snprintf(name, sizeof name, "/sandbox/many/file-%03d", i);
    FILE* f = fopen(name, "w");
    if (!f) {
      check(false, name);
      return;
    }
    fprintf(f, "%d\n", i * i);
    fclose(f);
  }
  list("/sandbox/many");
  long sum = 0;
  for (int i = 0; i < 150; ++i) {
    snprintf(name, sizeof name, "/sandbox/many/file-%03d", i);
    FILE* f = fopen(name, "r");
    int value = 0;
    if (f && fscanf(f, "%d", &value) == 1) sum += value;
    if (f) fclose(f);
    unlink(name);
  }
  printf("sum %ld\n", sum);
}

static void one_file(void) {
  FILE* f = fopen("/sandbox/data", "w+");
  check(f != NULL, "create");
  if (!f) return;
  for (int i = 0; i < 10000; ++i) fprintf(f, "line %d\n", i);
  check(fseek(f, -10, SEEK_END) == 0, "seek");
  char text[32] = "";
  check(fread(text, 1, 9, f) == 9, "read at end");
  printf("tail '%s'\n", text);
  rewind(f);
  long lines = 0;
  char line[64];
  while (fgets(line, sizeof line, f)) lines++;
  printf("%ld lines, size %ld\n", lines, ftell(f));
  fclose(f);
  f = fopen("/sandbox/data", "a");
  fputs("more\n", f);
  fclose(f);
  struct stat st;
  check(stat("/sandbox/data", &st) == 0 && S_ISREG(st.st_mode), "stat");
  printf("size %lld\n", (long long)st.st_size);
  check(truncate("/sandbox/data", 5) == 0, "truncate");
  check(stat("/sandbox/data", &st) == 0 && st.st_size == 5, "stat again");
}

static void names(void) {
  check(rename("/sandbox/data", "/sandbox/sub/moved") == 0, "rename");
  check(symlink("sub/moved", "/sandbox/link") == 0, "symlink");
  char target[64] = "";
  check(readlink("/sandbox/link", target, sizeof target - 1) == 9, "readlink");
  FILE* f = fopen("/sandbox/link", "r");
  check(f != NULL, "open through link");
  if (f) fclose(f);
  check(link("/sandbox/sub/moved", "/sandbox/hard") == 0, "link");
  check(access("/sandbox/hard", R_OK | W_OK) == 0, "access");
  check(fopen("/sandbox/missing", "r") == NULL && errno == ENOENT, "missing");
  check(fopen("/etc/passwd", "r") == NULL, "outside");
  check(fopen("/sandbox/../../../etc/passwd", "r") == NULL, "outside by dots");
  check(symlink("../../../etc/passwd", "/sandbox/out") == 0, "make a link that leads out");
  check(fopen("/sandbox/out", "r") == NULL, "outside by link");
  check(rmdir("/sandbox/sub") != 0 && errno == ENOTEMPTY, "rmdir of non-empty");
}

static void clean_up(void) {
  check(unlink("/sandbox/out") == 0 && unlink("/sandbox/hard") == 0 &&
            unlink("/sandbox/link") == 0 && unlink("/sandbox/sub/moved") == 0,
        "unlink");
  check(rmdir("/sandbox/sub") == 0 && rmdir("/sandbox/many") == 0, "rmdir");
  list("/sandbox");
}

static void time_and_poll(void) {
  struct timespec start, end, nap = {0, 20 * 1000 * 1000};
  clock_gettime(CLOCK_MONOTONIC, &start);
  check(nanosleep(&nap, NULL) == 0, "nanosleep");
  clock_gettime(CLOCK_MONOTONIC, &end);
  int64_t ns = (end.tv_sec - start.tv_sec) * 1000000000ll + end.tv_nsec - start.tv_nsec;
  check(ns >= 20 * 1000 * 1000, "slept long enough");
  check(time(NULL) > 1700000000, "the year is right");
  struct pollfd p = {1, POLLOUT, 0};
  check(poll(&p, 1, 1000) == 1, "poll of stdout");
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) printf("argument %d '%s'\n", i, argv[i]);
  printf("VARIABLE '%s'\n", getenv("VARIABLE") ? getenv("VARIABLE") : "(none)");
  char line[100];
  while (fgets(line, sizeof line, stdin)) printf("input: %s", line);
  check(mkdir("/sandbox/sub", 0755) == 0 && mkdir("/sandbox/many", 0755) == 0, "mkdir");
  numbered_files();
  one_file();
  names();
  clean_up();
  time_and_poll();
  uint8_t random[32] = {0};
  int zeros = 0;
  check(getentropy(random, sizeof random) == 0, "getentropy");
  for (int i = 0; i < 32; ++i) zeros += random[i] == 0;
  check(zeros < 8, "looks random");
  fprintf(stderr, "to stderr\n");
  return 7;
}
