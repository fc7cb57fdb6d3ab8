// Disassembles one function twice: once to find labels and data, once to write it down.
#include "tests/golden/listing.h"

#include "engine/base/check.h"

#ifdef SLUICE_WITH_ZYDIS

#include <Zydis/Zydis.h>
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "jit/abi/instance_layout.h"
#include "jit/abi/trap_codes.h"

namespace sluice::golden {

namespace {

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/// Name of what lies `offset` bytes into an instance's block.
std::string instance_field_name(const Module& module, uint64_t offset) {
  static const std::map<uint64_t, const char*> kFields = {
      {offsetof(InstanceData, memory0_base), "memory0_base"},
      {offsetof(InstanceData, memory0), "memory0"},
      {offsetof(InstanceData, memory64_bound), "memory64_bound"},
      {offsetof(InstanceData, context), "context"},
      {offsetof(InstanceData, builtin_trampoline), "builtin_trampoline"},
      {offsetof(InstanceData, builtins), "builtins"},
      {offsetof(InstanceData, code_base), "code_base"},
      {offsetof(InstanceData, func_records), "func_records"},
  };
  auto it = kFields.find(offset);
  if (it != kFields.end()) return it->second;
  InstanceLayout layout = InstanceLayout::of(module);
  struct Array {
    uint32_t start;
    size_t count;
    size_t element_bytes;
    const char* name;
  };
  const Array arrays[] = {
      {layout.globals, module.globals.size() - module.imported_globals, sizeof(GlobalCell),
       "globals"},
      {layout.tables, module.tables.size(), sizeof(void*), "tables"},
      {layout.memories, module.memories.size(), sizeof(void*), "memories"},
      {layout.global_imports, module.imported_globals, sizeof(void*), "global_imports"},
      {layout.func_imports, module.imported_funcs, sizeof(FuncImport), "func_imports"},
  };
  for (const Array& array : arrays) {
    uint64_t size = array.count * array.element_bytes;
    if (offset < array.start || offset >= array.start + size) continue;
    uint64_t inside = (offset - array.start) % array.element_bytes;
    std::string text = array.name;
    text += "[" + std::to_string((offset - array.start) / array.element_bytes) + "]";
    if (inside != 0) text += "+" + std::to_string(inside);
    return text;
  }
  return hex(offset);
}

std::string trap_name(uint8_t byte) {
  if (byte == kTrapCodeInRdx) return "reason in rdx";
  static const char* const kNames[] = {
#define TRAP(name, text) #name,
#include "jit/abi/trap_codes.def"
#undef TRAP
  };
  return byte < std::size(kNames) ? kNames[byte] : "?";
}

class Lister {
 public:
  Lister(const Module& module, const CodeBatch& batch, const CodeEntry& entry)
      : module_(module), code_(batch.bytes.data() + entry.code_offset), size_(entry.code_size) {
    for (uint32_t i = 0; i < entry.reloc_count; ++i) {
      const Relocation& r = batch.relocs[entry.first_reloc + i];
      relocs_[r.offset - entry.code_offset] = "func[" + std::to_string(r.target) + "]";
    }
    pool_ = size_;
    if (entry.handlers != CodeEntry::kNoHandlers) note_handlers(batch.handlers[entry.handlers]);
  }

  std::vector<std::string> run() {
    pass();
    uint32_t number = 0;
    for (uint32_t target : targets_) labels_[target] = "L" + std::to_string(++number);
    writing_ = true;
    pass();
    write_pool();
    return std::move(lines_);
  }

 private:
  // Only the handler table leads to landings; it also says where try blocks begin and end.
  void note_handlers(const HandlerTable& table) {
    for (const HandlerClause& clause : table.clauses) {
      targets_.insert(clause.landing);
      landings_[clause.landing] =
          clause.tag == kAnyTag ? " catches all" : " catches tag " + std::to_string(clause.tag);
    }
    for (const HandlerRange& range : table.ranges) {
      ranges_[range.begin] = range.region == kNoRegion
                                 ? "(no try block)"
                                 : "(try block " + std::to_string(range.region) + ")";
    }
  }

  // One walk over the code. The first finds labels, jump tables and the constants' start; they are
  // met before they matter, as both lie behind the instructions that name them.
  void pass() {
    table_ = 0;
    for (uint32_t at = 0; at < pool_;) {
      write_label(at);
      if (at == table_ && at != 0) {
        at = walk_table(at);
        continue;
      }
      at = walk_instruction(at);
      if (writing_ && ends_flow_) at = skip_unreachable(at);
    }
  }

  bool is_trap_site(uint32_t at) const {
    uint32_t bytes = 0;
    if (size_ - at < kTrapCallBytes) return false;
    std::memcpy(&bytes, code_ + at, kTrapCallBytes);
    return bytes == kTrapCall;
  }

  // Bytes that nothing leads to: what a patched prologue jumps over. Padding is not mentioned.
  uint32_t skip_unreachable(uint32_t at) {
    auto next = labels_.lower_bound(at);
    uint32_t end = next == labels_.end() ? pool_ : std::min(pool_, next->first);
    if (std::any_of(code_ + at, code_ + end, [](uint8_t byte) { return byte != 0xcc; })) {
      line("(" + std::to_string(end - at) + " bytes unreachable)");
    }
    return end;
  }

