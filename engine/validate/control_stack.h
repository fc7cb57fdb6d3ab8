// The state of validation inside one body (spec appendix "Validation Algorithm"): operand stack,
// control stack, locals. FuncReader changes it; sinks read it, and own the words in it.
//
// The operand stack is one array whose slot holds an operand's type and the sink's word about it.
// Its address may change between two calls of the sink, which is told; never during one. All memory
// is reused from body to body: one ReaderState per worker thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>

#include "engine/base/arena.h"
#include "engine/base/check.h"
#include "engine/base/heap.h"
#include "engine/base/reused_vector.h"
#include "engine/binary/immediates.h"
#include "engine/wasm/instr.h"
#include "engine/wasm/module.h"

namespace sluice {

/// An operand: its type, and what the sink knows of it (for a compiler: where it is).
template <class Word>
struct OperandSlot {
  ValType type;
  [[no_unique_address]] Word word;
};

enum class FrameKind : uint8_t { Func, Block, Loop, If, Else, TryTable, Try, Catch, CatchAll };

/// A control frame: an entered block. `Label` is the sink's, default-made when the block is
/// entered.
template <class Label>
struct ControlFrame {
  FrameKind kind = FrameKind::Block;
  bool live_at_entry = false;  // can control reach the block's start?
  bool unreachable = false;  // spec: after an unconditional branch the operand stack is polymorphic
  bool end_reached = false;  // a live branch targets the end (never set for a Loop)
  uint32_t height = 0;       // operands below the block's parameters
  FuncType type;             // the block type; its arrays live as long as the body's validation
  uint32_t init_mark = 0;    // locals initialised before the block (ReaderState::init_log)
  [[no_unique_address]] Label label;

  /// Of its own, so that making one is a few stores: a defaulted one would have all bytes zeroed
  /// first, by `rep stos`, which takes longer to start than these take.
  ControlFrame() {}  // NOLINT(modernize-use-equals-default)

  /// Operands a branch to this frame passes: parameters of a loop, else results.
  std::span<const ValType> label_types() const {
    return kind == FrameKind::Loop ? type.params() : type.results();
  }
  uint32_t arity() const { return kind == FrameKind::Loop ? type.param_count : type.result_count; }
};

/// A heap array for slots that grows without initialising what it adds. The kBelow slots below the
/// first are of type Bottom, for checks that look at operands before they know how many there are.
template <class Slot>
class SlotArray {
 public:
  SlotArray() = default;
  SlotArray(const SlotArray&) = delete;
  SlotArray& operator=(const SlotArray&) = delete;
  ~SlotArray() { release(); }

  Slot* data() const { return data_; }
  size_t capacity() const { return capacity_; }
  /// Makes room for `wanted` slots, and for twice as many as before if that is at most `most`.
  /// Keeps the first `used`.
  void grow(size_t used, size_t wanted, size_t most) {
    static_assert(std::is_trivially_copyable_v<Slot>);
    const size_t doubled = std::min(std::max(capacity_ * 2, kFirst), most);
    const size_t capacity = std::max(doubled, wanted);
    auto* memory = static_cast<Slot*>(heap_allocate(size_bytes(capacity), alignof(Slot)));
    for (size_t i = 0; i < kBelow; ++i) memory[i].type = ValKind::Bottom;
    Slot* data = memory + kBelow;
    for (size_t i = 0; i < used; ++i) data[i] = data_[i];
    release();
    data_ = data;
    capacity_ = capacity;
  }

 private:
  static constexpr size_t kFirst = 1024;
  static constexpr size_t kBelow = 2;
  static size_t size_bytes(size_t capacity) { return (kBelow + capacity) * sizeof(Slot); }
  void release() {
    if (data_ != nullptr) heap_release(data_ - kBelow, size_bytes(capacity_), alignof(Slot));
  }

  Slot* data_ = nullptr;
  size_t capacity_ = 0;
};

/// Everything FuncReader<Sink> remembers between two instructions.
template <class Sink>
struct ReaderState : Allocated {
  using Slot = OperandSlot<typename Sink::Word>;
  using Frame = ControlFrame<typename Sink::Label>;

  const Module* module = nullptr;
  FuncBody body;
  const FuncType* type = nullptr;  // of the function

  // Byte positions. `bytes` is where the module starts, so that offsets are differences.
  const uint8_t* bytes = nullptr;
  const uint8_t* instr_pos = nullptr;  // opcode of the current instruction
  // During a sink's call for an instruction that only pops and pushes: the next one's opcode, not
  // checked yet. Else null.
  const uint8_t* next_pos = nullptr;

  Slot* base = nullptr;   // operand stack: [base, top)
  Slot* floor = nullptr;  // base + height of the innermost frame
  Slot* top = nullptr;
  SlotArray<Slot> slots;

  // Innermost last; [0] is the function's. A compiler's has a cache line each.
  ReusedVector<Frame, 64> frames;
  bool live = true;    // can control reach the current instruction?
  bool muted = false;  // the sink is told no more; it may ask for that itself

  ReusedVector<ValType> local_types;  // parameters, then declared locals
  // What local.get pushes: the local's type, but Bottom while one without default is not set; and
  // the word that the sink wrote when it began.
  ReusedVector<Slot> local_slots;
  ReusedVector<uint32_t> init_log;  // locals set so far, undone at the end of their block

  ImmediateScratch scratch;  // spans of the current instruction
  Arena block_types;         // arrays of single-result block types

  uint64_t instr_offset() const { return static_cast<uint64_t>(instr_pos - bytes); }
  uint32_t height() const { return static_cast<uint32_t>(top - base); }
  std::span<const ValType> locals() const { return {local_types.data(), local_types.size()}; }
  Slot& local_slot(uint32_t local) { return local_slots[local]; }
  Frame& frame(uint32_t depth) {
    DCHECK(depth < frames.size(), "label depth");
    return frames.back(depth);
  }
  Frame& innermost() { return frames.back(); }
};

}  // namespace sluice
