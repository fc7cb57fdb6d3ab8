// The macro assembler of the compilers: instructions of one function, its labels, calls and traps.
//
// Hot forms are built inline by Encoder, straight into the code buffer; rare ones go through
// asmjit's assembler on the same buffer. Nothing checks for room per instruction: callers call
// ensure_room() once per Wasm instruction and once per turn of any loop that emits. Traps and slow
// paths are queued and emitted behind the body by finish(); before them comes cold code, which has
// a buffer of its own until join_cold().
// Flags: only instructions that say so change them; moves, loads, stores and lea never do, so a
// compare may stay latched across them. kScratchGpr and kScratchXmm are only changed where said.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/heap.h"
#include "engine/base/ids.h"
#include "engine/base/reused_vector.h"
#include "jit/abi/builtins.h"
#include "jit/abi/compile_options.h"
#include "jit/abi/trap_codes.h"
#include "jit/asm/encoder.h"
#include "jit/asm/operand.h"
#include "jit/code/code_object.h"

namespace sluice {

/// Reused for one function after another by one thread.
class Masm {
 public:
  explicit Masm(const CpuFeatures& cpu);
  ~Masm();
  Masm(const Masm&) = delete;
  Masm& operator=(const Masm&) = delete;

  const CpuFeatures& cpu() const { return cpu_; }

  // --- One function ---

  /// Forgets everything and starts a function at offset 0. If its code gets larger than
  /// kMaxCodeBytes, `*full` (may be null) becomes true, and what is emitted is lost from then on.
  void begin(bool* full = nullptr);
  static constexpr size_t kMaxCodeBytes = 128u << 20;
  bool is_full() const { return is_full_; }
  /// From here on it is as if the code were too large already.
  void give_up();
  /// Bytes emitted so far; of cold code, or of the rest, wherever the next instruction goes.
  size_t used_bytes() const { return static_cast<size_t>(e_.cursor - buffer_.data()); }
  /// What the buffers take, which grow with the largest body.
  size_t buffer_bytes() const { return buffer_.size() + other_buffer_.size(); }
  /// Emits the queued slow paths, traps and constants, and appends the function to `out` unless it
  /// is full. `marks`, if given, receives one mark per trap site behind the body, in ascending
  /// order.
  void finish(FuncIdx func, CodeBatch& out, Vector<SourceMark>* marks);
  /// Pads, so that a busy loop that begins here is fetched well: see kLoopPlace. In cold code, and
  /// where much of the function would be padding, it does nothing.
  void place_loop();
  /// Makes room for kRoomBytes of instructions.
  void ensure_room() {
    if (e_.cursor > limit_) [[unlikely]]
      grow();
  }
  bool has_room() const { return e_.cursor <= limit_; }
  static constexpr uint32_t kRoomBytes = 1024;
  /// Offset of the next instruction. Of cold code it is provisional: see place().
  uint32_t offset() const {
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(e_.cursor) - origin_);
  }
  /// Where traps queued from now on happen: offset from the start of the module.
  void set_wasm_offset(uint64_t offset) { wasm_offset_ = static_cast<uint32_t>(offset); }
  void patch32(uint32_t at, uint32_t value);

  // --- Cold code: what is emitted between these two stands behind the body. Labels, traps and
  // calls know no difference.

  void enter_cold();
  void leave_cold();
  /// Is there any?
  bool has_cold() const { return has_cold_; }
  /// When the body is complete, if there is cold code: puts it behind the body.
  void join_cold();
  /// After that: where the code is that was emitted at `offset`.
  uint32_t place(uint32_t offset) const {
    return is_cold(offset) ? offset - kColdBase + cold_start_ : offset;
  }
  /// The same for a list in the order of emission, which becomes one in the order of offsets.
  template <class Item>
  void place_all(Vector<Item>& items, uint32_t Item::* offset) const {
    Vector<Item> cold;
    size_t kept = 0;
    for (Item& item : items) {
      if (is_cold(item.*offset)) {
        item.*offset = place(item.*offset);
        cold.push_back(item);
      } else {
        items[kept++] = item;
      }
    }
    std::ranges::copy(cold, items.begin() + static_cast<ptrdiff_t>(kept));
  }

