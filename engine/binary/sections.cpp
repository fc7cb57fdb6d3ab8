// The sections, in the order of their ids; each entry is read, checked and appended.
#include "engine/binary/sections.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <span>
#include <string_view>

#include "engine/base/check.h"
#include "engine/binary/branch_hints.h"
#include "engine/binary/type_reader.h"
#include "engine/binary/type_section.h"
#include "engine/binary/wire_bytes.h"
#include "engine/wasm/limits.h"

namespace sluice {

namespace {

constexpr uint8_t kLimitsMax = 1;
constexpr uint8_t kLimitsShared = 2;
constexpr uint8_t kLimits64 = 4;
constexpr uint8_t kLimitsPageSize = 8;

template <class Items>
void reserve_for(Items& items, uint32_t count, const ByteReader& r) {
  items.reserve(items.size() + std::min<size_t>(count, r.remaining()));
}

template <class Items>
uint32_t size_of(const Items& items) {
  return static_cast<uint32_t>(items.size());
}

}  // namespace

void SectionParser::parse(SectionId id, ByteReader& r) {
  switch (id) {
  case SectionId::Custom: return parse_custom(r);
  case SectionId::Type: return parse_types(r);
  case SectionId::Import: return parse_imports(r);
  case SectionId::Function: return parse_functions(r);
  case SectionId::Table: return parse_tables(r);
  case SectionId::Memory: return parse_memories(r);
  case SectionId::Global: return parse_globals(r);
  case SectionId::Export: return parse_exports(r);
  case SectionId::Start: return parse_start(r);
  case SectionId::Element: return parse_elements(r);
  case SectionId::DataCount: return parse_data_count(r);
  case SectionId::Tag: return parse_tags(r);
  case SectionId::Code:
  case SectionId::Data: break;
  }
  UNREACHABLE("the decoder splits the code section itself");
}

uint32_t SectionParser::read_count(ByteReader& r, uint32_t limit, const char* what) {
  const uint64_t offset = r.offset();
  const uint32_t count = r.read_u32();
  if (count > limit) r.fail(ErrorKind::CountTooLarge, offset, what);
  return r.failed() ? 0 : count;
}

bool SectionParser::require(ByteReader& r, Feature feature, uint64_t offset) {
  if (!module_.features.has(feature)) r.fail(ErrorKind::FeatureDisabled, offset);
  return !r.failed();
}

void SectionParser::parse_custom(ByteReader& r) {
  CustomSection section;
  section.name = r.read_name();
  if (r.failed()) return;
  section.payload = {static_cast<uint32_t>(r.offset()), static_cast<uint32_t>(r.remaining())};
  r.skip(r.remaining());
  if (section.name == "name" && module_.name_section.size == 0) {
    module_.name_section = section.payload;
  }
  // Behind the code they come too late, and compilers read what is here.
  const bool may_have_hints = module_.code_section_offset == 0 && module_.branch_hints.empty();
  if (section.name == kBranchHintSection && may_have_hints) {
    ByteReader payload(module_.wire->view(section.payload), section.payload.offset);
    if (auto hints = read_branch_hints(payload)) module_.branch_hints = *std::move(hints);
  }
  module_.customs.push_back(section);
}

void SectionParser::parse_types(ByteReader& r) { TypeSectionReader(module_).read(r); }

// Imports

void SectionParser::parse_imports(ByteReader& r) {
  const uint32_t count = read_count(r, kMaxImports, "imports");
  reserve_for(module_.imports, count, r);
  for (uint32_t i = 0; i < count && !r.failed(); ++i) read_import(r);
  module_.imported_funcs = size_of(module_.funcs);
  module_.imported_tables = size_of(module_.tables);
  module_.imported_memories = size_of(module_.memories);
  module_.imported_globals = size_of(module_.globals);
  module_.imported_tags = size_of(module_.tags);
}

void SectionParser::read_import(ByteReader& r) {
  Import import;
  import.module = r.read_name();
  import.name = r.read_name();
  const uint64_t kind_offset = r.offset();
  const uint8_t kind = r.read_u8();
  if (r.failed()) return;
  switch (kind) {
  case 0:
    import.kind = ExternKind::Func;
    import.index = size_of(module_.funcs);
    module_.funcs.push_back(read_func_type_index(r));
    break;
  case 1: {
    import.kind = ExternKind::Table;
    import.index = size_of(module_.tables);
    TableDecl table;
    table.type = read_table_type(r);
    module_.tables.push_back(table);
    if (module_.tables.size() > kMaxTables) r.fail(ErrorKind::CountTooLarge, kind_offset, "tables");
    break;
  }
  case 2:
    import.kind = ExternKind::Memory;
    import.index = size_of(module_.memories);
    module_.memories.push_back(read_memory_type(r));
    break;
  case 3: {
    import.kind = ExternKind::Global;
    import.index = size_of(module_.globals);
    GlobalDecl global;
    global.type = read_global_type(r);
    module_.globals.push_back(global);
    break;
  }
  case 4:
    import.kind = ExternKind::Tag;
    import.index = size_of(module_.tags);
    module_.tags.push_back(read_tag_type(r));
    break;
  default: r.fail(ErrorKind::BadImportKind, kind_offset); return;
  }
  if (!r.failed()) module_.imports.push_back(import);
}

// Types of externals

TypeIdx SectionParser::read_func_type_index(ByteReader& r) {
  const uint64_t offset = r.offset();
  const TypeIdx index = read_type_index(r, TypeScope(module_.types, module_.features));
  if (r.failed()) return TypeIdx{0};
  const TypeDef& def = module_.types[raw(index)];
  if (def.kind != CompositeKind::Func) r.fail(ErrorKind::NotFuncType, offset);
  return def.representative;
}

Limits SectionParser::read_limits(ByteReader& r, uint8_t flags) {
  Limits limits;
  limits.has_max = (flags & kLimitsMax) != 0;
  limits.is_shared = (flags & kLimitsShared) != 0;
  limits.is_64 = (flags & kLimits64) != 0;
  limits.min = r.read_u64();
  if (limits.has_max) limits.max = r.read_u64();
  return limits;
}

TableType SectionParser::read_table_type(ByteReader& r) {
  TableType table;
  table.element = read_ref_type(r, TypeScope(module_.types, module_.features));
  const uint64_t offset = r.offset();
  const uint8_t flags = r.read_u8();
  if ((flags & ~(kLimitsMax | kLimits64)) != 0) r.fail(ErrorKind::BadLimitsFlags, offset);
  if ((flags & kLimits64) != 0) require(r, Feature::Memory64, offset);
  table.limits = read_limits(r, flags);
  const uint64_t bound = table.limits.is_64 ? ~uint64_t{0} : 0xffff'ffff;
  if (table.limits.min > bound || (table.limits.has_max && table.limits.max > bound)) {
    r.fail(ErrorKind::TableSize, offset);
  }
  if (table.limits.min > table.limits.max) r.fail(ErrorKind::SizeMinGreaterMax, offset);
  return table;
}

MemoryType SectionParser::read_memory_type(ByteReader& r) {
  MemoryType memory;
  const uint64_t offset = r.offset();
  const uint8_t flags = r.read_u8();
  uint8_t known = kLimitsMax | kLimits64 | kLimitsShared;
  if (module_.features.has(Feature::CustomPageSizes)) known |= kLimitsPageSize;
  if ((flags & ~known) != 0) r.fail(ErrorKind::BadLimitsFlags, offset);
  if ((flags & kLimitsShared) != 0) require(r, Feature::Threads, offset);
  if ((flags & kLimits64) != 0) require(r, Feature::Memory64, offset);
  memory.limits = read_limits(r, flags);
  if ((flags & kLimitsPageSize) != 0) {
    const uint64_t log2_offset = r.offset();
    const uint32_t log2 = r.read_u32();
    if (log2 != 0 && log2 != kDefaultPageSizeLog2) {
      r.fail(log2 >= 64 ? ErrorKind::BadPageSize : ErrorKind::InvalidPageSize, log2_offset);
    }
    memory.page_size_log2 = log2;
  }
  if (r.failed()) return {};
  // All addresses, in pages; for single bytes one less, as their number would not fit itself.
  const unsigned address_bits = memory.limits.is_64 ? 64 : 32;
  const uint64_t bound = memory.page_size_log2 == 0
                             ? ~uint64_t{0} >> (64 - address_bits)
                             : uint64_t{1} << (address_bits - memory.page_size_log2);
  if (memory.limits.min > bound || (memory.limits.has_max && memory.limits.max > bound)) {
    r.fail(ErrorKind::MemorySize, offset);
  }
  if (memory.limits.min > memory.limits.max) r.fail(ErrorKind::SizeMinGreaterMax, offset);
  if (memory.limits.is_shared && !memory.limits.has_max) {
    r.fail(ErrorKind::SharedMemoryNoMax, offset);
  }
  if (!module_.memories.empty() && !module_.features.has(Feature::MultiMemory)) {
    r.fail(ErrorKind::MultipleMemories, offset);
  }
  if (module_.memories.size() >= kMaxMemories) {
    r.fail(ErrorKind::CountTooLarge, offset, "memories");
  }
  return memory;
}

GlobalType SectionParser::read_global_type(ByteReader& r) {
  GlobalType global;
  global.type = read_val_type(r, TypeScope(module_.types, module_.features));
  const uint64_t offset = r.offset();
  const uint8_t mutability = r.read_u8();
  if (mutability > 1) r.fail(ErrorKind::BadMutability, offset);
  global.is_mutable = mutability == 1;
  return global;
}

TagType SectionParser::read_tag_type(ByteReader& r) {
  const uint64_t offset = r.offset();
  const uint8_t attribute = r.read_u8();
  if (r.failed() || !require(r, Feature::Exceptions, offset)) return {};
  if (attribute != 0) r.fail(ErrorKind::BadTagAttribute, offset);
  const uint64_t index_offset = r.offset();
  const TypeIdx type = read_func_type_index(r);
  if (r.failed()) return {};
  if (module_.types[raw(type)].func.result_count != 0) r.fail(ErrorKind::TagResult, index_offset);
  return {type};
}

// Functions, tables, memories, globals, tags

void SectionParser::parse_functions(ByteReader& r) {
  const uint32_t count = read_count(r, kMaxFuncs, "functions");
  reserve_for(module_.funcs, count, r);
  for (uint32_t i = 0; i < count && !r.failed(); ++i) {
    module_.funcs.push_back(read_func_type_index(r));
  }
}

void SectionParser::parse_tables(ByteReader& r) {
  const uint32_t count = read_count(r, kMaxTables - module_.imported_tables, "tables");
  reserve_for(module_.tables, count, r);
  for (uint32_t i = 0; i < count && !r.failed(); ++i) read_table(r);
}

void SectionParser::read_table(ByteReader& r) {
  constexpr uint8_t kWithInit = 0x40;
  const uint64_t offset = r.offset();
  TableDecl table;
  table.has_init = r.peek_u8() == kWithInit;
  if (table.has_init) {
    r.read_u8();
    require(r, Feature::TypedFuncRefs, offset);
    const uint64_t reserved_offset = r.offset();
    if (r.read_u8() != 0) r.fail(ErrorKind::BadTableForm, reserved_offset);
  }
  table.type = read_table_type(r);
  if (r.failed()) return;
  if (!module_.tables.empty()) require(r, Feature::ReferenceTypes, offset);
  if (table.has_init) {
    table.init = const_exprs_.read(r, table.type.element);
  } else if (!table.type.element.is_nullable()) {
    r.fail(ErrorKind::TypeMismatch, offset, "a table of non-null references needs an initializer");
  }
  module_.tables.push_back(table);
}

void SectionParser::parse_memories(ByteReader& r) {
  // Unlike other limits this one is tested per memory, since "multiple memories" comes first.
  const uint32_t count = r.read_u32();
  for (uint32_t i = 0; i < count && !r.failed(); ++i) {
    const MemoryType memory = read_memory_type(r);
    if (!r.failed()) module_.memories.push_back(memory);
  }
}

void SectionParser::parse_globals(ByteReader& r) {
  const uint32_t count = read_count(r, kMaxGlobals, "globals");
  reserve_for(module_.globals, count, r);
  for (uint32_t i = 0; i < count && !r.failed(); ++i) {
    GlobalDecl global;
    global.type = read_global_type(r);
    if (r.failed()) return;
    global.init = const_exprs_.read(r, global.type.type);
    module_.globals.push_back(global);
  }
}

void SectionParser::parse_tags(ByteReader& r) {
  const uint32_t count = read_count(r, kMaxTags, "tags");
  reserve_for(module_.tags, count, r);
  for (uint32_t i = 0; i < count && !r.failed(); ++i) module_.tags.push_back(read_tag_type(r));
}

// Exports and start

void SectionParser::parse_exports(ByteReader& r) {
  const uint32_t count = read_count(r, kMaxExports, "exports");
  reserve_for(module_.exports, count, r);
  export_offsets_.clear();
  for (uint32_t i = 0; i < count && !r.failed(); ++i) read_export(r);
  if (!r.failed()) check_duplicate_exports(r);
}

void SectionParser::read_export(ByteReader& r) {
  struct Space {
    ExternKind kind;
    size_t size;
    ErrorKind unknown;
  };
  const Space spaces[] = {
      {ExternKind::Func, module_.funcs.size(), ErrorKind::UnknownFunc},
      {ExternKind::Table, module_.tables.size(), ErrorKind::UnknownTable},
      {ExternKind::Memory, module_.memories.size(), ErrorKind::UnknownMemory},
      {ExternKind::Global, module_.globals.size(), ErrorKind::UnknownGlobal},
      {ExternKind::Tag, module_.tags.size(), ErrorKind::UnknownTag},
  };
  const uint64_t offset = r.offset();
  Export entry;
  entry.name = r.read_name();
  const uint64_t kind_offset = r.offset();
  const uint8_t kind = r.read_u8();
  if (r.failed()) return;
  if (kind >= std::size(spaces)) {
    r.fail(ErrorKind::BadExportKind, kind_offset);
    return;
  }
  const uint64_t index_offset = r.offset();
  entry.kind = spaces[kind].kind;
  entry.index = r.read_u32();
  if (r.failed()) return;
  if (entry.index >= spaces[kind].size) {
    r.fail(spaces[kind].unknown, index_offset, decimal(entry.index));
    return;
  }
  if (entry.kind == ExternKind::Func) declare_func_ref(module_, FuncIdx{entry.index});
  module_.exports.push_back(entry);
  export_offsets_.push_back(offset);
}

// Equal names have equal hashes, so they lie in the same bucket. Names are the guest's choice: a
// bucket is sorted, and no choice makes it slow.
void SectionParser::check_duplicate_exports(ByteReader& r) {
  struct Entry {
    uint64_t hash;
    uint32_t index;
  };
  const Vector<Export>& exports = module_.exports;
  const uint64_t mask = std::bit_ceil(exports.size()) - 1;
  Vector<Entry> entries(exports.size());
  Vector<uint32_t> ends(mask + 2);  // of the buckets' entries; first their sizes, one further
  for (uint32_t i = 0; i < exports.size(); ++i) {
    entries[i] = {std::hash<std::string_view>{}(exports[i].name), i};
    ++ends[(entries[i].hash & mask) + 1];
  }
  for (size_t bucket = 1; bucket < ends.size(); ++bucket) ends[bucket] += ends[bucket - 1];
  Vector<Entry> grouped(entries.size());
  for (const Entry& entry : entries) grouped[ends[entry.hash & mask]++] = entry;
  uint32_t first = ~0u;
  size_t begin = 0;
  for (size_t bucket = 0; bucket <= mask; ++bucket) {
    const std::span<Entry> group(grouped.begin() + begin, grouped.begin() + ends[bucket]);
    begin = ends[bucket];
    if (group.size() < 2) continue;
    std::ranges::sort(group, [&](const Entry& a, const Entry& b) {
      if (a.hash != b.hash) return a.hash < b.hash;
      const int by_name = exports[a.index].name.compare(exports[b.index].name);
      return by_name != 0 ? by_name < 0 : a.index < b.index;
    });
    for (size_t i = 1; i < group.size(); ++i) {
      const bool equal = group[i].hash == group[i - 1].hash &&
                         exports[group[i].index].name == exports[group[i - 1].index].name;
      if (equal) first = std::min(first, group[i].index);
    }
  }
  if (first == ~0u) return;
  r.fail(ErrorKind::DuplicateExport, export_offsets_[first], String(module_.exports[first].name));
}

void SectionParser::parse_start(ByteReader& r) {
  const uint64_t offset = r.offset();
  const uint32_t index = r.read_u32();
  if (r.failed()) return;
  if (index >= module_.funcs.size()) {
    r.fail(ErrorKind::UnknownFunc, offset, decimal(index));
    return;
  }
  const FuncType& type = module_.func_type(FuncIdx{index});
  if (type.param_count != 0 || type.result_count != 0) {
    r.fail(ErrorKind::StartFunction, offset, "its type is " + to_string(type));
  }
  module_.has_start = true;
  module_.start = FuncIdx{index};
}

// Segments

ConstExpr SectionParser::read_offset(ByteReader& r, bool is_64) {
  return const_exprs_.read(r, is_64 ? kI64 : kI32);
}

void SectionParser::parse_elements(ByteReader& r) {
  const uint32_t count = read_count(r, kMaxElemSegments, "element segments");
  reserve_for(module_.elems, std::min(count, kMaxTypes), r);
  for (uint32_t i = 0; i < count && !r.failed(); ++i) read_element(r);
}

// The flags are three bits (spec 5.5.12): passive or declarative; explicit table or, if not active,
// declarative; expressions instead of function indices.
void SectionParser::read_element(ByteReader& r) {
  const uint64_t offset = r.offset();
  const uint32_t flags = r.read_u32();
  if (flags > 7) r.fail(ErrorKind::BadElemFlags, offset);
  if (flags != 0) require(r, Feature::BulkMemory, offset);
  if (r.failed()) return;
  const bool has_exprs = (flags & 4) != 0;
  ElemSegment segment;
  if ((flags & 1) != 0) {
    segment.mode = (flags & 2) != 0 ? SegmentMode::Declarative : SegmentMode::Passive;
  } else {
    segment.mode = SegmentMode::Active;
    const uint64_t table_offset = (flags & 2) != 0 ? r.offset() : offset;
    const uint32_t table = (flags & 2) != 0 ? r.read_u32() : 0;
    if (r.failed()) return;
    if (table >= module_.tables.size()) {
      r.fail(ErrorKind::UnknownTable, table_offset, decimal(table));
      return;
    }
    segment.table = TableIdx{table};
    segment.offset = read_offset(r, module_.tables[table].type.limits.is_64);
  }
  const uint64_t type_offset = r.offset();
  if ((flags & 3) == 0) {
    segment.type = has_exprs ? kFuncRef : kFuncRef.with_nullable(false);
  } else if (has_exprs) {
    segment.type = read_ref_type(r, TypeScope(module_.types, module_.features));
  } else {
    if (r.read_u8() != 0) r.fail(ErrorKind::BadElemKind, type_offset);
    segment.type = kFuncRef.with_nullable(false);
  }
  if (r.failed()) return;
  if (segment.mode == SegmentMode::Active) {
    const ValType wanted = module_.tables[raw(segment.table)].type.element;
    if (!is_subtype(module_.types, segment.type, wanted)) {
      r.fail(ErrorKind::TypeMismatch, type_offset,
             "the table holds " + to_string(wanted) + ", the segment " + to_string(segment.type));
    }
  }
  has_exprs ? read_element_exprs(r, segment) : read_element_funcs(r, segment);
  if (!r.failed()) module_.elems.push_back(segment);
}

void SectionParser::read_element_funcs(ByteReader& r, ElemSegment& segment) {
  func_scratch_.clear();
  const uint32_t count = read_count(r, kMaxElemsPerSegment, "elements");
  for (uint32_t i = 0; i < count && !r.failed(); ++i) {
    const uint64_t offset = r.offset();
    const uint32_t index = r.read_u32();
    if (r.failed()) return;
    if (index >= module_.funcs.size()) {
      r.fail(ErrorKind::UnknownFunc, offset, decimal(index));
      return;
    }
    declare_func_ref(module_, FuncIdx{index});
    func_scratch_.push_back(FuncIdx{index});
  }
  segment.funcs = module_.arena.copy(std::span<const FuncIdx>(func_scratch_));
}

void SectionParser::read_element_exprs(ByteReader& r, ElemSegment& segment) {
  expr_scratch_.clear();
  const uint32_t count = read_count(r, kMaxElemsPerSegment, "elements");
  for (uint32_t i = 0; i < count && !r.failed(); ++i) {
    expr_scratch_.push_back(const_exprs_.read(r, segment.type));
  }
  segment.exprs = module_.arena.copy(std::span<const ConstExpr>(expr_scratch_));
}

void SectionParser::parse_data_count(ByteReader& r) {
  module_.data_count = read_count(r, kMaxDataSegments, "data segments");
  module_.has_data_count = true;
}

uint32_t SectionParser::parse_data_section_count(ByteReader& r) {
  const uint64_t offset = r.offset();
  const uint32_t count = read_count(r, kMaxDataSegments, "data segments");
  if (module_.has_data_count && count != module_.data_count) {
    r.fail(ErrorKind::DataCountMismatch, offset);
  }
  return count;
}

uint64_t SectionParser::parse_data(ByteReader& r) {
  const uint64_t offset = r.offset();
  const uint32_t flags = r.read_u32();
  if (flags > 2) r.fail(ErrorKind::BadDataFlags, offset);
  if (flags == 1) require(r, Feature::BulkMemory, offset);
  if (r.failed()) return 0;
  DataSegment segment;
  if (flags != 1) {
    segment.mode = SegmentMode::Active;
    const uint64_t memory_offset = flags == 2 ? r.offset() : offset;
    const uint32_t memory = flags == 2 ? r.read_u32() : 0;
    if (r.failed()) return 0;
    if (memory >= module_.memories.size()) {
      r.fail(ErrorKind::UnknownMemory, memory_offset, decimal(memory));
      return 0;
    }
    segment.memory = MemoryIdx{memory};
    segment.offset = read_offset(r, module_.memories[memory].limits.is_64);
  }
  const uint64_t length_offset = r.offset();
  const uint32_t length = r.read_u32();
  if (r.failed()) return 0;
  segment.bytes.offset = static_cast<uint32_t>(r.offset());
  segment.bytes.size = length;
  const uint64_t end = r.offset() + length;
  r.read_bytes(length, length_offset);
  if (!r.failed()) module_.datas.push_back(segment);
  return end;
}

}  // namespace sluice
