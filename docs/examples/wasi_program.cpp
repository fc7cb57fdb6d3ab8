// A WASI program runs with the arguments and the output that the host gives it, and nothing else.
//
//   wasi_program guests/greet.wat
#include "example.hpp"

sluice::Result<void> run(const char* guest) {
  sluice::Engine engine;
  sluice::Module module = SLUICE_TRY(load(engine, guest));

  std::string output;
  sluice::Wasi wasi;
  SLUICE_TRY(wasi.argument("greet"));
  SLUICE_TRY(wasi.argument("world"));
  wasi.stdout_to([&](std::string_view text) { output += text; });

  sluice::Store store(engine);
  sluice::Linker linker(engine);
  SLUICE_TRY(linker.wasi(wasi));
  sluice::Instance instance = SLUICE_TRY(linker.instantiate(store, module));

  // A program that exits ends the call with a trap of its own; one that returns has succeeded.
  sluice::Result<void> ended = SLUICE_TRY(instance.func<void()>("_start"))();
  if (!ended && ended.error().trap_code() != SLUICE_TRAP_EXIT) return ended;
  std::printf("it wrote: %sexit status: %u\n", output.c_str(), wasi.exit_status().value_or(0));
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