  // --- Drafts: instructions that are only written if draft() comes back to keep(), with nothing
  // emitted meanwhile.

  Encoder draft() const { return e_; }
  void keep(const Encoder& draft) { e_ = draft; }

  // --- Moves (flags untouched) ---

  void mov(Width w, Reg dst, Reg src) { e_.reg_reg({0, 0, 0x89}, wbit(w), num(src), num(dst)); }
  /// dst = the low half of src.
  void wrap(Reg dst, Reg src) { e_.reg_reg({0, 0, 0x8b}, 0, num(dst), num(src)); }
  /// Any 64-bit constant; W32 takes the low half. Never changes flags: see `zero`.
  void mov_imm(Width w, Reg dst, uint64_t imm) {
    if (w == W32) imm = static_cast<uint32_t>(imm);
    if (imm <= 0xffff'ffffu) {
      e_.opcode_reg(0xb8, 0, num(dst));
      e_.put(imm, 4);
    } else {
      mov_imm_wide(dst, imm);
    }
  }
  /// Changes flags.
  void zero(Reg dst) { e_.reg_reg({0, 0, 0x31}, 0, num(dst), num(dst)); }
  void load(LoadKind kind, Reg dst, const Mem& m);
  void store(StoreKind kind, const Mem& m, Reg src);
  /// The same for [kMemoryReg + index + disp].
  void load_memory0(LoadKind kind, Reg dst, Reg index, int32_t disp);
  void store_memory0(StoreKind kind, Reg index, int32_t disp, Reg src);
  /// The same where an integer replaces its address, as is usual.
  void load_memory0_over(LoadKind kind, Reg reg, int32_t disp);
  /// The same for slots of the frame, which are most.
  void load_slot(Width w, Reg dst, int32_t disp) { e_.load_slot(slot_code(w), num(dst), disp); }
  void store_slot(Width w, int32_t disp, Reg src) { e_.store_slot(slot_code(w), num(src), disp); }
  void load_slot(MoveType type, Reg dst, int32_t disp) {
    if (!cpu_.avx && type >= MoveType::F32) [[unlikely]]
      return load(load_kind(type), dst, mem_at(Reg::Rbp, disp));
    e_.load_slot(static_cast<SlotCode>(type), num(dst), disp);
  }
  void store_slot(MoveType type, int32_t disp, Reg src) {
    if (!cpu_.avx && type >= MoveType::F32) [[unlikely]]
      return store(store_kind(type), mem_at(Reg::Rbp, disp), src);
    e_.store_slot(static_cast<SlotCode>(type), num(src), disp);
  }
  /// Whole general-purpose registers where the operands are constants: they become a few bytes.
  [[gnu::always_inline]] void load_word(Reg dst, const Mem& m) {
    e_.reg_mem({0, 0, 0x8b}, 1, num(dst), m);
  }
  [[gnu::always_inline]] void store_word(const Mem& m, Reg src) {
    e_.reg_mem({0, 0, 0x89}, 1, num(src), m);
  }
  /// The same for fields of the instance.
  void load_field(Width w, Reg dst, int32_t disp) {
    e_.reg_mem({0, 0, 0x8b}, wbit(w), num(dst), mem_at(kInstanceReg, disp));
  }
  void store_field(int32_t disp, Reg src) { store_word(mem_at(kInstanceReg, disp), src); }
  /// Integer kinds only; `imm` is sign-extended for I64.
  void store_imm(StoreKind kind, const Mem& m, int32_t imm);
  void lea(Width w, Reg dst, const Mem& m) { e_.reg_mem({0, 0, 0x8d}, wbit(w), num(dst), m); }
  /// Sign or zero extension between registers by one of the integer load kinds.
  void extend(LoadKind kind, Reg dst, Reg src);
  void xchg(Width w, Reg a, Reg b) { e_.reg_reg({0, 0, 0x87}, wbit(w), num(a), num(b)); }
  void push(Reg r) { e_.opcode_reg(0x50, 0, num(r)); }
  void pop(Reg r) { e_.opcode_reg(0x58, 0, num(r)); }

