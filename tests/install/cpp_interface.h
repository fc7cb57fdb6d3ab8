// The C++ interface as a program uses it: a streamed module, a host function given as a lambda, a
// typed call, a view of memory, a trap. Compiles with and without exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <sluice/sluice.hpp>

#include "guest.h"

/// `allocations`: how many blocks the process has allocated so far.
inline sluice::Result<int32_t> run_with_cpp(uint32_t workers, size_t (*allocations)()) {
  const sluice::Engine engine({.workers = workers});
  sluice::Stream stream = engine.compile_stream();
  for (const uint8_t& byte : kGuest) SLUICE_TRY(stream.feed(std::span(&byte, 1)));
  const sluice::Module module = SLUICE_TRY(stream.finish());

  sluice::Store store(engine);
  sluice::Linker linker(engine);
  SLUICE_TRY(linker.func("env", "twice", [](int32_t value) { return 2 * value; }));
  const sluice::Instance instance = SLUICE_TRY(linker.instantiate(store, module));
  const auto run = SLUICE_TRY(instance.func<int32_t(int32_t, int32_t)>("run"));
  const int32_t result = SLUICE_TRY(run(4, 17));
  if (workers == 0) {  // else others may be compiling
    const size_t before = allocations();
    for (int i = 0; i < 100; ++i) SLUICE_TRY(run(4, 17));
    if (allocations() != before) return sluice::Error("typed calls allocate");
  }

  const sluice::Memory memory = SLUICE_TRY(instance.memory());
  const sluice::View<uint32_t> words = SLUICE_TRY(memory.view<uint32_t>(8, 1));
  if (words[0] != 17) return sluice::Error("the guest's store is not in the view");

  const auto boom = SLUICE_TRY(instance.func<int32_t(int32_t)>("boom"));
  auto trapped = boom(65536);
  if (trapped) return sluice::Error("boom: no trap");
  if (trapped.error().trap_code() != SLUICE_TRAP_MEMORY_OUT_OF_BOUNDS) {
    return std::move(trapped).error();
  }
  return result;
}

/// Null, or what went wrong.
inline const char* use_cpp_interface(size_t (*allocations)()) {
  static std::string wrong;
  for (const uint32_t workers : {0u, 2u}) {
    auto result = run_with_cpp(workers, allocations);
    if (!result) {
      wrong = result.error().message();
      return wrong.c_str();
    }
    if (*result != 42) return "C++ interface: the result is not 42";
  }
  return nullptr;
}
