// When functions are compiled.
#pragma once

#include <cstdint>

namespace sluice {

/// A module is usable under each policy when it is known to be valid; they differ in what has code
/// by then. What a module is refused for, the code of a function (at the same optimization level),
/// and what running it does are the same under all three.
enum class CompilePolicy : uint8_t {
  Eager,     // every function has code before the module is ready
  Lazy,      // none has: a function is compiled when it is first called, by the caller's thread
  Adaptive,  // as many as time allows; the rest in the background, or when they are called
};

}  // namespace sluice
