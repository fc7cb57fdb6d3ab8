// Takes a finished stub out of asmjit.
#include "jit/asm/stub_assembler.h"

#include <cstring>

#include "engine/base/check.h"

namespace sluice {

void StubAssembler::Fatal::handleError(asmjit::Error, const char* message, asmjit::BaseEmitter*) {
  check_failed(__FILE__, __LINE__, "stub instruction", message);
}

Vector<uint8_t> StubAssembler::finish() {
  CHECK(code_.flatten() == asmjit::kErrorOk, "stub too large");
  CHECK(code_.resolveUnresolvedLinks() == asmjit::kErrorOk, "stub label out of reach");
  CHECK(!code_.hasUnresolvedLinks() && code_.relocEntries().empty(), "stub is not self-contained");
  const asmjit::CodeBuffer& buffer = code_.textSection()->buffer();
  Vector<uint8_t> bytes(buffer.size());
  std::memcpy(bytes.data(), buffer.data(), buffer.size());
  return bytes;
}

}  // namespace sluice
