#include "runtime/store/builtins.h"

#include <algorithm>

#include "jit/abi/builtins.h"
#include "jit/abi/instance_layout.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/compiled_module.h"
#include "runtime/store/global.h"
#include "runtime/store/instance.h"
#include "runtime/store/memory.h"
#include "runtime/store/store.h"
#include "runtime/store/table.h"
#include "runtime/trap/interrupt.h"

// Operands come from validated code: indices are in range and reference types right; numbers are
// the guest's and are checked here. i32 operands are zero-extended, so 64-bit comparisons serve
// both address types.

namespace sluice {
namespace {

Instance& instance_of(InstanceData* data) { return *static_cast<Instance*>(data->owner); }

BuiltinResult ok(uint64_t value = 0) { return {value, 0}; }
/// None: no trap.
BuiltinResult trap(TrapCode code) { return {0, static_cast<uint64_t>(code)}; }

Memory& memory_of(InstanceData* data, uint64_t index) {
  return *instance_of(data).memory(MemoryIdx{static_cast<uint32_t>(index)});
}

Table& table_of(InstanceData* data, uint64_t index) {
  return *instance_of(data).table(TableIdx{static_cast<uint32_t>(index)});
}

uint64_t low_half(uint64_t pair) { return pair & 0xffffffffu; }
uint64_t high_half(uint64_t pair) { return pair >> 32; }

Value reference(uint64_t bits) { return {{bits, 0}}; }

bool in_range(uint64_t start, uint64_t count, uint64_t size) {
  return count <= size && start <= size - count;
}

/// What memory.grow and table.grow give.
BuiltinResult grow_result(InstanceData* data, const Result<uint64_t>& old) {
  if (old) return ok(*old);
  Store& store = instance_of(data).store();
  if (old.error().kind == ErrorKind::StoreLimit && store.limiter().traps_on_refused_grow()) {
    store.note_trap_message(old.error().message());
    return trap(TrapCode::StoreLimit);
  }
  return ok(~uint64_t{0});
}

// Between two pieces of a long operation the guest may be stopped. One of memory takes some 10 ms
// at worst, where pages are touched for the first time.
constexpr uint64_t kPieceBytes = uint64_t{16} << 20;
constexpr uint64_t kPieceElements = uint64_t{1} << 20;

/// Does `step(first, n)`, which gives a TrapCode, for pieces of `count`, in order, or from the end
/// down.
template <class Step>
BuiltinResult in_pieces(const InstanceData* data, uint64_t count, uint64_t piece, bool downwards,
                        Step step) {
  for (uint64_t done = 0; done < count;) {
    const uint64_t n = std::min(piece, count - done);
    const TrapCode failed = step(downwards ? count - done - n : done, n);
    if (failed != TrapCode::None) return trap(failed);
    done += n;
    if (done < count && is_interrupt_requested(*data->context)) return trap(TrapCode::Interrupted);
  }
  return ok();
}

BuiltinResult builtin_MemoryGrow(InstanceData* data, uint64_t memory, uint64_t delta) {
  return grow_result(data, memory_of(data, memory).grow(delta));
}

BuiltinResult builtin_MemoryCopy(InstanceData* data, uint64_t memories, uint64_t dst, uint64_t src,
                                 uint64_t count) {
  const Memory& to = memory_of(data, low_half(memories));
  const Memory& from = memory_of(data, high_half(memories));
  if (!to.in_bounds(dst, count) || !from.in_bounds(src, count)) {
    return trap(TrapCode::MemoryOutOfBounds);
  }
  // Overlapping pieces: what is still to be copied must not be overwritten.
  return in_pieces(data, count, kPieceBytes, dst > src, [&](uint64_t first, uint64_t n) {
    return Memory::copy(to, dst + first, from, src + first, n);
  });
}

BuiltinResult builtin_MemoryFill(InstanceData* data, uint64_t memory, uint64_t dst, uint64_t byte,
                                 uint64_t count) {
  const Memory& to = memory_of(data, memory);
  if (!to.in_bounds(dst, count)) return trap(TrapCode::MemoryOutOfBounds);
  return in_pieces(data, count, kPieceBytes, false, [&](uint64_t first, uint64_t n) {
    return to.fill(dst + first, static_cast<uint8_t>(byte), n);
  });
}

BuiltinResult builtin_MemoryInit(InstanceData* data, uint64_t segment_memory, uint64_t dst,
                                 uint64_t src, uint64_t count) {
  const DataIdx segment{static_cast<uint32_t>(low_half(segment_memory))};
  const Memory& to = memory_of(data, high_half(segment_memory));
  const std::span<const uint8_t> from = instance_of(data).data_segment(segment);
  if (!in_range(src, count, from.size()) || !to.in_bounds(dst, count)) {
    return trap(TrapCode::MemoryOutOfBounds);
  }
  return in_pieces(data, count, kPieceBytes, false, [&](uint64_t first, uint64_t n) {
    return to.init(dst + first, from.subspan(src + first, n));
  });
}

TrapCode trap_code_of(ErrorKind kind) {
  switch (kind) {
  case ErrorKind::MemoryNotShared: return TrapCode::ExpectedShared;
  case ErrorKind::UnalignedAtomicAccess: return TrapCode::UnalignedAtomic;
  case ErrorKind::MappedPageLost: return TrapCode::MappedPageLost;
  default: return TrapCode::MemoryOutOfBounds;
  }
}

/// No memory has an index that does not fit 64 bits: it becomes one of the greatest, aligned alike.
uint64_t add_saturating(uint64_t a, uint64_t b) {
  const uint64_t sum = a + b;
  return sum < a ? sum | ~uint64_t{7} : sum;
}

BuiltinResult wait_result(const Result<WaitResult>& result) {
  if (!result) return trap(trap_code_of(result.error().kind));
  if (*result == WaitResult::Interrupted) return trap(TrapCode::Interrupted);
  return ok(static_cast<uint64_t>(*result));
}

BuiltinResult builtin_AtomicWait32(InstanceData* data, uint64_t memory, uint64_t operand,
                                   uint64_t offset, uint64_t expected, uint64_t timeout) {
  const Memory& at = memory_of(data, memory);
  return wait_result(at.wait32(add_saturating(operand, offset), static_cast<uint32_t>(expected),
                               static_cast<int64_t>(timeout)));
}

BuiltinResult builtin_AtomicWait64(InstanceData* data, uint64_t memory, uint64_t operand,
                                   uint64_t offset, uint64_t expected, uint64_t timeout) {
  const Memory& at = memory_of(data, memory);
  return wait_result(
      at.wait64(add_saturating(operand, offset), expected, static_cast<int64_t>(timeout)));
}

BuiltinResult builtin_AtomicNotify(InstanceData* data, uint64_t memory, uint64_t operand,
                                   uint64_t offset, uint64_t count) {
  const Memory& at = memory_of(data, memory);
  const Result<uint32_t> woken =
      at.notify(add_saturating(operand, offset), static_cast<uint32_t>(count));
  return woken ? ok(*woken) : trap(trap_code_of(woken.error().kind));
}

BuiltinResult builtin_DataDrop(InstanceData* data, uint64_t segment) {
  instance_of(data).drop_data(DataIdx{static_cast<uint32_t>(segment)});
  return ok();
}

BuiltinResult builtin_TableGet(InstanceData* data, uint64_t table, uint64_t index) {
  const Table& from = table_of(data, table);
  if (index >= from.size()) return trap(TrapCode::TableOutOfBounds);
  return ok(from.get_unchecked(index).bits[0]);
}

BuiltinResult builtin_TableSet(InstanceData* data, uint64_t table, uint64_t index, uint64_t value) {
  Table& to = table_of(data, table);
  if (index >= to.size()) return trap(TrapCode::TableOutOfBounds);
  to.set_unchecked(index, reference(value));
  return ok();
}

BuiltinResult builtin_TableGrow(InstanceData* data, uint64_t table, uint64_t value,
                                uint64_t delta) {
  return grow_result(data, table_of(data, table).grow(delta, reference(value)));
}

BuiltinResult builtin_TableFill(InstanceData* data, uint64_t table, uint64_t start, uint64_t value,
                                uint64_t count) {
  Table& to = table_of(data, table);
  if (!to.in_bounds(start, count)) return trap(TrapCode::TableOutOfBounds);
  return in_pieces(data, count, kPieceElements, false, [&](uint64_t first, uint64_t n) {
    to.fill_unchecked(start + first, reference(value), n);
    return TrapCode::None;
  });
}

BuiltinResult builtin_TableCopy(InstanceData* data, uint64_t tables, uint64_t dst, uint64_t src,
                                uint64_t count) {
  Table& to = table_of(data, low_half(tables));
  const Table& from = table_of(data, high_half(tables));
  if (!to.in_bounds(dst, count) || !from.in_bounds(src, count)) {
    return trap(TrapCode::TableOutOfBounds);
  }
  return in_pieces(data, count, kPieceElements, dst > src, [&](uint64_t first, uint64_t n) {
    Table::copy_unchecked(to, dst + first, from, src + first, n);
    return TrapCode::None;
  });
}

BuiltinResult builtin_TableInit(InstanceData* data, uint64_t segment_table, uint64_t dst,
                                uint64_t src, uint64_t count) {
  Instance& instance = instance_of(data);
  const ElemIdx segment{static_cast<uint32_t>(low_half(segment_table))};
  Table& to = table_of(data, high_half(segment_table));
  if (!in_range(src, count, instance.elem_size(segment)) || !to.in_bounds(dst, count)) {
    return trap(TrapCode::TableOutOfBounds);
  }
  return in_pieces(data, count, kPieceElements, false, [&](uint64_t first, uint64_t n) {
    instance.copy_elems(segment, src + first, to, dst + first, n);
    return TrapCode::None;
  });
}

BuiltinResult builtin_ElemDrop(InstanceData* data, uint64_t segment) {
  instance_of(data).drop_elem(ElemIdx{static_cast<uint32_t>(segment)});
  return ok();
}

BuiltinResult builtin_RefFunc(InstanceData* data, uint64_t func) {
  const FuncRecord* record = instance_of(data).record(FuncIdx{static_cast<uint32_t>(func)});
  return ok(reinterpret_cast<uintptr_t>(record));
}

BuiltinResult builtin_Throw(InstanceData* data, uint64_t tag, uint64_t cells) {
  const Instance& instance = instance_of(data);
  instance.store().set_thrown(*instance.tag(TagIdx{static_cast<uint32_t>(tag)}),
                              reinterpret_cast<const void*>(cells), 0);
  return ok();
}

BuiltinResult builtin_ThrowRef(InstanceData* data, uint64_t exception) {
  if (exception == 0) return trap(TrapCode::NullReference);
  Store& store = instance_of(data).store();
  const uint32_t handle = static_cast<uint32_t>(exception);
  const Exception& thrown = *store.exception(handle);
  store.set_thrown(*thrown.tag, thrown.cells.data(), handle);
  return ok();
}

BuiltinResult builtin_TakeException(InstanceData* data) {
  const uint32_t handle = instance_of(data).store().take_exception();
  return handle == 0 ? trap(TrapCode::OutOfMemory) : ok(handle);
}

BuiltinResult builtin_CompileFunc(InstanceData* data, uint64_t slot_end) {
  Instance& instance = instance_of(data);
  const uint64_t in_table = slot_end - kSlotCallBytes - data->code_base - data->jump_table_offset;
  const FuncIdx func{instance.module().imported_funcs +
                     static_cast<uint32_t>(in_table / kJumpSlotBytes)};
  Result<const void*> code = instance.compiled()->require_code(func);
  if (code) return ok(reinterpret_cast<uintptr_t>(*code));
  instance.store().note_trap_message(String(trap_text(TrapCode::CompileFailed)) + ": " +
                                     code.error().message());
  return trap(TrapCode::CompileFailed);
}

const void* const kBuiltins[kBuiltinCount] = {
#define BUILTIN(name, params) reinterpret_cast<const void*>(&builtin_##name),
#include "jit/abi/builtins.def"
#undef BUILTIN
};

// Compiled code does short bulk operations itself, which then are as free here.
constexpr uint64_t kBytesPerFuel = 128;

/// A builtin whose last parameter is a count, which is paid for first.
template <auto kBuiltin>
struct Metered;
template <class... Args, BuiltinResult (*kBuiltin)(InstanceData*, Args...)>
struct Metered<kBuiltin> {
  static BuiltinResult call(InstanceData* data, Args... args) {
    const uint64_t all[] = {args...};
    const auto price = static_cast<int64_t>(all[sizeof...(Args) - 1] / kBytesPerFuel);
    int64_t& fuel = data->context->fuel;
    if (price > fuel) {
      fuel = -1;
      return trap(TrapCode::FuelExhausted);
    }
    fuel -= price;
    return kBuiltin(data, args...);
  }
};

constexpr bool is_bulk(Builtin builtin) {
  switch (builtin) {
  case Builtin::MemoryCopy:
  case Builtin::MemoryFill:
  case Builtin::MemoryInit:
  case Builtin::TableFill:
  case Builtin::TableCopy:
  case Builtin::TableInit: return true;
  default: return false;
  }
}

template <Builtin kWhich, auto kBuiltin>
constexpr auto metered() {
  if constexpr (is_bulk(kWhich)) {
    return &Metered<kBuiltin>::call;
  } else {
    return kBuiltin;
  }
}

const void* const kMeteredBuiltins[kBuiltinCount] = {
#define BUILTIN(name, params)                                                                      \
  reinterpret_cast<const void*>(metered<Builtin::name, &builtin_##name>()),
#include "jit/abi/builtins.def"
#undef BUILTIN
};

}  // namespace

const void* const* builtin_table(bool is_metered) {
  return is_metered ? kMeteredBuiltins : kBuiltins;
}

}  // namespace sluice
