// The macro assembler's frame: buffer, labels, jumps, calls, traps and what follows the body.
#include "jit/asm/masm.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "engine/base/check.h"
#include "jit/abi/instance_layout.h"
#include "jit/asm/rare.h"

namespace sluice {

namespace {
// Room behind ensure_room's promise, so that a caller who emits a little too much between two calls
// is wrong only in a debug build.
constexpr size_t kSlackBytes = 16 * 1024;
constexpr size_t kFirstBufferBytes = 128 * 1024;
constexpr size_t kFirstBatchBytes = 64 * 1024;  // most batches are smaller

// Where in its cache line a small loop runs best: measured on Zen 5, on which the first few bytes
// of a line cost some loops up to 1.8 times their time, and its second half up to 1.5 times.
constexpr uint32_t kLoopPlace = 16;
// One instruction each that does nothing, of 1 to 8 bytes.
constexpr uint64_t kNops[] = {0x90,
                              0x90'66,
                              0x00'1f'0f,
                              0x00'40'1f'0f,
                              0x00'00'44'1f'0f,
                              0x00'00'44'1f'0f'66,
                              0x00'00'00'00'80'1f'0f,
                              0x00'00'00'00'00'84'1f'0f};
}  // namespace

Masm::Masm(const CpuFeatures& cpu) : cpu_(cpu), rare_(new Rare) {
  rare_->code.init(asmjit::Environment(asmjit::Arch::kX64));
  rare_->code.attach(&rare_->assembler);
  grow();
  make_prologue();
  begin();
}

Masm::~Masm() { delete rare_; }

void Masm::begin(bool* full) {
  full_ = full;
  if (!is_plain_) [[unlikely]] {
    if (in_cold_) swap_buffers();
    is_plain_ = true;
    has_cold_ = is_full_ = false;
    cold_start_ = 0;
    crossing_.clear();
  }
  e_.cursor = buffer_.data();
  wasm_offset_ = 0;
  padding_ = 0;
  alignment_ = kFunctionAlign;
  slow_paths_.clear();
  pool_.clear();
  relocs_.clear();
}

void Masm::give_up() {
  is_full_ = true;
  is_plain_ = false;
  if (full_ != nullptr) *full_ = true;
  e_.cursor = buffer_.data();
}

void Masm::grow() {
  if (buffer_.size() == kMaxCodeBytes) return give_up();
  const size_t used = used_bytes();
  const size_t size = buffer_.empty() ? kFirstBufferBytes : buffer_.size() * 2;
  grow_code_bytes(buffer_, used, size);
  buffer_.resize(size);
  e_.cursor = buffer_.data() + used;
  set_bounds();
}

/// Of the buffer in use.
void Masm::set_bounds() {
  uint8_t* begin = buffer_.data();
  origin_ = reinterpret_cast<uintptr_t>(begin) - (in_cold_ ? kColdBase : 0);
  limit_ = begin + buffer_.size() - kSlackBytes - kRoomBytes;
  asmjit::CodeBuffer& view = rare_->code.textSection()->buffer();
  view._data = begin;
  view._capacity = buffer_.size();
  view._flags = asmjit::CodeBufferFlags::kIsExternal | asmjit::CodeBufferFlags::kIsFixed;
  asmjit::x86::Assembler& a = rare_->assembler;
  a._bufferData = begin;
  a._bufferEnd = begin + buffer_.size();
  a._bufferPtr = e_.cursor;
}

void Masm::patch32(uint32_t at, uint32_t value) { std::memcpy(bytes_at(at), &value, 4); }

// --- Cold code ---

void Masm::swap_buffers() {
  std::swap(buffer_, other_buffer_);
  std::swap(e_.cursor, other_cursor_);
  in_cold_ = !in_cold_;
  if (buffer_.empty()) return grow();
  set_bounds();
}

void Masm::enter_cold() {
  DCHECK(!in_cold_ && !is_joined(), "cold code inside cold code, or too late");
  if (!has_cold_) other_cursor_ = other_buffer_.data();
  has_cold_ = true;
  is_plain_ = false;
  swap_buffers();
  ensure_room();
}

void Masm::leave_cold() {
  DCHECK(in_cold_, "not in cold code");
  swap_buffers();
  ensure_room();
}

void Masm::join_cold() {
  if (in_cold_) swap_buffers();
  cold_start_ = offset();
  const auto size = static_cast<size_t>(other_cursor_ - other_buffer_.data());
  while (!is_full_ && static_cast<size_t>(limit_ - buffer_.data()) < offset() + size) grow();
  if (is_full_) return;
  std::memcpy(e_.cursor, other_buffer_.data(), size);
  e_.cursor += size;
  const uint32_t moved_by = cold_start_ - kColdBase;
  for (uint32_t at : crossing_) {
    uint32_t distance;
    std::memcpy(&distance, bytes_at(at), 4);
    patch32(at, is_cold(at) ? distance - moved_by : distance + moved_by);
  }
  for (Relocation& reloc : relocs_) reloc.offset = place(reloc.offset);
}

uint8_t* Masm::bytes_elsewhere(uint32_t offset) {
  if (is_full_) {
    // Whoever reads a chain of jumps here is at its end.
    std::ranges::fill(lost_, Label::kNone);
    return reinterpret_cast<uint8_t*>(lost_);
  }
  if (is_joined()) offset = place(offset);
  if (is_joined() || is_cold(offset) == in_cold_) {
    return reinterpret_cast<uint8_t*>(origin_ + offset);
  }
  return other_buffer_.data() + (is_cold(offset) ? offset - kColdBase : offset);
}

/// Of a rel32 field at `at`, wherever that and the target are.
void Masm::set_distance_elsewhere(uint32_t at, uint32_t target) {
  if (is_joined()) {
    at = place(at);
    target = place(target);
  } else if (is_cold(at) != is_cold(target)) {
    crossing_.push_back(at);
  }
  patch32(at, target - (at + 4));
}

// --- Labels and jumps ---

void Masm::bind(Label& label) {
  DCHECK(!label.is_bound(), "label bound twice");
  const uint32_t here = offset();
  uint32_t at = std::exchange(label.value_, here | Label::kBound);
  if (!is_plain_) [[unlikely]]
    return end_chain_elsewhere(at, here);
  while (at != Label::kNone) {
    auto* field = reinterpret_cast<uint8_t*>(origin_ + at);
    const uint32_t distance = here - (at + 4);
    std::memcpy(&at, field, 4);
    std::memcpy(field, &distance, 4);
  }
}

/// Points the jumps of a label's chain, from the last one at `at` on, to `target`.
void Masm::end_chain_elsewhere(uint32_t at, uint32_t target) {
  while (at != Label::kNone) {
    uint32_t next;
    std::memcpy(&next, bytes_at(at), 4);
    set_distance(at, target);
    at = next;
  }
}

void Masm::jump_back(uint32_t opcode, const Label& label) {
  DCHECK(opcode == 0xe9, "only jmp has this short form");
  int64_t distance = int64_t{label.offset()} - (int64_t{offset()} + 2);
  DCHECK(distance < 0 || is_full_, "from the body back into cold code");
  if (distance >= -128) return e_.put(0xebu | static_cast<uint64_t>(distance & 0xff) << 8, 2);
  e_.put(opcode, 1);
  put_distance(label.offset());
}

void Masm::jcc_backward(Cond cond, const Label& label) {
  uint32_t cc = static_cast<uint32_t>(cond);
  int64_t distance = int64_t{label.offset()} - (int64_t{offset()} + 2);
  if (distance >= -128) {
    return e_.put(0x70u | cc | static_cast<uint64_t>(distance & 0xff) << 8, 2);
  }
  e_.put(0x800fu | cc << 8, 2);
  put_distance(label.offset());
}

void Masm::jcc_slow(Cond cond, Label& label) {
  if (cond == Cond::FloatEqual) {
    uint32_t unordered = short_jcc(Cond::Parity);
    jcc(Cond::Equal, label);
    close_short(unordered);
  } else if (cond == Cond::FloatNotEqual) {
    jcc(Cond::Parity, label);
    jcc(Cond::NotEqual, label);
  } else {
    jcc_backward(cond, label);
  }
}

uint32_t Masm::short_jcc(Cond cond) {
  e_.put(0x70u | static_cast<uint32_t>(cond), 2);
  return offset();
}

void Masm::close_short(uint32_t at) {
  uint32_t distance = offset() - at;
  DCHECK(distance <= 127 || is_full_, "short jump");
  *bytes_at(at - 1) = static_cast<uint8_t>(distance);
}

void Masm::jump_table(Reg index) {
  // Entries are rel32 fields that count from their own end, as those of jumps do: so a label's
  // chain may mix both.
  e_.reg_rip({0, 0, 0x8d}, 1, num(kScratchGpr));
  uint32_t table = offset();
  e_.put(0, 4);
  e_.reg_mem({0, 0, 0x8d}, 1, num(kScratchGpr), {kScratchGpr, index, 2, 0});
  load(LoadKind::S32To64, index, mem_at(kScratchGpr));
  lea(W64, kScratchGpr, mem_at(kScratchGpr, index, 4));
  jmp_reg(kScratchGpr);
  patch32(table, offset() - (table + 4));
}

void Masm::call_func(FuncIdx func) { put_func_slot(0xe8, func); }
void Masm::jmp_func(FuncIdx func) { put_func_slot(0xe9, func); }

void Masm::put_func_slot(uint8_t opcode, FuncIdx func) {
  relocs_.push_back({offset() + 1, RelocKind::FuncSlot, raw(func)});
  e_.put(opcode, 5);
}

void Masm::call_builtin(Builtin builtin) {
  mov(W64, Reg::Rdi, kInstanceReg);
  mov_imm(W32, Reg::Rax, static_cast<uint32_t>(builtin));
  call_mem(instance_field(offsetof(InstanceData, builtin_trampoline)));
}

void Masm::ret(uint32_t arg_bytes) {
  if (arg_bytes == 0) return e_.put(0xc3, 1);
  DCHECK(arg_bytes <= 0xffff, "parameter area");
  e_.put(0xc2u | uint64_t{arg_bytes} << 8, 3);
}

/// The instructions that enter_frame copies.
void Masm::make_prologue() {
  begin();
  push(Reg::Rbp);
  prologue_.linked = offset();
  mov(W64, Reg::Rbp, Reg::Rsp);
  prologue_.framed = offset();
  load_word(kScratchGpr, instance_field(offsetof(InstanceData, context)));
  prologue_.check = offset();
  alu_load(Alu::Cmp, W64, Reg::Rsp, mem_at(kScratchGpr, offsetof(StoreContext, stack_limit)));
  queue_slow(Cond::Below, SlowKind::Trap);
  prologue_failure_ = slow_paths_.back().fixup;
  e_.reg_reg({0, 0, 0x81}, 1, 5, num(Reg::Rsp));  // sub rsp, imm32
  prologue_.frame_size = offset();
  e_.put(0, 4);
  bind(prologue_.after_check);
  store_word(frame_slot(-8), kInstanceReg);
  prologue_bytes_ = offset();
  CHECK(prologue_bytes_ <= sizeof prologue_code_, "room for a prologue");
  std::memcpy(prologue_code_, buffer_.data(), sizeof prologue_code_);
}

void Masm::enter_frame() {
  DCHECK(offset() == 0, "a function's start");
  std::memcpy(e_.cursor, prologue_code_, sizeof prologue_code_);
  queue(prologue_failure_, SlowKind::Trap).trap_byte =
      static_cast<uint8_t>(TrapCode::StackExhausted);
  e_.cursor += prologue_bytes_;
}

uint32_t Masm::sub_mem_patchable(const Mem& m) {
  e_.reg_mem({0, 0, 0x81}, 1, 5, m);
  e_.put(0, 4);
  return offset() - 4;
}

// --- Out of line ---

Masm::SlowPath& Masm::queue_slow(Cond cond, SlowKind kind) {
  DCHECK(is_native(cond), "plain conditions only");
  e_.put(0x800fu | static_cast<uint32_t>(cond) << 8, 2);
  SlowPath& path = queue(offset(), kind);
  e_.put(0, 4);
  return path;
}

void Masm::queue_trap(Cond cond, uint8_t trap_byte) {
  if (cond == Cond::FloatEqual) {
    uint32_t unordered = short_jcc(Cond::Parity);
    queue_trap(Cond::Equal, trap_byte);
    return close_short(unordered);
  }
  if (cond == Cond::FloatNotEqual) {
    queue_trap(Cond::Parity, trap_byte);
    cond = Cond::NotEqual;
  }
  queue_slow(cond, SlowKind::Trap).trap_byte = trap_byte;
}

void Masm::trap_if(Cond cond, TrapCode code) { queue_trap(cond, static_cast<uint8_t>(code)); }

void Masm::trap_if_builtin_failed() {
  test(W32, Reg::Rdx, Reg::Rdx);
  queue_trap(Cond::NotZero, kTrapCodeInRdx);
}

void Masm::trap(TrapCode code) {
  e_.put(0xe9, 1);
  queue(offset(), SlowKind::Trap).trap_byte = static_cast<uint8_t>(code);
  e_.put(0, 4);
}

void Masm::throw_site() {
  const auto reason = static_cast<uint64_t>(TrapCode::UncaughtException);
  e_.put(kTrapCall | reason << 32, kTrapCallBytes + 1);
}

void Masm::emit_trap_stub(uint8_t byte, uint32_t wasm_offset, Vector<SourceMark>* marks) {
  if (marks != nullptr) marks->push_back({offset(), wasm_offset});
  e_.put(kTrapCall | uint64_t{byte} << 32, kTrapCallBytes + 1);
}

void Masm::jmp_to(uint32_t target) {
  e_.put(0xe9, 1);
  put_distance(target);
}

void Masm::emit_slow_path(const SlowPath& path, Vector<SourceMark>* marks) {
  switch (path.kind) {
  case SlowKind::Trap: break;
  case SlowKind::Truncate: return emit_truncate(path, marks);
  case SlowKind::MinMax: return emit_minmax(path);
  case SlowKind::UnsignedToFloat: return emit_unsigned_to_float(path);
  }
}

Label& Masm::pooled(uint32_t size_bytes, uint64_t bits, uint64_t high_bits) {
  // Only the latest constants are looked through: a body may have a hundred thousand.
  constexpr size_t kSearch = 16;
  size_t first = pool_.size() > kSearch ? pool_.size() - kSearch : 0;
  for (size_t i = pool_.size(); i > first; --i) {
    PoolEntry& entry = pool_[i - 1];
    if (entry.bits == bits && entry.high_bits == high_bits && entry.size_bytes == size_bytes) {
      return entry.label;
    }
  }
  pool_.push_back({bits, high_bits, Label{}, size_bytes});
  return pool_.back().label;
}

Label& Masm::pooled(const uint8_t* bytes) {
  uint64_t halves[2];
  std::memcpy(halves, bytes, 16);
  return pooled(16, halves[0], halves[1]);
}

// Functions begin at multiples of 16, so the alignment here is the final one: without AVX, vector
// operands in memory must have it.
void Masm::emit_pool() {
  uint32_t alignment = 1;
  for (const PoolEntry& entry : pool_)
    alignment = std::max(alignment, entry.size_bytes < 16 ? 8u : 16u);
  while (offset() % alignment != 0) e_.put(0xcc, 1);
  for (uint32_t size_bytes : {16u, 8u, 4u}) {
    for (PoolEntry& entry : pool_) {
      if (entry.size_bytes != size_bytes) continue;
      ensure_room();
      bind(entry.label);
      e_.put(entry.bits, std::min(size_bytes, 8u));
      if (size_bytes == 16) e_.put(entry.high_bits, 8);
    }
  }
}

void Masm::place_loop() {
  const uint32_t pad = (kLoopPlace - offset()) % kCacheLine;
  if (in_cold_ || padding_ + pad > kCacheLine + offset() / 2) return;
  padding_ += pad;
  alignment_ = kCacheLine;
  ensure_room();
  for (uint32_t left = pad; left != 0;) {
    const uint32_t bytes = std::min<uint32_t>(left, 8);
    e_.put(kNops[bytes - 1], bytes);
    left -= bytes;
  }
}

void Masm::finish(FuncIdx func, CodeBatch& out, Vector<SourceMark>* marks) {
  for (size_t i = 0; i < slow_paths_.size(); ++i) {
    ensure_room();
    const SlowPath& path = slow_paths_[i];
    set_distance(path.fixup, offset());
    if (path.kind == SlowKind::Trap) [[likely]] {
      emit_trap_stub(path.trap_byte, path.wasm_offset, marks);
    } else {
      emit_slow_path(SlowPath(path), marks);  // which may queue more
    }
  }
  if (!pool_.empty()) emit_pool();
  if (is_full_) return;
  const size_t start = (out.bytes.size() + alignment_ - 1) & ~size_t{alignment_ - 1};
  size_t needed = start + offset();
  if (needed > out.bytes.capacity()) {
    grow_code_bytes(out.bytes, out.bytes.size(), std::max(needed + needed / 2, kFirstBatchBytes));
  }
  out.bytes.resize(start, 0xcc);
  out.bytes.resize(needed);
  std::memcpy(out.bytes.data() + start, buffer_.data(), offset());
  CodeEntry entry;
  entry.func = func;
  entry.code_offset = static_cast<uint32_t>(start);
  entry.code_size = offset();
  entry.first_reloc = static_cast<uint32_t>(out.relocs.size());
  entry.reloc_count = static_cast<uint32_t>(relocs_.size());
  for (const Relocation& reloc : relocs_) {
    out.relocs.push_back({reloc.offset + entry.code_offset, reloc.kind, reloc.target});
  }
  out.entries.push_back(entry);
}

}  // namespace sluice
