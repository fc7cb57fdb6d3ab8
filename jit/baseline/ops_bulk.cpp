// Bulk memory operations, tables and references: calls of builtins, and the few that are a load.
//
// Copies and fills of few bytes, known now, are loads and stores; both must trap before they write
// anything, so a copy loads all it needs first, and the end of what is written is written first.
// Tables of functions hold 16-byte records, whose address as a funcref only the runtime knows;
// tables of other references hold 8-byte values and are accessed inline.
#include <algorithm>
#include <bit>
#include <cstddef>

#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

/// Two indices in one parameter.
uint64_t pack(uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; }

Mem table_data_field(FuncCompiler& c, uint32_t table) {
  return instance_field(c.layout.tables + uint64_t{sizeof(void*)} * table);
}

const TableType& table_type(FuncCompiler& c, uint32_t table) { return c.module.tables[table].type; }

bool holds_functions(FuncCompiler& c, uint32_t table) {
  HeapType heap = table_type(c, table).element.heap();
  if (heap.is_concrete()) {
    return c.module.types[raw(heap.index())].kind == CompositeKind::Func;
  }
  return heap.abs() == AbsHeap::Func || heap.abs() == AbsHeap::NoFunc;
}

/// Checks `index` against the table's size; kScratchGpr becomes the address of its elements.
void emit_element_base(FuncCompiler& c, uint32_t table, Reg index) {
  Masm& m = c.masm;
  m.load(LoadKind::I64, kScratchGpr, table_data_field(c, table));
  m.alu_load(Alu::Cmp, W64, index, mem_at(kScratchGpr, offsetof(TableData, size)));
  m.trap_if(Cond::AboveEqual, TrapCode::TableOutOfBounds);
  m.load(LoadKind::I64, kScratchGpr, mem_at(kScratchGpr, offsetof(TableData, elements)));
}

constexpr uint32_t kMaxInlineBytes = 64;

/// Is the operation by `args[2]` bytes short enough for loads and stores, which the guard pages
/// check? Addresses known now must leave room for the sums.
bool is_short(FuncCompiler& c, uint32_t memory, const Slot* args) {
  if (!c.is_plain_memory(memory) || !args[2].word.is_const()) return false;
  uint64_t bytes = args[2].word.bits();
  if (bytes == 0 || bytes > kMaxInlineBytes) return false;
  return !args[0].word.is_const() || args[0].word.bits() <= INT32_MAX - kMaxInlineBytes;
}

/// An address operand: a register or nothing, plus what is known now.
struct Place {
  PinnedReg reg;
  int32_t offset = 0;
  Mem at(uint32_t more) const {
    return mem_at(kMemoryReg, reg.valid() ? reg.reg() : Reg::None,
                  offset + static_cast<int32_t>(more));
  }
};

Place pop_place(FuncCompiler& c, Slot& slot) {
  Place place;
  if (slot.word.is_const()) {
    place.offset = static_cast<int32_t>(c.pop_const(slot));
  } else {
    place.reg = c.pop_to_reg(slot);
  }
  return place;
}

/// The largest of 1, 2, 4, 8 and `widest` bytes that is not more than `bytes`.
uint32_t chunk_bytes(uint32_t bytes, uint32_t widest) {
  return std::min(std::bit_floor(bytes), widest);
}

LoadKind load_kind(uint32_t chunk) {
  if (chunk == 16) return LoadKind::V128;
  if (chunk == 8) return LoadKind::F64;
  if (chunk == 4) return LoadKind::F32;
  return chunk == 2 ? LoadKind::U16 : LoadKind::U8;
}

void copy_inline(FuncCompiler& c, Slot* args) {
  auto bytes = static_cast<uint32_t>(c.pop_const(args[2]));
  Place src = pop_place(c, args[1]);
  Place dst = pop_place(c, args[0]);
  uint32_t chunk = chunk_bytes(bytes, 16);
  uint32_t count = (bytes + chunk - 1) / chunk;
  PinnedReg regs[kMaxInlineBytes / 16];
  // The last chunk may overlap the one before.
  auto start = [&](uint32_t i) { return i + 1 == count ? bytes - chunk : i * chunk; };
  for (uint32_t i = 0; i < count; ++i) {
    regs[i] = c.scratch_reg(chunk >= 4 ? RegClass::Xmm : RegClass::Gpr);
    c.masm.load(load_kind(chunk), regs[i], src.at(start(i)));
  }
  StoreKind kind = chunk == 16  ? StoreKind::V128
                   : chunk == 8 ? StoreKind::F64
                   : chunk == 4 ? StoreKind::F32
                   : chunk == 2 ? StoreKind::I16
                                : StoreKind::I8;
  for (uint32_t i = count; i-- > 0;) c.masm.store(kind, dst.at(start(i)), regs[i]);
}

