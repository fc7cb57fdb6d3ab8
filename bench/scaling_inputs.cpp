// See scaling_inputs.h.
#include "bench/scaling_inputs.h"

namespace sluice::bench {

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kI32 = 0x7f;
constexpr uint8_t kEmptyBlock = 0x40;

void append_u32(Bytes& out, uint32_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}
void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }
void append_section(Bytes& out, uint8_t id, const Bytes& content) {
  out.push_back(id);
  append_u32(out, static_cast<uint32_t>(content.size()));
  append(out, content);
}

/// Types 0: [] -> [], 1: [i32] -> [i32], 2: [i32 × wide] -> [i32 × wide]. `funcs` bodies of type
/// `type`, all the same.
Bytes module_of(uint32_t type, uint32_t funcs, const Bytes& locals, const Bytes& code,
                uint32_t wide = 0) {
  Bytes wasm = {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
  Bytes types = {0x03, 0x60, 0x00, 0x00, 0x60, 0x01, kI32, 0x01, kI32, 0x60};
  for (int list = 0; list < 2; ++list) {
    append_u32(types, wide);
    types.insert(types.end(), wide, kI32);
  }
  append_section(wasm, 1, types);
  Bytes functions;
  append_u32(functions, funcs);
  functions.insert(functions.end(), funcs, static_cast<uint8_t>(type));
  append_section(wasm, 3, functions);
  Bytes body = locals;
  append(body, code);
  body.push_back(0x0b);
  Bytes section;
  append_u32(section, funcs);
  for (uint32_t i = 0; i < funcs; ++i) {
    append_u32(section, static_cast<uint32_t>(body.size()));
    append(section, body);
  }
  append_section(wasm, 10, section);
  return wasm;
}

Bytes repeat(uint32_t count, const Bytes& piece) {
  Bytes out;
  out.reserve(count * piece.size());
  for (uint32_t i = 0; i < count; ++i) append(out, piece);
  return out;
}

const Bytes kNoLocals = {0x00};

// local 0 = local 0 * 3 + 1, in ten bytes.
Bytes large_body(uint32_t items) {
  const Bytes piece = {0x20, 0x00, 0x41, 0x03, 0x6c, 0x41, 0x01, 0x6a, 0x21, 0x00};
  Bytes code = repeat(items, piece);
  append(code, {0x20, 0x00});
  return module_of(1, 1, kNoLocals, code);
}

Bytes tiny_functions(uint32_t items) { return module_of(1, items, kNoLocals, {0x20, 0x00}); }

Bytes branch_table(uint32_t items) {
  Bytes code = {0x02, kEmptyBlock, 0x20, 0x00, 0x0e};
  append_u32(code, items);
  code.insert(code.end(), items, 0x00);
  append(code, {0x00, 0x0b, 0x20, 0x00});
  return module_of(1, 1, kNoLocals, code);
}

Bytes locals(uint32_t items) {
  Bytes declared = {0x01};
  append_u32(declared, items);
  declared.push_back(kI32);
  Bytes code;
  for (uint32_t i = 0; i < items; ++i) {
    append(code, {0x20, 0x00, 0x21});
    append_u32(code, i + 1);
  }
  append(code, {0x20, 0x00});
  return module_of(1, 1, declared, code);
}

Bytes nested_blocks(uint32_t items) {
  Bytes code = repeat(items, {0x02, kEmptyBlock, 0x20, 0x00, 0x0d, 0x00});
  append(code, Bytes(items, 0x0b));
  append(code, {0x20, 0x00});
  return module_of(1, 1, kNoLocals, code);
}

Bytes nested_loops(uint32_t items) {
  Bytes code = repeat(items, {0x03, kEmptyBlock, 0x20, 0x00, 0x0d, 0x00});
  append(code, Bytes(items, 0x0b));
  append(code, {0x20, 0x00});
  return module_of(1, 1, kNoLocals, code);
}

Bytes calls(uint32_t items) {
  Bytes code = {0x20, 0x00};
  append(code, repeat(items, {0x10, 0x00}));
  return module_of(1, 1, kNoLocals, code);
}

Bytes deep_expression(uint32_t items) {
  Bytes code = repeat(items, {0x20, 0x00});
  append(code, Bytes(items - 1, 0x6a));
  return module_of(1, 1, kNoLocals, code);
}

// A function that passes all its parameters to itself, ten times.
Bytes parameters(uint32_t items) {
  Bytes code;
  for (uint32_t i = 0; i < items; ++i) {
    code.push_back(0x20);
    append_u32(code, i);
  }
  append(code, repeat(10, {0x10, 0x00}));
  return module_of(2, 1, kNoLocals, code, items);
}

}  // namespace

std::vector<ScalingInput> scaling_inputs() {
  return {{"large_body", 760'000, large_body},  // 7.6 MB
          {"tiny_functions", 1'000'000, tiny_functions},
          {"br_table", 1'000'000, branch_table},
          {"locals", 49'999, locals},
          {"nested_blocks", 100'000, nested_blocks},
          {"nested_loops", 100'000, nested_loops},
          {"calls", 100'000, calls},
          {"deep_expression", 100'000, deep_expression},
          {"parameters_and_results", 1'000, parameters}};
}

}  // namespace sluice::bench
