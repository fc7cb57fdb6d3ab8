// Serves one connection on the listening socket that it was given, with wasi-libc: what comes in
// goes out again in upper case, until the other side has ended.
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  enum { kListener = 3 };
  puts("ready");
  fflush(stdout);
  struct pollfd waiting = {.fd = kListener, .events = POLLIN};
  if (poll(&waiting, 1, 20000) != 1) return 1;
  int fd = accept(kListener, NULL, NULL);
  if (fd < 0) return 2;
  char text[100];
  ssize_t n;
  while ((n = recv(fd, text, sizeof text, 0)) > 0) {
    for (ssize_t i = 0; i < n; ++i) text[i] = (char)toupper((unsigned char)text[i]);
    if (send(fd, text, (size_t)n, 0) != n) return 3;
  }
  if (n < 0) return 4;
  if (shutdown(fd, SHUT_RDWR) != 0) return 5;
  if (shutdown(1, SHUT_WR) == 0 || errno != ENOTSOCK) return 6;
  close(fd);
  puts("done");
  return 0;
}
