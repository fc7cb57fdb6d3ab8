// Calls of functions and of builtins (spec 4.4.8, jit/abi/call_conv.h).
//
// Every register is the caller's to save: before a call all that is in registers goes to homes and
// operand slots, after it all registers but the results' are free.
#include <algorithm>
#include <array>
#include <cstddef>

#include "engine/wasm/type_registry.h"
#include "jit/baseline/func_compiler.h"

namespace sluice {

namespace {

// Arguments beyond these go to registers with longer instructions.
constexpr uint32_t kMostPlainArgs = 5;
constexpr auto kArgBits = [] {
  std::array<uint32_t, kMostPlainArgs> bits{};
  for (uint32_t i = 0; i < kMostPlainArgs; ++i) bits[i] = RegSet::of(kValueGprs[i]).bits();
  return bits;
}();

/// What brings an argument to its register: mov reg, [rbp + n], mov reg, n or, from the n-th
/// register, mov reg, n; without `n`, and where that belongs.
struct ArgForm {
  uint32_t head = 0;
  uint8_t bit = 0;
  uint8_t size = 0;  // of all
  bool is_unusual = false;

  static constexpr ArgForm of(uint32_t kind, bool is_far, ValKind type, uint32_t reg) {
    const bool wide = type != ValKind::I32;
    ArgForm form;
    if (kind == static_cast<uint32_t>(WordKind::Reg)) {
      // The register's fourth bit, which is `is_far`, comes to lie on a bit that is set.
      const uint32_t rex = (wide ? 0x48u : 0u) | (is_far ? 0x44u : 0u);
      const uint8_t rex_bits = rex != 0 ? 8 : 0;
      form = {rex | (0xc089u | reg << 8) << rex_bits, static_cast<uint8_t>(11 + rex_bits),
              static_cast<uint8_t>(2 + rex_bits / 8)};
    } else if (kind == static_cast<uint32_t>(WordKind::Const)) {
      form = {0xb8 | reg, 8, 5};
      form.is_unusual = type == ValKind::I64;  // it may have more than 32 bits
    } else {
      const SlotForm slot = SlotForm::of(is_far, wide ? SlotCode::Int64 : SlotCode::Int32, reg);
      form = {slot.head, slot.disp_bit, slot.size};
    }
    form.is_unusual |= type != ValKind::I32 && type != ValKind::I64 && type != ValKind::Ref;
    return form;
  }
};

/// By the kind's last two bits, whether the number is far (a register's: high), type and argument.
/// All of that is hard to predict.
constexpr auto kArgForms = [] {
  std::array<std::array<std::array<std::array<ArgForm, 8>, 8>, 2>, 4> forms{};
  for (uint32_t kind = 0; kind < 3; ++kind) {
    for (uint32_t i = 0; i < 2 * 8 * kMostPlainArgs; ++i) {
      const uint32_t arg = i % kMostPlainArgs;
      const uint32_t type = i / kMostPlainArgs % 8;
      const bool is_far = i >= 8 * kMostPlainArgs;
      forms[kind][is_far][type][arg] =
          ArgForm::of(kind, is_far, static_cast<ValKind>(type), encoding(kValueGprs[arg]));
    }
  }
  return forms;
}();

}  // namespace

void FuncCompiler::write_dirty_homes() {
  for (RegSet rest = regs.dirty(); !rest.empty(); rest.remove_first()) write_home(rest.first());
  regs.set_clean();
}

/// All operands below `height` that are in registers go to the frame.
void FuncCompiler::spill_operands(uint32_t height) {
  if (settled() + kMaxWindow < height) settle(height - kMaxWindow / 2, height);
  uint32_t watermark = height;
  for (uint32_t at = height; at > settled(); --at) {
    masm.ensure_room();
    Slot& slot = state->base[at - 1];
    if (slot.word.kind == WordKind::Reg) spill_word(slot);
    // Calls do not change locals, so an alias may stay.
    if (slot.word.kind == WordKind::Local) watermark = at - 1;
  }
  if (settled() < watermark) set_settled(watermark);
}

/// A call site's frame map. All operands below `height` are in the frame, constants (no handle but
/// null is one) or aliases of locals, whose homes are listed anyway.
void FuncCompiler::note_references(uint32_t height) {
  FrameMaps& frames = maps_->frames;
  ReferenceSite& site = frames.sites.emplace_back();
  site.code_offset = masm.offset();
  site.number = static_cast<uint32_t>(frames.sites.size() - 1);
  site.first_slot = static_cast<uint32_t>(frames.slots.size());
  const uint64_t scans = uint64_t{height} + open_handlers_;
  if (scans > frames.scan_budget && site.number != frames.wanted_site) {
    site.slot_count = ReferenceSite::kNotScanned;
    return;
  }
  frames.scan_budget -= std::min(scans, frames.scan_budget);
  for (uint32_t at = 0; at < height; ++at) {
    const Slot& slot = state->base[at];
    if (slot.word.kind != WordKind::Stack || !is_handle(slot.type)) continue;
    frames.slots.push_back(operand_slot(slot).disp);
  }
  for (uint32_t i = 0; i < open_handlers_; ++i) {
    frames.slots.push_back(kLaterDisp - static_cast<int32_t>(i));
  }
  site.slot_count = static_cast<uint32_t>(frames.slots.size()) - site.first_slot;
}

/// They are in place.
inline void FuncCompiler::leave_arguments(const FuncType& type) {
  if (std::max(type.param_count, type.result_count) > kValueGprCount) [[unlikely]]
    note_outgoing(stack_area_bytes(type.params()) + stack_area_bytes(type.results()));
  forget_registers();
}

/// Moves the arguments to where the callee expects them. Afterwards no register is in use.
void FuncCompiler::pass_arguments(const FuncType& type, Slot* args) {
  if (keeps_locals_) find_aliases(std::span(args, type.param_count));
  if (!pass_plainly(type, args)) [[unlikely]]
    pass_any_arguments(type, args);
  leave_arguments(type);
}

/// Where registers keep locals: says of aliases that they are in a register, if they are by now.
void FuncCompiler::find_aliases(std::span<Slot> args) {
  for (Slot& arg : args) {
    const Reg reg = reg_of_operand(arg.word);
    if (reg != Reg::None) arg.word = Word::in_reg(reg);
  }
}

/// The usual case: a few integers, none of which is in the way of one before it, since results get
/// low registers first. Where they are is no branch: see kArgForms. False: nothing has happened.
inline bool FuncCompiler::pass_plainly(const FuncType& type, const Slot* args) {
  if (type.param_count > kMostPlainArgs) return false;
  Encoder code = masm.draft();
  uint32_t filled = 0;
  uint32_t unusual = 0;
  for (uint32_t i = type.param_count; i-- > 0;) {
    const Slot& arg = args[i];
    const auto kind = static_cast<uint32_t>(arg.word.kind);
    const auto from = static_cast<uint32_t>(arg.word.reg);
    const uint32_t if_reg = 0u - (kind & WordKind::Reg) / static_cast<uint32_t>(WordKind::Reg);
    const uint32_t n = arg.word.low ^ ((arg.word.low ^ from) & if_reg);
    const uint32_t is_far = uint32_t{n + 128 > 255} | ((n & if_reg) >> 3 & 1);
    const ArgForm& form = kArgForms[kind % 4][is_far][arg.type.bits() % 8][i];
    uint8_t* const before = code.cursor;
    code.put(form.head | uint64_t{n} << form.bit, form.size);
    // By a mask, as a compiler makes a branch of the choice.
    const uint32_t if_elsewhere = uint32_t{arg.word.reg == kValueGprs[i]} - 1;
    code.cursor = before + (form.size & if_elsewhere);
    // No register stands for one of the last, which carry no arguments.
    unusual |= form.is_unusual | (filled >> (from % 32) & 1);
    filled |= kArgBits[i];
  }
  if (unusual != 0) [[unlikely]]
    return false;
  masm.keep(code);
  return true;
}

/// The general case. What is in no register is brought to its own last, so that only registers
/// depend on one another.
void FuncCompiler::pass_any_arguments(const FuncType& type, const Slot* args) {
  LocationCursor cursor;
  for (uint32_t i = 0; i < type.param_count; ++i) {
    const MoveType move = move_type_of(type.types[i]);
    const ValueLocation at = cursor.next(type.types[i]);
    if (!at.in_reg()) {
      memory_.moves.add(move, MovePlace::in_stack(Reg::Rsp, static_cast<int32_t>(at.offset)),
                        place_of(args[i]));
    } else if (args[i].word.kind == WordKind::Reg) {
      memory_.moves.add(move, MovePlace::in_reg(at.reg), MovePlace::in_reg(args[i].word.reg));
    }
  }
  memory_.moves.emit(masm);
  cursor = LocationCursor();
  for (uint32_t i = 0; i < type.param_count; ++i) {
    masm.ensure_room();
    const ValueLocation at = cursor.next(type.types[i]);
    if (at.in_reg() && args[i].word.kind != WordKind::Reg) copy_to_reg(args[i], at.reg);
  }
}

/// Behind the call.
inline void FuncCompiler::take_results(const FuncType& type, Slot* args) {
  if (type.param_count > kValueGprCount || type.result_count > 1) [[unlikely]]
    return take_many_results(type, args);
  if (type.result_count == 0) return;
  push_taken(args[0], LocationCursor().next(type.types[type.param_count]).reg);
}

/// The same where some may be on the stack: rsp points at the result slots, because the callee
/// popped the parameters'.
void FuncCompiler::take_many_results(const FuncType& type, Slot* args) {
  auto slots = static_cast<int32_t>(stack_area_bytes(type.params()));
  if (slots != 0) masm.alu_imm(Alu::Sub, W64, Reg::Rsp, slots);
  LocationCursor cursor;
  for (uint32_t i = 0; i < type.result_count; ++i) {
    ValueLocation at = cursor.next(type.results()[i]);
    if (at.in_reg()) {
      push_taken(args[i], at.reg);
      continue;
    }
    masm.ensure_room();
    MoveType move = move_type_of(type.results()[i]);
    Mem from = mem_at(Reg::Rsp, slots + static_cast<int32_t>(at.offset));
    Mem to = operand_slot(position(args[i]), move);
    if (move == MoveType::V128) {
      masm.load(LoadKind::V128, kScratchXmm, from);
      masm.store(StoreKind::V128, to, kScratchXmm);
    } else {
      masm.load(LoadKind::I64, kScratchGpr, from);
      masm.store(StoreKind::I64, to, kScratchGpr);
    }
    args[i].word = Word::stack(to);
  }
}

/// Memory 0's base for the instance in its register.
void FuncCompiler::load_memory_base() {
  if (is_explicit()) {
    masm.load(LoadKind::I64, kMemoryReg, instance_field(offsetof(InstanceData, memory0)));
    masm.load(LoadKind::I64, kMemoryReg, mem_at(kMemoryReg, offsetof(MemoryData, base)));
  } else {
    masm.load(LoadKind::I64, kMemoryReg, instance_field(offsetof(InstanceData, memory0_base)));
  }
}

/// After a call that may have run in another instance. Tail calls ask whether their caller does
/// this by looking for the first instruction (kRestoresInstance).
void FuncCompiler::restore_pinned() {
  masm.load(LoadKind::I64, kInstanceReg, frame_slot(-8));
  if (!module.memories.empty()) load_memory_base();
}

void FuncCompiler::call(uint32_t func, const FuncType& type, Slot* args) {
  prepare();
  spill_for_call(args);
  pass_arguments(type, args);
  if (module.is_imported(FuncIdx{func})) {
    uint64_t import = layout.func_imports + sizeof(FuncImport) * uint64_t{func};
    masm.load(LoadKind::I64, kScratchGpr, instance_field(import + offsetof(FuncImport, code)));
    masm.load(LoadKind::I64, kInstanceReg, instance_field(import + offsetof(FuncImport, instance)));
    load_memory_base();
    masm.call_reg(kScratchGpr);
    restore_pinned();
  } else {
    masm.call_func(FuncIdx{func});
  }
  take_results(type, args);
}

/// Moves the arguments into place, and behind them the operand that says whom to call into
/// kCalleeReg, which carries no argument.
void FuncCompiler::pass_arguments_and_callee(const FuncType& type, Slot* args) {
  const Slot& callee = args[type.param_count];
  if (keeps_locals_) find_aliases(std::span(args, type.param_count + size_t{1}));
  const bool in_reg = callee.word.kind == WordKind::Reg;
  if (in_reg && !regs.free().has(kCalleeReg)) [[unlikely]] {
    memory_.moves.add(move_type_of(callee.type), MovePlace::in_reg(kCalleeReg), place_of(callee));
    pass_any_arguments(type, args);
    return leave_arguments(type);
  }
  if (in_reg) move_value(move_type_of(callee.type), kCalleeReg, callee.word.reg);
  pass_arguments(type, args);
  if (!in_reg) copy_to_reg(callee, kCalleeReg);
}

/// kCalleeReg: from an index to the address of the table's FuncRecord there, which has the type.
void FuncCompiler::find_table_callee(TypeIdx type_index, uint32_t table) {
  const TypeDef& def = module.types[raw(type_index)];
  masm.load(LoadKind::I64, kScratchGpr,
            instance_field(layout.tables + sizeof(void*) * uint64_t{table}));
  masm.alu_load(Alu::Cmp, W64, kCalleeReg, mem_at(kScratchGpr, offsetof(TableData, size)));
  masm.trap_if(Cond::AboveEqual, TrapCode::UndefinedElement);
  masm.shift_imm(Shift::Shl, W64, kCalleeReg, 4);
  static_assert(sizeof(FuncRecord) == 16);
  masm.alu_load(Alu::Add, W64, kCalleeReg, mem_at(kScratchGpr, offsetof(TableData, elements)));
  masm.load(LoadKind::I32, kScratchGpr, mem_at(kCalleeReg, offsetof(FuncRecord, signature)));
  masm.alu_imm(Alu::Cmp, W32, kScratchGpr, static_cast<int32_t>(raw(def.canonical)));
  SignatureFailure& failure = memory_.signature_failures.push();
  failure.wasm_offset = static_cast<uint32_t>(state->instr_offset());
  failure.type = &def;
  masm.jcc(Cond::NotEqual, failure.label);
  failure.resume = masm.offset();
}

/// kCalleeReg is a function reference: validation knows its type, but it may be null.
void FuncCompiler::check_callee_ref(const Slot& callee) {
  if (!callee.type.is_nullable()) return;
  masm.test(W64, kCalleeReg, kCalleeReg);
  masm.trap_if(Cond::Zero, TrapCode::NullFunctionReference);
}

/// Most callees are of our instance: then r14 and rbx stay as they are, and nobody waits for them.
void FuncCompiler::call_found_callee(const FuncType& type, Slot* args) {
  InstanceSwitch& at = memory_.instance_switches.push();
  at.wasm_offset = static_cast<uint32_t>(state->instr_offset());
  masm.load(LoadKind::I64, kScratchGpr, mem_at(kCalleeReg, offsetof(FuncRecord, instance)));
  masm.load(LoadKind::I32, kCalleeReg, mem_at(kCalleeReg, offsetof(FuncRecord, code_offset)));
  masm.alu(Alu::Cmp, W64, kScratchGpr, kInstanceReg);
  masm.jcc(Cond::NotEqual, at.enter);
  at.entered = masm.offset();
  masm.alu_load(Alu::Add, W64, kCalleeReg, instance_field(offsetof(InstanceData, code_base)));
  masm.call_reg(kCalleeReg);
  masm.alu_load(Alu::Cmp, W64, kInstanceReg, frame_slot(-8));
  masm.jcc(Cond::NotEqual, at.leave);
  at.left = masm.offset();
  take_results(type, args);
}

/// Behind the body: to the callee's instance, which is in the scratch register, and back to ours.
void FuncCompiler::emit_instance_switches() {
  for (InstanceSwitch& at : memory_.instance_switches) {
    masm.ensure_room();
    mark_at(at.wasm_offset);
    masm.bind(at.enter);
    masm.mov(W64, kInstanceReg, kScratchGpr);
    load_memory_base();
    masm.jmp_to(at.entered);
    masm.bind(at.leave);
    restore_pinned();
    masm.jmp_to(at.left);
  }
}

void FuncCompiler::call_indirect(TypeIdx type_index, uint32_t table, const FuncType& type,
                                 Slot* args) {
  prepare();
  spill_for_call(args);
  pass_arguments_and_callee(type, args);
  find_table_callee(type_index, table);
  call_found_callee(type, args);
}

void FuncCompiler::call_ref(TypeIdx, const FuncType& type, Slot* args) {
  prepare();
  spill_for_call(args);
  pass_arguments_and_callee(type, args);
  check_callee_ref(args[type.param_count]);
  call_found_callee(type, args);
}

/// Behind the body: the signature in the scratch register is not the expected one. It is null, or
/// a subtype of an open type, or wrong.
void FuncCompiler::emit_signature_failures() {
  for (SignatureFailure& failure : memory_.signature_failures) {
    masm.ensure_room();
    masm.bind(failure.label);
    mark_at(failure.wasm_offset);
    masm.test(W32, kScratchGpr, kScratchGpr);
    masm.trap_if(Cond::Zero, TrapCode::UninitializedElement);
    if (failure.type->is_final) {
      masm.trap(TrapCode::IndirectCallType);
    } else {
      emit_subtype_check(*failure.type);
      masm.trap_if(Cond::NotEqual, TrapCode::IndirectCallType);
      masm.jmp_to(failure.resume);
    }
  }
}

/// Compares for equality: is the type whose id is in the scratch register a subtype of `super`?
/// (CanonicalType::display.) Registers that carry no arguments are lost; so is the id.
void FuncCompiler::emit_subtype_check(const TypeDef& super) {
  constexpr Reg kEntry = Reg::R12;
  sluice::Label differ;
  masm.mov(W32, kEntry, kScratchGpr);
  masm.shift_imm(Shift::Shr, W32, kEntry, TypeRegistry::kChunkLog2);
  masm.load(LoadKind::I64, Reg::R13, instance_field(offsetof(InstanceData, type_chunks)));
  masm.load(LoadKind::I64, kEntry, {Reg::R13, kEntry, 3, 0});
  masm.alu_imm(Alu::And, W32, kScratchGpr, (1 << TypeRegistry::kChunkLog2) - 1);
  masm.imul_imm(W64, kScratchGpr, kScratchGpr, sizeof(CanonicalType));
  masm.alu(Alu::Add, W64, kEntry, kScratchGpr);
  masm.load(LoadKind::U8, kScratchGpr, mem_at(kEntry, offsetof(CanonicalType, depth)));
  masm.alu_imm(Alu::Cmp, W32, kScratchGpr, super.depth);
  masm.jcc(Cond::Below, differ);  // and not equal
  masm.load(LoadKind::I64, kEntry, mem_at(kEntry, offsetof(CanonicalType, display)));
  masm.load(LoadKind::I32, kEntry, mem_at(kEntry, 4 * super.depth));
  masm.alu_imm(Alu::Cmp, W32, kEntry, static_cast<int32_t>(raw(super.canonical)));
  masm.bind(differ);
}

void FuncCompiler::call_builtin(Builtin builtin, std::initializer_list<BuiltinArg> args,
                                Slot* operands) {
  constexpr Reg kArgs[] = {Reg::Rsi, Reg::Rdx, Reg::Rcx, Reg::R8, Reg::R9};
  DCHECK(args.size() <= std::size(kArgs), "too many parameters for a builtin");
  spill_for_call(operands);
  size_t i = 0;
  for (const BuiltinArg& arg : args) {
    MovePlace to = MovePlace::in_reg(kArgs[i++]);
    if (arg.slot != nullptr) {
      memory_.moves.add(move_type_of(arg.slot->type), to, place_of(*arg.slot));
    } else {
      memory_.moves.add(MoveType::I64, to, MovePlace::constant(arg.bits));
    }
  }
  memory_.moves.emit(masm);
  masm.ensure_room();
  forget_registers();
  for (const BuiltinArg& arg : args) {
    if (arg.slot != nullptr) arg.slot->word = Word::none();
  }
  masm.call_builtin(builtin);
  masm.trap_if_builtin_failed();
  if (is_explicit() && !module.memories.empty()) load_memory_base();
}

void FuncCompiler::push_builtin_result(Slot& slot, MoveType type) {
  if (type == MoveType::I32) masm.mov(W32, Reg::Rax, Reg::Rax);
  push_reg(slot, PinnedReg(regs, Reg::Rax));
}

}  // namespace sluice