void fill_inline(FuncCompiler& c, Slot* args) {
  auto bytes = static_cast<uint32_t>(c.pop_const(args[2]));
  uint64_t pattern = (c.pop_const(args[1]) & 0xff) * 0x0101'0101'0101'0101u;
  Place dst = pop_place(c, args[0]);
  bool wide = pattern == 0 && bytes >= 16;
  uint32_t chunk = chunk_bytes(bytes, wide ? 16 : 8);
  uint32_t count = (bytes + chunk - 1) / chunk;
  Reg value = wide ? kScratchXmm : kScratchGpr;
  if (wide) {
    c.masm.fconst(FWidth::F64, value, 0);
  } else {
    c.masm.mov_imm(W64, value, pattern);
  }
  StoreKind kind = chunk == 16  ? StoreKind::V128
                   : chunk == 8 ? StoreKind::I64
                   : chunk == 4 ? StoreKind::I32
                   : chunk == 2 ? StoreKind::I16
                                : StoreKind::I8;
  for (uint32_t i = count; i-- > 0;) {
    c.masm.store(kind, dst.at(i + 1 == count ? bytes - chunk : i * chunk), value);
  }
}

}  // namespace

void emit_memory_fill(FuncCompiler& c, uint32_t memory, Slot* args) {
  if (args[1].word.is_const() && is_short(c, memory, args)) return fill_inline(c, args);
  c.call_builtin(Builtin::MemoryFill, {memory, &args[0], &args[1], &args[2]}, args);
}

void emit_memory_copy(FuncCompiler& c, uint32_t dst, uint32_t src, Slot* args) {
  bool far = args[1].word.is_const() && args[1].word.bits() > INT32_MAX - kMaxInlineBytes;
  if (!far && is_short(c, dst | src, args)) return copy_inline(c, args);
  c.call_builtin(Builtin::MemoryCopy, {pack(dst, src), &args[0], &args[1], &args[2]}, args);
}

void emit_memory_init(FuncCompiler& c, uint32_t data, uint32_t memory, Slot* args) {
  c.call_builtin(Builtin::MemoryInit, {pack(data, memory), &args[0], &args[1], &args[2]}, args);
}

void emit_data_drop(FuncCompiler& c, uint32_t data, Slot* top) {
  c.call_builtin(Builtin::DataDrop, {data}, top);
}

void emit_table_get(FuncCompiler& c, uint32_t table, Slot* args) {
  if (holds_functions(c, table)) {
    c.call_builtin(Builtin::TableGet, {table, &args[0]}, args);
    return c.push_builtin_result(args[0], MoveType::I64);
  }
  PinnedReg index = c.pop_to_reg(args[0]);
  PinnedReg dst = c.result_reg(RegClass::Gpr);
  emit_element_base(c, table, index);
  c.masm.load(LoadKind::I64, dst, {kScratchGpr, index, 3, 0});
  index.release();
  c.push_reg(args[0], std::move(dst));
}

void emit_table_set(FuncCompiler& c, uint32_t table, Slot* args) {
  if (holds_functions(c, table)) {
    return c.call_builtin(Builtin::TableSet, {table, &args[0], &args[1]}, args);
  }
  PinnedReg value = c.pop_to_reg(args[1]);
  PinnedReg index = c.pop_to_reg(args[0]);
  emit_element_base(c, table, index);
  c.masm.store(StoreKind::I64, {kScratchGpr, index, 3, 0}, value);
}

void emit_table_size(FuncCompiler& c, uint32_t table, Slot* out) {
  PinnedReg dst = c.result_reg(RegClass::Gpr);
  c.masm.load(LoadKind::I64, dst, table_data_field(c, table));
  c.masm.load(LoadKind::I32, dst, mem_at(dst, offsetof(TableData, size)));
  c.push_reg(out[0], std::move(dst));
}

void emit_table_grow(FuncCompiler& c, uint32_t table, Slot* args) {
  c.call_builtin(Builtin::TableGrow, {table, &args[0], &args[1]}, args);
  const bool is_64 = table_type(c, table).limits.is_64;
  c.push_builtin_result(args[0], is_64 ? MoveType::I64 : MoveType::I32);
}

void emit_table_fill(FuncCompiler& c, uint32_t table, Slot* args) {
  c.call_builtin(Builtin::TableFill, {table, &args[0], &args[1], &args[2]}, args);
}

void emit_table_copy(FuncCompiler& c, uint32_t dst, uint32_t src, Slot* args) {
  c.call_builtin(Builtin::TableCopy, {pack(dst, src), &args[0], &args[1], &args[2]}, args);
}

void emit_table_init(FuncCompiler& c, uint32_t elem, uint32_t table, Slot* args) {
  c.call_builtin(Builtin::TableInit, {pack(elem, table), &args[0], &args[1], &args[2]}, args);
}

void emit_elem_drop(FuncCompiler& c, uint32_t elem, Slot* top) {
  c.call_builtin(Builtin::ElemDrop, {elem}, top);
}

void emit_ref_func(FuncCompiler& c, uint32_t func, Slot* out) {
  c.call_builtin(Builtin::RefFunc, {func}, out);
  c.push_builtin_result(out[0], MoveType::I64);
}

void emit_ref_is_null(FuncCompiler& c, Slot* args) {
  if (args[0].word.is_const()) return c.push_const(args[0], c.pop_const(args[0]) == 0 ? 1 : 0);
  PinnedReg ref = c.pop_to_reg(args[0]);
  c.masm.test(W64, ref, ref);
  c.push_flags(args[0], Cond::Equal);
}

}  // namespace sluice