  // --- Integers (flags changed) ---

  void alu(Alu op, Width w, Reg dst, Reg src) {
    e_.reg_reg({0, 0, alu_byte(op, 1)}, wbit(w), num(src), num(dst));
  }
  [[gnu::always_inline]] void alu_imm(Alu op, Width w, Reg dst, int32_t imm) {
    e_.alu_imm(static_cast<uint32_t>(op), wbit(w), num(dst), imm);
  }
  /// The same for a slot's value.
  [[gnu::always_inline]] void alu_imm_slot(Alu op, Width w, Reg dst, int32_t disp, int32_t imm) {
    Encoder e = e_;  // whose cursor is in a register
    e.load_slot(slot_code(w), num(dst), disp);
    e.alu_imm(static_cast<uint32_t>(op), wbit(w), num(dst), imm);
    e_ = e;
  }
  /// dst op= [m]
  void alu_load(Alu op, Width w, Reg dst, const Mem& m) {
    e_.reg_mem({0, 0, alu_byte(op, 3)}, wbit(w), num(dst), m);
  }
  /// The same for a slot of the frame.
  void alu_slot(Alu op, Width w, Reg dst, int32_t disp) {
    e_.reg_slot(slot_code(w), alu_byte(op, 3), num(dst), disp);
  }
  /// cmp [slot], imm
  void compare_slot(Width w, int32_t disp, int32_t imm) {
    const bool small = imm == static_cast<int8_t>(imm);
    e_.reg_slot(slot_code(w), small ? 0x83 : 0x81, static_cast<uint32_t>(Alu::Cmp), disp);
    e_.put(static_cast<uint32_t>(imm), small ? 1 : 4);
  }
  /// cmp [slot], src
  void compare_slot(Width w, int32_t disp, Reg src) {
    e_.reg_slot(slot_code(w), alu_byte(Alu::Cmp, 1), num(src), disp);
  }
  /// cmp [m], src
  void compare_memory(Width w, const Mem& m, Reg src) {
    e_.reg_mem({0, 0, alu_byte(Alu::Cmp, 1)}, wbit(w), num(src), m);
  }
  /// [m] op= imm, or cmp [m], imm
  void alu_store_imm(Alu op, Width w, const Mem& m, int32_t imm) {
    bool small = imm == static_cast<int8_t>(imm);
    e_.reg_mem({0, 0, static_cast<uint8_t>(small ? 0x83 : 0x81)}, wbit(w),
               static_cast<uint32_t>(op), m);
    e_.put(static_cast<uint32_t>(imm), small ? 1 : 4);
  }
  void test(Width w, Reg a, Reg b) { e_.reg_reg({0, 0, 0x85}, wbit(w), num(b), num(a)); }
  void test_imm(Width w, Reg a, int32_t imm);
  void neg(Width w, Reg r) { e_.reg_reg({0, 0, 0xf7}, wbit(w), 3, num(r)); }
  /// Flags untouched.
  void not_(Width w, Reg r) { e_.reg_reg({0, 0, 0xf7}, wbit(w), 2, num(r)); }
  void imul(Width w, Reg dst, Reg src) { e_.reg_reg({0, 1, 0xaf}, wbit(w), num(dst), num(src)); }
  void imul_load(Width w, Reg dst, const Mem& m) { e_.reg_mem({0, 1, 0xaf}, wbit(w), num(dst), m); }
  /// dst = src * imm
  void imul_imm(Width w, Reg dst, Reg src, int32_t imm) {
    bool small = imm == static_cast<int8_t>(imm);
    e_.reg_reg({0, 0, static_cast<uint8_t>(small ? 0x6b : 0x69)}, wbit(w), num(dst), num(src));
    e_.put(static_cast<uint32_t>(imm), small ? 1 : 4);
  }
  /// dst = [m] * imm
  void imul_imm_load(Width w, Reg dst, const Mem& m, int32_t imm) {
    bool small = imm == static_cast<int8_t>(imm);
    e_.reg_mem({0, 0, static_cast<uint8_t>(small ? 0x6b : 0x69)}, wbit(w), num(dst), m);
    e_.put(static_cast<uint32_t>(imm), small ? 1 : 4);
  }
  /// Signed rdx:rax / src → rax, remainder rdx. Extends rax into rdx first.
  void idiv(Width w, Reg src);
  /// Unsigned rdx:rax / src → rax, remainder rdx. Zeroes rdx first.
  void div(Width w, Reg src);
  /// rdx:rax = rax * src, of 64-bit numbers.
  void multiply_wide(bool is_signed, Reg src) {
    e_.reg_reg({0, 0, 0xf7}, 1, is_signed ? 5 : 4, num(src));
  }
  void shift_imm(Shift op, Width w, Reg dst, uint32_t count) {
    uint32_t slash = static_cast<uint32_t>(op);
    if (count == 1) return e_.reg_reg({0, 0, 0xd1}, wbit(w), slash, num(dst));
    e_.reg_reg({0, 0, 0xc1}, wbit(w), slash, num(dst));
    e_.put(count, 1);
  }
  /// dst op= cl
  void shift_cl(Shift op, Width w, Reg dst) {
    e_.reg_reg({0, 0, 0xd3}, wbit(w), static_cast<uint32_t>(op), num(dst));
  }
  /// dst = src op count in any registers, flags untouched. Needs BMI2; not for rotations.
  void shift_bmi2(Shift op, Width w, Reg dst, Reg src, Reg count);
  /// dst = src rotated right, flags untouched. Needs BMI2.
  void rorx(Width w, Reg dst, Reg src, uint32_t count);
  /// Count leading or trailing zeros or set bits, by the best instructions the CPU has. dst and src
  /// may be equal. Change kScratchGpr.
  void clz(Width w, Reg dst, Reg src);
  void ctz(Width w, Reg dst, Reg src);
  void popcnt(Width w, Reg dst, Reg src);

