// Static proofs about the table of instructions, which is constexpr in the header, and the way from
// mnemonics to rows: a hash table that the compiler makes, with linear probing.
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

// FNV-1a.
constexpr uint32_t hash_of(std::string_view text) {
  uint32_t hash = 2166136261;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  return hash ^ (hash >> 15);
}

constexpr size_t kBuckets = 2048;
static_assert(kBuckets > 2 * kOpCount, "probing needs room");

constexpr auto kByMnemonic = [] {
  std::array<Op, kBuckets> table{};
  for (Op& op : table) op = Op::Illegal;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const std::string_view mnemonic = op_info(static_cast<Op>(i)).mnemonic;
    size_t at = hash_of(mnemonic) % kBuckets;
    while (table[at] != Op::Illegal && op_info(table[at]).mnemonic != mnemonic) {
      at = (at + 1) % kBuckets;
    }
    if (table[at] == Op::Illegal) table[at] = static_cast<Op>(i);
  }
  return table;
}();

}  // namespace

Op find_mnemonic(std::string_view mnemonic) {
  size_t at = hash_of(mnemonic) % kBuckets;
  while (kByMnemonic[at] != Op::Illegal && op_info(kByMnemonic[at]).mnemonic != mnemonic) {
    at = (at + 1) % kBuckets;
  }
  return kByMnemonic[at];
}

}  // namespace sluice