  uint32_t walk_instruction(uint32_t at) {
    ZydisDisassembledInstruction instr;
    if (!ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, at, code_ + at, size_ - at,
                                            &instr))) {
      line("?? " + hex(code_[at]));
      return at + 1;
    }
    uint32_t end = at + instr.info.length;
    std::string text = instr.text;
    ends_flow_ = instr.info.mnemonic == ZYDIS_MNEMONIC_UD2 ||
                 instr.info.mnemonic == ZYDIS_MNEMONIC_JMP ||
                 instr.info.mnemonic == ZYDIS_MNEMONIC_RET;
    if (end < size_ && is_trap_site(at)) {
      ends_flow_ = true;
      line("trap " + trap_name(code_[end]));
      return end + 1;
    }
    if (instr.info.mnemonic == ZYDIS_MNEMONIC_INT3) return end;  // padding
    if (instr.info.mnemonic == ZYDIS_MNEMONIC_NOP) {
      if (!after_padding_) line("(padding)");
      after_padding_ = true;
      return end;
    }
    after_padding_ = false;
    for (int i = 0; i < instr.info.operand_count_visible; ++i) {
      const ZydisDecodedOperand& operand = instr.operands[i];
      if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operand.imm.is_relative) {
        text = std::string(ZydisMnemonicGetString(instr.info.mnemonic)) + " " +
               jump_target(end, static_cast<int32_t>(operand.imm.value.s));
      } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
        text = name_address(text, end, instr.info.mnemonic, operand);
      }
    }
    line(text);
    return end;
  }

  std::string jump_target(uint32_t end, int32_t distance) {
    auto reloc = relocs_.find(end - 4);
    if (reloc != relocs_.end()) return reloc->second;
    return label(static_cast<uint32_t>(static_cast<int32_t>(end) + distance));
  }

  std::string label(uint32_t target) {
    if (!writing_) targets_.insert(target);
    return labels_[target];
  }

  std::string name_address(const std::string& text, uint32_t end, ZydisMnemonic mnemonic,
                           const ZydisDecodedOperand& operand) {
    std::string name;
    int64_t disp = operand.mem.disp.has_displacement ? operand.mem.disp.value : 0;
    if (operand.mem.base == ZYDIS_REGISTER_RIP) {
      uint32_t target = static_cast<uint32_t>(static_cast<int64_t>(end) + disp);
      if (mnemonic == ZYDIS_MNEMONIC_LEA) {
        table_ = target;
        name = "[" + label(target) + "]";
      } else {
        pool_ = std::min(pool_, target);
        name = "[" + constant(target, operand.size / 8) + "]";
      }
    } else if (operand.mem.base == ZYDIS_REGISTER_R14 && operand.mem.index == ZYDIS_REGISTER_NONE) {
      name = "[instance." + instance_field_name(module_, static_cast<uint64_t>(disp)) + "]";
    } else {
      return text;
    }
    size_t open = text.find('['), close = text.find(']');
    return text.substr(0, open) + name + text.substr(close + 1);
  }

  std::string constant(uint32_t at, size_t bytes) const {
    uint64_t bits = 0;
    std::memcpy(&bits, code_ + at, std::min<size_t>(bytes, 8));
    return hex(bits);
  }

  // Entries count from their own end. The table ends where the first target behind it begins.
  uint32_t walk_table(uint32_t at) {
    uint32_t end = pool_;
    while (at + 4 <= end) {
      int32_t distance;
      std::memcpy(&distance, code_ + at, 4);
      uint32_t target = static_cast<uint32_t>(static_cast<int32_t>(at) + 4 + distance);
      if (target > at) end = std::min(end, target);
      line(".entry " + label(target));
      at += 4;
    }
    return at;
  }

  // Eight-byte constants first, aligned; code does not say where the four-byte ones start.
  void write_pool() {
    for (uint32_t at = pool_; at < size_;) {
      uint32_t bytes = std::min(8u, size_ - at);
      line(".const " + constant(at, bytes));
      at += bytes;
    }
  }

  void write_label(uint32_t at) {
    auto it = labels_.find(at);
    if (writing_ && it != labels_.end()) lines_.push_back(it->second + ":" + landings_[at]);
    if (auto range = ranges_.find(at); range != ranges_.end()) line(range->second);
  }
  void line(const std::string& text) {
    if (writing_) lines_.push_back("  " + text);
  }

  const Module& module_;
  const uint8_t* code_;
  uint32_t size_;
  uint32_t pool_ = 0;   // where constants begin
  uint32_t table_ = 0;  // where a jump table begins; 0 if none is ahead
  bool writing_ = false;
  bool ends_flow_ = false;  // the last instruction does not go on to the next
  bool after_padding_ = false;
  std::map<uint32_t, std::string> relocs_;
  std::set<uint32_t> targets_;
  std::map<uint32_t, std::string> labels_;
  std::map<uint32_t, std::string> landings_;
  std::map<uint32_t, std::string> ranges_;
  std::vector<std::string> lines_;
};

}  // namespace

bool can_list() { return true; }

std::vector<std::string> list_function(const Module& module, const CodeBatch& batch,
                                       const CodeEntry& entry) {
  return Lister(module, batch, entry).run();
}

}  // namespace sluice::golden

#else

namespace sluice::golden {

bool can_list() { return false; }

std::vector<std::string> list_function(const Module&, const CodeBatch&, const CodeEntry&) {
  UNREACHABLE("no disassembler");
}

}  // namespace sluice::golden

#endif