  // --- Atomics, of so many bytes (flags changed but by xchg_mem) ---

  /// Swaps r with [m], at once for other processors.
  void xchg_mem(uint32_t bytes, const Mem& m, Reg r);
  /// [m] += r; r = what was there.
  void lock_xadd(uint32_t bytes, const Mem& m, Reg r);
  /// If [m] is rax then [m] = r, else rax = [m]. The zero flag says which; other bits of rax stay.
  void lock_cmpxchg(uint32_t bytes, const Mem& m, Reg r);
  void mfence();

  // --- Conditions (flags untouched) ---

  /// dst = cond ? 1 : 0 as an i32. Any condition. Float conditions change flags and kScratchGpr.
  void set_bool(Cond cond, Reg dst);
  /// dst = cond ? src : dst. Any condition.
  void cmov(Cond cond, Width w, Reg dst, Reg src);

  // --- Floats (flags untouched but by compares and where said) ---

  void fmov(FWidth w, Reg dst, Reg src);
  /// Bits between register classes.
  void mov_to_gpr(Width w, Reg dst, Reg xmm_src);
  void mov_to_xmm(Width w, Reg xmm_dst, Reg src);
  /// A constant by its bits: zero by an xor, others from a pool behind the body.
  void fconst(FWidth w, Reg dst, uint64_t bits);
  /// dst = a op b; any overlap. Changes kScratchXmm. Sqrt reads b only: pass it as both.
  void farith(FArith op, FWidth w, Reg dst, Reg a, Reg b);
  /// dst = a op [m]; Sqrt reads m only.
  void farith_load(FArith op, FWidth w, Reg dst, Reg a, const Mem& m);
  /// dst = a op a constant by its bits; not for Sqrt.
  void farith_const(FArith op, FWidth w, Reg dst, Reg a, uint64_t bits);
  /// Wasm's min and max (spec 4.3.3: NaN wins, -0 < +0). Change flags and kScratchXmm.
  void fmin(FWidth w, Reg dst, Reg a, Reg b);
  void fmax(FWidth w, Reg dst, Reg a, Reg b);
  void fabs(FWidth w, Reg dst, Reg src);
  /// Changes kScratchXmm.
  void fneg(FWidth w, Reg dst, Reg src);
  /// |a| with b's sign. Changes kScratchXmm.
  void fcopysign(FWidth w, Reg dst, Reg a, Reg b);
  enum class Round : uint8_t { Nearest = 0, Floor = 1, Ceil = 2, Trunc = 3 };
  void fround(Round mode, FWidth w, Reg dst, Reg src);
  /// Flags as of an unsigned compare; unordered sets Below, Equal and Parity.
  void fcompare(FWidth w, Reg a, Reg b);
  void fcompare_load(FWidth w, Reg a, const Mem& m);
  void fcompare_const(FWidth w, Reg a, uint64_t bits);

