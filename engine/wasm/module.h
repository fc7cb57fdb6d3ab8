// A decoded module (spec 2.5) as plain data: what the sections said, validated, nothing compiled.
//
// Filled by engine/binary while bytes arrive and immutable afterwards; the sections before the code
// section are complete, and safe to read from other threads, before the first body is handed out.
// Index spaces list imports first. Byte ranges refer to WireBytes, which never move.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/base/arena.h"
#include "engine/base/heap.h"
#include "engine/base/ids.h"
#include "engine/wasm/features.h"
#include "engine/wasm/types.h"

namespace sluice {

class TypeRegistry;
class WireBytes;

enum class ExternKind : uint8_t { Func, Table, Memory, Global, Tag };

/// A range of the module's bytes.
struct ByteRange {
  uint32_t offset = 0;
  uint32_t size = 0;
};

/// One constant instruction, decoded: what remains of an initialiser after validation.
struct ConstInstr {
  uint32_t op = 0;     // an Op (opcodes.h), kept as a number so that this header needs no opcodes
  uint32_t index = 0;  // global.get, ref.func, struct.new …: the index space's number
  uint64_t bits[2] = {
      0, 0};  // *.const: the value's bits; ref.null: HeapType bits; array.new_fixed: count
};

/// A constant expression (spec 3.4.14): instructions in order, without the final end. Evaluated by
/// the runtime with a small stack.
struct ConstExpr {
  std::span<const ConstInstr> instrs;  // in the module's arena
};

struct Import {
  std::string_view module;  // views into WireBytes
  std::string_view name;
  ExternKind kind = ExternKind::Func;
  uint32_t index = 0;  // in the index space of `kind`
};

struct Export {
  std::string_view name;
  ExternKind kind = ExternKind::Func;
  uint32_t index = 0;
};

struct TableDecl {
  TableType type;
  bool has_init = false;
  ConstExpr init;
};

struct GlobalDecl {
  GlobalType type;
  ConstExpr init;  // empty for an import
};

enum class SegmentMode : uint8_t { Active, Passive, Declarative };

struct ElemSegment {
  SegmentMode mode = SegmentMode::Passive;
  ValType type = kFuncRef;
  TableIdx table{};
  ConstExpr offset;
  // Exactly one of the two is used: function indices (the common, compact form) or expressions.
  std::span<const FuncIdx> funcs;
  std::span<const ConstExpr> exprs;
  size_t size() const { return funcs.size() + exprs.size(); }
};

struct DataSegment {
  SegmentMode mode = SegmentMode::Passive;
  MemoryIdx memory{};
  ConstExpr offset;
  ByteRange bytes;
};

/// A custom section; its payload is only looked at when somebody asks.
struct CustomSection {
  std::string_view name;
  ByteRange payload;
};

/// Says of the `if` or `br_if` at an offset whether its condition is likely to hold.
struct BranchHint {
  uint32_t offset = 0;  // from the start of the body
  bool is_likely = false;
};

/// The branch hints of a module: code metadata (a document of the specification beside the core),
/// which never changes what code means.
class BranchHints {
 public:
  bool empty() const { return funcs_.empty(); }
  /// In order of offset.
  std::span<const BranchHint> of(FuncIdx func) const {
    const auto found = std::ranges::lower_bound(funcs_, func, {}, &Func::func);
    if (found == funcs_.end() || found->func != func) return {};
    return std::span(hints_).subspan(found->first, found->count);
  }
  /// Functions come in ascending order, and so do the hints of each. False: this one does not.
  bool add_func(FuncIdx func) {
    if (!funcs_.empty() && func <= funcs_.back().func) return false;
    funcs_.push_back({func, static_cast<uint32_t>(hints_.size()), 0});
    return true;
  }
  bool add_hint(BranchHint hint) {
    Func& func = funcs_.back();
    if (func.count != 0 && hint.offset <= hints_.back().offset) return false;
    ++func.count;
    hints_.push_back(hint);
    return true;
  }

 private:
  struct Func {
    FuncIdx func{};
    uint32_t first = 0;
    uint32_t count = 0;
  };
  Vector<Func> funcs_;
  Vector<BranchHint> hints_;
};

/// Function body: `range` covers locals and code, without the size prefix.
struct FuncBody {
  FuncIdx func{};
  ByteRange range;
};

struct Module {
  Features features = Features::standard();
  std::shared_ptr<WireBytes> wire;
  std::shared_ptr<TypeRegistry> registry;  // gave the canonical ids; keeps them alive
  Arena arena;                             // owns the arrays that spans below point to

  Vector<TypeDef> types;
  Vector<Import> imports;
  Vector<TypeIdx> funcs;  // representative type of each function, imports first
  Vector<TableDecl> tables;
  Vector<MemoryType> memories;
  Vector<GlobalDecl> globals;
  Vector<TagType> tags;
  Vector<Export> exports;
  Vector<ElemSegment> elems;
  Vector<DataSegment> datas;
  Vector<FuncBody> bodies;  // in order; grows while the code section arrives
  Vector<CustomSection> customs;
  Vector<uint64_t> declared_func_refs;  // bit set over functions: may be named by ref.func in code

  uint32_t imported_funcs = 0;
  uint32_t imported_tables = 0;
  uint32_t imported_memories = 0;
  uint32_t imported_globals = 0;
  uint32_t imported_tags = 0;
  bool has_start = false;
  FuncIdx start{};
  bool has_data_count = false;
  uint32_t data_count = 0;
  uint32_t code_section_offset = 0;  // of the payload; 0 if there is none
  uint32_t code_section_size = 0;
  ByteRange name_section;  // size 0 if there is none
  BranchHints branch_hints;

  const FuncType& func_type(FuncIdx func) const { return types[raw(funcs[raw(func)])].func; }
  bool is_imported(FuncIdx func) const { return raw(func) < imported_funcs; }
  bool is_declared_ref(FuncIdx func) const {
    uint32_t i = raw(func);
    return (i >> 6) < declared_func_refs.size() &&
           ((declared_func_refs[i >> 6] >> (i & 63)) & 1) != 0;
  }
  uint32_t defined_funcs() const { return static_cast<uint32_t>(funcs.size()) - imported_funcs; }
};

}  // namespace sluice
