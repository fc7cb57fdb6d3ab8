// A module that comes through a socket is compiled while it comes.
//
//   streaming guests/sum.wat
#include <array>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "example.hpp"

/// The other end of the connection: a server that sends the module in small pieces.
void serve(int socket, const uint8_t* bytes, size_t size) {
  for (size_t at = 0; at < size; at += 100) {
    if (write(socket, bytes + at, std::min<size_t>(100, size - at)) < 0) break;
  }
  close(socket);
}

sluice::Result<sluice::Module> receive(const sluice::Engine& engine, int socket) {
  sluice::Stream stream = engine.compile_stream();
  std::array<std::byte, 4096> buffer;
  for (ssize_t n; (n = read(socket, buffer.data(), buffer.size())) > 0;) {
    SLUICE_TRY(stream.feed(std::span(buffer).first(static_cast<size_t>(n))));
  }
  return stream.finish();
}

sluice::Result<void> run(const char* guest) {
  // Streams take the binary form; this guest is text.
  const std::string text = SLUICE_TRY(read_file(guest));
  uint8_t* bytes = nullptr;
  size_t size = 0;
  SLUICE_TRY(sluice::Result<void>(
      sluice::Error(sluice_wat2wasm(text.data(), text.size(), &bytes, &size))));

  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return sluice::Error("no sockets");
  std::thread server(serve, ends[1], bytes, size);
  sluice::Engine engine;
  sluice::Result<sluice::Module> module = receive(engine, ends[0]);
  close(ends[0]);
  server.join();
  sluice_bytes_delete(bytes, size);

  const sluice_module_stats_t stats = SLUICE_TRY(std::move(module)).stats();
  std::printf("%llu functions were compiled as they came\n",
              static_cast<unsigned long long>(stats.functions));
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