  // --- Vectors (flags untouched); the instructions of Wasm are SimdMasm's

  /// dst = a op b, if the CPU has AVX.
  void vector(const VexForm& form, Reg dst, Reg a, Reg b) {
    e_.vex_form(form, num(dst), num(a), num(b));
  }
  /// A constant's 16 bytes: all zeros and all ones by an idiom, others from the pool.
  void vconst(Reg dst, const uint8_t* bytes);

  // --- Conversions (may change flags, kScratchGpr and kScratchXmm) ---

  void f32_to_f64(Reg dst, Reg src);
  void f64_to_f32(Reg dst, Reg src);
  void int_to_float(Width from, FWidth to, Reg xmm_dst, Reg src);
  void uint_to_float(Width from, FWidth to, Reg xmm_dst, Reg src);
  /// Trapping truncation (spec 4.3.3 trunc): queues a slow path that tells the two traps apart.
  void float_to_int(FWidth from, Width to, bool is_signed, Reg dst, Reg xmm_src);
  /// Saturating truncation (trunc_sat).
  void float_to_int_sat(FWidth from, Width to, bool is_signed, Reg dst, Reg xmm_src);

  // --- Labels and jumps (flags untouched) ---

  void bind(Label& label);
  void jmp(Label& label) {
    if (label.is_bound()) return jump_back(0xe9, label);
    put_waiting(0xe9, 1, label);
  }
  void jcc(Cond cond, Label& label) {
    if (label.is_bound() || !is_native(cond)) [[unlikely]] {
      return jcc_slow(cond, label);
    }
    jcc_ahead(cond, label);
  }
  /// The same for one of the hardware's conditions, to a label that is not bound yet.
  void jcc_ahead(Cond cond, Label& label) {
    DCHECK(is_native(cond) && !label.is_bound(), "a plain jump forwards");
    put_waiting(0x800fu | static_cast<uint32_t>(cond) << 8, 2, label);
  }
  /// To an offset that is known, in the long form.
  void jmp_to(uint32_t target);
  void jmp_reg(Reg r) { e_.reg_reg({0, 0, 0xff}, 0, 4, num(r)); }
  /// Jumps to the index-th of the table_entry()s that must follow immediately. `index` is
  /// zero-extended and below their number, and is changed; changes kScratchGpr.
  void jump_table(Reg index);
  void table_entry(Label& label) { wait_for(label); }

  // --- Calls, frames, traps ---

