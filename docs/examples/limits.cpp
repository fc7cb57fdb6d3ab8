// A guest that is not trusted: it may have so much memory and run so long.
//
//   limits guests/calls.wat
#include "example.hpp"

sluice::Result<void> run(const char* guest) {
  sluice::Engine engine;
  sluice::Module module = SLUICE_TRY(load(engine, guest));
  sluice::Store store(engine);
  store.set_limits({.memory_bytes = 2 * 65536});
  sluice::Linker linker(engine);
  SLUICE_TRY(linker.func("env", "ask", [](int32_t) { return 0; }));
  sluice::Instance instance = SLUICE_TRY(linker.instantiate(store, module));

  auto grow = SLUICE_TRY(instance.func<int32_t(int32_t)>("grow"));
  std::printf("grow(1) is %d\n", SLUICE_TRY(grow(1)));
  std::printf("grow(1) is %d\n", SLUICE_TRY(grow(1)));  // the guest sees that it was refused
  sluice::Memory memory = SLUICE_TRY(instance.memory());
  std::printf("%s\n", std::string(memory.grow(1).error().message()).c_str());

  auto forever = SLUICE_TRY(instance.func<void()>("forever"));
  store.set_deadline(std::chrono::milliseconds(20));
  sluice::Result<void> stopped = forever();
  std::printf("forever: %s\n", std::string(stopped.error().trap_reason()).c_str());
  store.clear_interrupt();
  // The instance is as usable as before.
  std::printf("grow(0) is %d\n", SLUICE_TRY(grow(0)));
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
