// FuncReader's rules for memories, tables and segments (spec 3.4.7, 3.4.8). Included by
// func_reader.h only.
//
// Addresses and lengths have the address type of their memory or table; what is copied between two
// has the smaller of both types as its length.
#pragma once

#include "engine/validate/func_reader.h"

namespace sluice {

// Immediates of a memory access: the memory, the alignment, the offset (spec 3.4.7).
template <class Sink>
bool FuncReader<Sink>::check_mem_arg(const MemArg& mem, const OpInfo& info) {
  if (!known(ErrorKind::UnknownMemory, raw(mem.memory), module_.memories.size())) return false;
  if (info.category == Category::Atomic) {
    if (mem.align_log2 != info.align_log2) return require(false, ErrorKind::AtomicAlignment);
  } else if (mem.align_log2 > info.align_log2) {
    return require(false, ErrorKind::Alignment);
  }
  const bool fits = module_.memories[raw(mem.memory)].limits.is_64 || mem.offset <= UINT32_MAX;
  return require(fits, ErrorKind::OffsetOutOfRange);
}

template <class Sink>
bool FuncReader<Sink>::known_data(uint32_t segment) {
  return require(module_.has_data_count, ErrorKind::DataCountRequired) &&
         known(ErrorKind::UnknownData, segment, module_.data_count);
}

template <class Sink>
void FuncReader<Sink>::exec_memory_size() {
  const ValType address = memory_address(instr_.index);
  if (in_.failed()) return;
  Slot* out = s_.top;
  tell<Category::Memory>([&](auto& sink) { sink.memory_size(instr_.index, out); });
  pop_push(out, address);
}

template <class Sink>
void FuncReader<Sink>::exec_memory_grow() {
  const ValType address = memory_address(instr_.index);
  if (in_.failed()) return;
  Slot* args = take_each(address);
  if (args == nullptr) return;
  tell<Category::Memory>([&](auto& sink) { sink.memory_grow(instr_.index, args); });
  pop_push(args, address);
}

template <class Sink>
void FuncReader<Sink>::exec_memory_fill() {
  const ValType address = memory_address(instr_.index);
  if (in_.failed()) return;
  Slot* args = take_each(address, kI32, address);
  if (args == nullptr) return;
  tell<Category::Bulk>([&](auto& sink) { sink.memory_fill(instr_.index, args); });
  pop_to(args);
}

template <class Sink>
void FuncReader<Sink>::exec_memory_copy() {
  const ValType to = memory_address(instr_.index);
  const ValType from = memory_address(instr_.index2);
  if (in_.failed()) return;
  Slot* args = take_each(to, from, to == kI64 ? from : to);
  if (args == nullptr) return;
  tell<Category::Bulk>([&](auto& sink) { sink.memory_copy(instr_.index, instr_.index2, args); });
  pop_to(args);
}

template <class Sink>
void FuncReader<Sink>::exec_memory_init() {
  const ValType address = memory_address(instr_.index2);
  if (in_.failed() || !known_data(instr_.index)) return;
  Slot* args = take_each(address, kI32, kI32);
  if (args == nullptr) return;
  tell<Category::Bulk>([&](auto& sink) { sink.memory_init(instr_.index, instr_.index2, args); });
  pop_to(args);
}

template <class Sink>
void FuncReader<Sink>::exec_data_drop() {
  if (!known_data(instr_.index)) return;
  tell<Category::Bulk>([&](auto& sink) { sink.data_drop(instr_.index); });
}

template <class Sink>
void FuncReader<Sink>::exec_table_get() {
  const TableType* table = table_at(instr_.index);
  if (table == nullptr) return;
  Slot* args = take_each(address_type(table->limits));
  if (args == nullptr) return;
  tell<Category::Table>([&](auto& sink) { sink.table_get(instr_.index, args); });
  pop_push(args, table->element);
}

template <class Sink>
void FuncReader<Sink>::exec_table_set() {
  const TableType* table = table_at(instr_.index);
  if (table == nullptr) return;
  Slot* args = take_each(address_type(table->limits), table->element);
  if (args == nullptr) return;
  tell<Category::Table>([&](auto& sink) { sink.table_set(instr_.index, args); });
  pop_to(args);
}

template <class Sink>
void FuncReader<Sink>::exec_table_size() {
  const TableType* table = table_at(instr_.index);
  if (table == nullptr) return;
  Slot* out = s_.top;
  tell<Category::Table>([&](auto& sink) { sink.table_size(instr_.index, out); });
  pop_push(out, address_type(table->limits));
}

template <class Sink>
void FuncReader<Sink>::exec_table_grow() {
  const TableType* table = table_at(instr_.index);
  if (table == nullptr) return;
  Slot* args = take_each(table->element, address_type(table->limits));
  if (args == nullptr) return;
  tell<Category::Table>([&](auto& sink) { sink.table_grow(instr_.index, args); });
  pop_push(args, address_type(table->limits));
}

template <class Sink>
void FuncReader<Sink>::exec_table_fill() {
  const TableType* table = table_at(instr_.index);
  if (table == nullptr) return;
  const ValType address = address_type(table->limits);
  Slot* args = take_each(address, table->element, address);
  if (args == nullptr) return;
  tell<Category::Table>([&](auto& sink) { sink.table_fill(instr_.index, args); });
  pop_to(args);
}

template <class Sink>
void FuncReader<Sink>::exec_table_copy() {
  const TableType* to = table_at(instr_.index);
  if (to == nullptr) return;
  const TableType* from = table_at(instr_.index2);
  if (from == nullptr) return;
  if (!matches(from->element, to->element)) return fail_type(from->element, to->element);
  const ValType to_address = address_type(to->limits);
  const ValType from_address = address_type(from->limits);
  Slot* args = take_each(to_address, from_address, to_address == kI64 ? from_address : to_address);
  if (args == nullptr) return;
  tell<Category::Bulk>([&](auto& sink) { sink.table_copy(instr_.index, instr_.index2, args); });
  pop_to(args);
}

template <class Sink>
void FuncReader<Sink>::exec_table_init() {
  const TableType* table = table_at(instr_.index2);
  if (table == nullptr || !known_elem(instr_.index)) return;
  const ValType segment = module_.elems[instr_.index].type;
  if (!matches(segment, table->element)) return fail_type(segment, table->element);
  Slot* args = take_each(address_type(table->limits), kI32, kI32);
  if (args == nullptr) return;
  tell<Category::Bulk>([&](auto& sink) { sink.table_init(instr_.index, instr_.index2, args); });
  pop_to(args);
}

template <class Sink>
void FuncReader<Sink>::exec_elem_drop() {
  if (!known_elem(instr_.index)) return;
  tell<Category::Bulk>([&](auto& sink) { sink.elem_drop(instr_.index); });
}

}  // namespace sluice
