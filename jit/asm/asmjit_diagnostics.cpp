// Sluice's own versions of asmjit's diagnostics, in place of the library's.
//
// Two reasons: Sluice never prints, and Debian's libasmjit.a is not position-independent in just
// the object that holds these three (it uses stderr), so that a shared library must not pull it in.
#include <asmjit/core.h>

#include "engine/base/check.h"

ASMJIT_BEGIN_NAMESPACE

const char* DebugUtils::errorAsString(Error) noexcept { return "asmjit error"; }

void DebugUtils::debugOutput(const char*) noexcept {}

void DebugUtils::assertionFailed(const char* file, int line, const char* msg) noexcept {
  sluice::check_failed(file, line, "asmjit", msg);
}

ASMJIT_END_NAMESPACE
