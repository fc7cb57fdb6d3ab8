// Gives any module branch hints, so that whatever is tested without them can be tested with them.
//
// Hints may be right, wrong or missing: what a program does never depends on them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "engine/binary/branch_hints.h"
#include "engine/binary/immediates.h"
#include "engine/binary/stream_decoder.h"
#include "engine/binary/wire_bytes.h"
#include "engine/wasm/type_registry.h"

namespace sluice::test {

/// The hint that the next branch gets: 0, 1, any other number to be encoded as it is, or none.
using ChooseHint = std::function<std::optional<uint32_t>()>;

class HintWriter {
 public:
  using Bytes = std::vector<uint8_t>;

  /// The module with hints for its branches; as it was if it has no code.
  static Bytes add(const Bytes& bytes, const ChooseHint& choose) {
    auto module = decode_module(bytes, Features::all(), make_shared_heap<TypeRegistry>());
    if (!module) return bytes;
    Bytes funcs;
    uint32_t func_count = 0;
    for (const FuncBody& body : (*module)->bodies) {
      Bytes hints;
      const uint32_t count = hints_of(**module, body, choose, hints);
      if (count == 0) continue;
      ++func_count;
      put(funcs, raw(body.func));
      put(funcs, count);
      funcs.insert(funcs.end(), hints.begin(), hints.end());
    }
    Bytes payload;
    put(payload, func_count);
    payload.insert(payload.end(), funcs.begin(), funcs.end());
    return insert(bytes, payload);
  }

  /// The module with this payload of a hint section before its code section.
  static Bytes insert(const Bytes& bytes, const Bytes& payload) {
    Bytes section;
    put(section, kBranchHintSection.size());
    section.insert(section.end(), kBranchHintSection.begin(), kBranchHintSection.end());
    section.insert(section.end(), payload.begin(), payload.end());
    ByteReader in(bytes, 0);
    in.read_fixed_u64();
    while (!in.at_end()) {
      const auto at = static_cast<ptrdiff_t>(in.offset());
      const uint8_t id = in.read_u8();
      const uint32_t size = in.read_u32();
      in.skip(size);
      if (id != 10) continue;
      Bytes out(bytes.begin(), bytes.begin() + at);
      out.push_back(0);
      put(out, section.size());
      out.insert(out.end(), section.begin(), section.end());
      out.insert(out.end(), bytes.begin() + at, bytes.end());
      return out;
    }
    return bytes;
  }

  static void put(Bytes& out, uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
    out.push_back(static_cast<uint8_t>(value));
  }

 private:
  static uint32_t hints_of(const Module& module, const FuncBody& body, const ChooseHint& choose,
                           Bytes& out) {
    ByteReader in(module.wire->view(body.range), body.range.offset);
    const TypeScope scope(module.types, module.features);
    for (uint32_t groups = in.read_u32(); groups > 0; --groups) {
      in.read_u32();
      read_val_type(in, scope);
    }
    uint32_t count = 0;
    ImmediateScratch scratch;
    while (!in.at_end()) {
      Instr instr;
      read_instr(in, scope, scratch, instr);
      const bool is_branch = instr.op == Op::If || instr.op == Op::BrIf ||
                             instr.op == Op::BrOnNull || instr.op == Op::BrOnNonNull;
      const std::optional<uint32_t> hint = is_branch ? choose() : std::nullopt;
      if (!hint) continue;
      ++count;
      put(out, instr.offset - body.range.offset);
      put(out, 1);
      put(out, *hint);
    }
    return count;
  }
};

/// Two branches in three get a hint, true or not.
inline std::vector<uint8_t> with_random_hints(const std::vector<uint8_t>& bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  return HintWriter::add(bytes, [&random]() -> std::optional<uint32_t> {
    const auto choice = static_cast<uint32_t>(random() % 3);
    return choice == 2 ? std::nullopt : std::optional(choice);
  });
}

}  // namespace sluice::test