  /// Calls a defined function of the module through its jump-table slot, or jumps to it.
  void call_func(FuncIdx func);
  void jmp_func(FuncIdx func);
  void call_reg(Reg r) { e_.reg_reg({0, 0, 0xff}, 0, 2, num(r)); }
  void call_mem(const Mem& m) { e_.reg_mem({0, 0, 0xff}, 0, 2, m); }
  /// The call alone: arguments are in place (rsi, rdx, …), rdi is set to the instance here. A trap
  /// in the result is the caller's to test: trap_if_builtin_failed. Changes every register but the
  /// pinned ones, and flags.
  void call_builtin(Builtin builtin);
  /// After a builtin: traps with the reason in rdx unless it is 0. Changes flags.
  void trap_if_builtin_failed();
  /// Where things are in a function's first instructions: the same in all.
  struct Prologue {
    uint32_t linked = 0;      // rbp is pushed
    uint32_t framed = 0;      // rbp is the frame pointer
    uint32_t check = 0;       // of the stack
    uint32_t frame_size = 0;  // for patch32
    Label after_check;
  };
  /// Enters a frame whose size is to be filled in, saves the instance, and traps if the stack is
  /// exhausted already. First thing in a function. Changes kScratchGpr and flags.
  void enter_frame();
  const Prologue& prologue() const { return prologue_; }
  /// Returns, popping `arg_bytes` of stack arguments.
  void ret(uint32_t arg_bytes);
  /// `sub [m], n` (64 bits, flags changed) with n to be filled in: returns its offset for patch32.
  uint32_t sub_mem_patchable(const Mem& m);
  /// The same for `add rsp, n`.
  uint32_t add_rsp_patchable() {
    e_.put(0xc48148, 7);
    return offset() - 4;
  }
  /// Jumps to a trap stub behind the body, for the instruction at set_wasm_offset(). Any condition.
  void trap_if(Cond cond, TrapCode code);
  void trap(TrapCode code);
  /// A trap site in the place where it stands, as throws need it (jit/abi/instance_layout.h).
  void throw_site();
  /// A breakpoint's worth of invariant, for debug_checks: traps as an abort would.
  void ud2() { e_.put(0x0b0f, 2); }

 private:
  struct Rare;  // asmjit's objects
  friend class RareScope;
  friend class SimdMasm;
  enum class SlowKind : uint8_t { Trap, Truncate, MinMax, UnsignedToFloat };
  /// Code to emit behind the body.
  struct SlowPath {
    uint32_t fixup;   // rel32 field of the jump that leads here
    uint32_t resume;  // where to go on, if it goes on
    uint32_t wasm_offset;
    SlowKind kind;
    uint8_t trap_byte;
    bool is_signed;
    bool saturate;
    bool max;
    FWidth fwidth;
    Width width;
    Reg dst;
    Reg src;
    Reg src2;
  };
  struct PoolEntry {
    uint64_t bits;
    uint64_t high_bits;  // of 16-byte constants
    Label label;
    uint32_t size_bytes;
  };

  static uint32_t num(Reg r) { return encoding(r); }
  static uint32_t wbit(Width w) { return static_cast<uint32_t>(w); }
  static SlotCode slot_code(Width w) { return static_cast<SlotCode>(w); }  // Int32 or Int64
  static uint8_t alu_byte(Alu op, uint32_t form) {
    return static_cast<uint8_t>(static_cast<uint32_t>(op) << 3 | form);
  }
  /// Writes an opcode of so many bytes and a rel32 field that waits for `label`, which is not
  /// bound.
  void put_waiting(uint32_t opcode, uint32_t size, Label& label) {
    const uint32_t previous = std::exchange(label.value_, offset() + size);
    e_.put(opcode | uint64_t{previous} << 8 * size, size + 4);
  }
  /// Writes a rel32 field that waits for `label`, or is final if that is bound.
  void wait_for(Label& label) {
    if (label.is_bound()) [[unlikely]]
      return put_distance(label.offset());
    put_waiting(0, 0, label);
  }
  /// Writes a rel32 field.
  void put_distance(uint32_t target) {
    uint32_t at = offset();
    e_.put(0, 4);
    set_distance(at, target);
  }
  void set_distance(uint32_t at, uint32_t target) {
    if (!is_plain_) [[unlikely]]
      return set_distance_elsewhere(at, target);
    const uint32_t distance = target - (at + 4);
    std::memcpy(reinterpret_cast<uint8_t*>(origin_ + at), &distance, 4);
  }
  void set_distance_elsewhere(uint32_t at, uint32_t target);
  void end_chain_elsewhere(uint32_t at, uint32_t target);
  uint8_t* bytes_at(uint32_t offset) {
    if (!is_plain_) [[unlikely]]
      return bytes_elsewhere(offset);
    return reinterpret_cast<uint8_t*>(origin_ + offset);
  }
  uint8_t* bytes_elsewhere(uint32_t offset);
  static bool is_cold(uint32_t offset) { return offset >= kColdBase; }
  bool is_joined() const { return cold_start_ != 0; }
  void swap_buffers();
  void set_bounds();

