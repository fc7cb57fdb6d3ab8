// A file is mapped into a guest's memory: the guest reads it, and nothing was copied.
//
//   mapped_file guests/sum.wat
#include <cstdlib>
#include <unistd.h>
#include <vector>

#include "example.hpp"

sluice::Result<void> run(const char* guest) {
  char name[] = "/tmp/sluice-example-XXXXXX";
  const int file = mkstemp(name);
  if (file < 0) return sluice::Error("no temporary file");
  unlink(name);
  const std::vector<int32_t> numbers(16384, 3);  // 64 KiB: whole pages of the host
  if (write(file, numbers.data(), numbers.size() * sizeof(int32_t)) < 0)
    return sluice::Error("cannot write");

  sluice::Engine engine;
  sluice::Module module = SLUICE_TRY(load(engine, guest));
  sluice::Store store(engine);
  sluice::Instance instance = SLUICE_TRY(sluice::Linker(engine).instantiate(store, module));
  sluice::Memory memory = SLUICE_TRY(instance.memory());

  // A page of its own, behind the guest's.
  const uint64_t at = SLUICE_TRY(memory.grow(1)) * 65536;
  SLUICE_TRY(memory.map_file(at, file, 0, 65536, SLUICE_MAP_READ_ONLY));
  auto sum = SLUICE_TRY(instance.func<int64_t(uint32_t, uint32_t)>("sum"));
  std::printf("the sum is %lld\n",
              static_cast<long long>(SLUICE_TRY(sum(static_cast<uint32_t>(at), 16384))));

  // Nobody writes there, the host no more than the guest.
  std::printf("%s\n", std::string(memory.write<int32_t>(at, 7).error().message()).c_str());
  // If the file becomes shorter, reading is a trap, and the process lives on.
  if (ftruncate(file, 0) != 0) return sluice::Error("cannot truncate");
  sluice::Result<int64_t> lost = sum(static_cast<uint32_t>(at), 16384);
  std::printf("%s\n", std::string(lost.error().trap_reason()).c_str());
  close(file);
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
