// Static proofs about the table of instructions; the table itself is constexpr in the header.
#include "engine/wasm/opcodes.h"

namespace sluice {
namespace {

constexpr bool codes_are_unique() {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const OpInfo& info = op_info(static_cast<Op>(i));
    if (find_op(info.prefix, info.code) != static_cast<Op>(i)) return false;
  }
  return true;
}

// Reading an operand of type `a` must find it first, where the reader fills in the memory's type.
constexpr bool addresses_come_first() {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const Signature& sig = op_info(static_cast<Op>(i)).sig;
    if (sig.is_special) continue;
    for (uint32_t p = 0; p < sig.param_count; ++p) {
      bool is_address = sig.params[p] == ValKind::Bottom;
      if (is_address != (sig.has_address && p == 0)) return false;
    }
  }
  return true;
}

static_assert(codes_are_unique(), "two rows share a prefix and code");
static_assert(addresses_come_first());

}  // namespace
}  // namespace sluice
