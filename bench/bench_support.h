// What all benchmarks need: the heap on mimalloc, and modules to work on.
//
// The modules are other people's, found in SLUICE_MODULES_DIR (environment, else as configured),
// and one that is made here, so that every benchmark has an input anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

struct NamedModule {
  std::string name;
  std::vector<uint8_t> bytes;
  uint64_t code_bytes = 0;  // of the code section's content
};

/// Points the library's heap at mimalloc. First thing in main.
void use_mimalloc();

/// `functions` bodies of integer arithmetic, loads, stores, branches and a loop, about 70 bytes
/// each; valid, with one memory and no imports.
NamedModule synthetic_module(uint32_t functions);

/// The synthetic module and every .wasm file of the modules folder, smallest first.
std::vector<NamedModule> all_modules();

}  // namespace sluice::bench