  void grow();
  void make_prologue();
  void mov_imm_wide(Reg dst, uint64_t imm);
  void jump_back(uint32_t opcode, const Label& label);
  void jcc_slow(Cond cond, Label& label);
  void jcc_backward(Cond cond, const Label& label);
  /// A two-byte jump over what is emitted next; closed by close_short.
  uint32_t short_jcc(Cond cond);
  void close_short(uint32_t at);
  void popcnt_by_shifts(Width w, Reg dst, Reg src);
  void truncate(FWidth from, Width to, bool is_signed, bool saturate, Reg dst, Reg src);
  void fminmax(bool max, FWidth w, Reg dst, Reg a, Reg b);
  void sse(Opcode op, uint32_t w, Reg reg, Reg rm);
  void sse_rvm(Opcode op, bool commutes, Reg dst, Reg a, Reg b);
  void sse_shift(FWidth w, uint32_t slash, Reg dst, Reg src, uint32_t count);
  void cvt_to_int(FWidth from, uint32_t w, Reg dst, Reg src);
  void cvt_to_float(uint32_t w, FWidth to, Reg dst, Reg src);
  Label& pooled(uint32_t size_bytes, uint64_t bits, uint64_t high_bits = 0);
  Label& pooled(FWidth w, uint64_t bits) { return pooled(w == FWidth::F64 ? 8 : 4, bits); }
  Label& pooled(const uint8_t* bytes);

  /// To be reached by the rel32 field at `fixup`.
  SlowPath& queue(uint32_t fixup, SlowKind kind) {
    SlowPath& path = slow_paths_.push();
    path.fixup = fixup;
    path.wasm_offset = wasm_offset_;
    path.kind = kind;
    return path;
  }
  SlowPath& queue_slow(Cond cond, SlowKind kind);
  void queue_trap(Cond cond, uint8_t trap_byte);
  void emit_slow_path(const SlowPath& path, Vector<SourceMark>* marks);
  void emit_truncate(const SlowPath& path, Vector<SourceMark>* marks);
  void emit_truncate_failure(const SlowPath& path, Vector<SourceMark>* marks);
  void emit_saturation(const SlowPath& path);
  void emit_minmax(const SlowPath& path);
  void emit_unsigned_to_float(const SlowPath& path);
  void put_func_slot(uint8_t opcode, FuncIdx func);
  void emit_trap_stub(uint8_t byte, uint32_t wasm_offset, Vector<SourceMark>* marks);
  void emit_pool();

  // Offsets of cold code begin here, beyond those of any body, until it is joined.
  static constexpr uint32_t kColdBase = 1u << 30;

  Encoder e_;
  uint8_t* limit_ = nullptr;  // past it ensure_room grows the buffer
  uintptr_t origin_ = 0;      // where offset 0 would be
  uint32_t wasm_offset_ = 0;
  bool is_plain_ = true;  // no cold code, and not full: offsets lie in the buffer
  bool has_cold_ = false;
  bool in_cold_ = false;
  bool is_full_ = false;
  uint32_t padding_ = 0;  // bytes of it before loops
  uint32_t alignment_ = kFunctionAlign;
  bool* full_ = nullptr;
  CpuFeatures cpu_;
  CodeBytes buffer_;        // not zeroed: most functions touch a page or two of it
  CodeBytes other_buffer_;  // the one not in use: for cold code, or the body's
  uint8_t* other_cursor_ = nullptr;
  uint32_t cold_start_ = 0;    // once it is joined
  Vector<uint32_t> crossing_;  // rel32 fields between body and cold code
  Prologue prologue_;
  uint8_t prologue_code_[32];      // …
  uint32_t prologue_bytes_ = 0;    // … of which it has so many; …
  uint32_t prologue_failure_ = 0;  // … in them, where it jumps to if there is no stack
  uint32_t lost_[2] = {};          // stands for all code once it is full
  ReusedVector<SlowPath> slow_paths_;
  ReusedVector<PoolEntry> pool_;
  ReusedVector<Relocation> relocs_;
  Rare* rare_ = nullptr;
};

}  // namespace sluice
