// Four threads, each with a store and an instance of its own, over one shared memory.
//
//   threads guests/counter.wat
#include <thread>
#include <vector>

#include "example.hpp"

constexpr uint32_t kGate = 0, kCount = 64;

/// One thread's part: the module and the memory are shared, the rest is the thread's own.
sluice::Result<void> count(const sluice::Engine& engine, const sluice::Module& module,
                           const sluice::Memory& shared) {
  sluice::Store store(engine);
  sluice::Memory memory = SLUICE_TRY(shared.share(store));
  sluice::Linker linker(engine);
  SLUICE_TRY(linker.define(store, "env", "memory", memory));
  sluice::Instance instance = SLUICE_TRY(linker.instantiate(store, module));
  return SLUICE_TRY(instance.func<void(int32_t)>("count"))(100'000);
}

/// Lets the guests begin: host and guests meet in atomics of the same words.
sluice::Result<void> open(const sluice::Memory& memory) {
  SLUICE_TRY(memory.atomic<uint32_t>(kGate)).store(1);
  SLUICE_TRY(memory.notify(kGate));
  return {};
}

sluice::Result<void> run(const char* guest) {
  sluice::Engine engine;
  sluice::Module module = SLUICE_TRY(load(engine, guest));
  sluice::Store store(engine);
  sluice::Memory memory =
      SLUICE_TRY(sluice::Memory::create(store, {.initial = 1, .maximum = 1, .is_shared = true}));

  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { failed += report(count(engine, module, memory)); });
  }
  // Returns only when they have ended, whatever went wrong meanwhile.
  failed += report(open(memory));
  for (std::thread& thread : threads) thread.join();
  std::printf("%u, %d threads failed\n", SLUICE_TRY(memory.atomic<uint32_t>(kCount)).load(),
              failed.load());
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
