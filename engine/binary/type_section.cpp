// Reading rec groups. While a group is open its members are named by their own indices, which makes
// them their own representatives; subtyping is checked in that state. When it is closed the
// registry says whether an equal group came before: then the members become copies of that group's.
#include "engine/binary/type_section.h"

#include "engine/binary/type_reader.h"
#include "engine/wasm/limits.h"
#include "engine/wasm/type_registry.h"

namespace sluice {

namespace {

uint32_t read_limited(ByteReader& r, uint32_t limit, const char* what) {
  const uint64_t offset = r.offset();
  const uint32_t count = r.read_u32();
  if (count > limit) r.fail(ErrorKind::CountTooLarge, offset, what);
  return r.failed() ? 0 : count;
}

bool field_matches(std::span<const TypeDef> types, const FieldType& sub, const FieldType& super) {
  if (sub.is_mutable != super.is_mutable) return false;
  if (sub.is_mutable || sub.storage.is_packed() || super.storage.is_packed()) {
    return sub.storage == super.storage;
  }
  return is_subtype(types, sub.storage, super.storage);
}

}  // namespace

void TypeSectionReader::read(ByteReader& r) {
  const uint32_t count = read_limited(r, kMaxRecGroups, "rec groups");
  module_.types.reserve(std::min<size_t>(count, r.remaining()));
  for (uint32_t i = 0; i < count && !r.failed(); ++i) read_group(r);
}

void TypeSectionReader::read_group(ByteReader& r) {
  const auto first = static_cast<uint32_t>(module_.types.size());
  const uint64_t offset = r.offset();
  uint32_t count = 1;
  if (!r.at_end() && r.peek_u8() == kRecCode) {
    r.read_u8();
    if (!module_.features.has(Feature::Gc)) r.fail(ErrorKind::FeatureDisabled, offset, "rec");
    count = read_limited(r, kMaxTypes, "types");
  }
  if (count > kMaxTypes - first) r.fail(ErrorKind::CountTooLarge, offset, "types");
  if (r.failed()) return;
  group_end_ = first + count;
  offsets_.clear();
  for (uint32_t i = 0; i < count && !r.failed(); ++i) read_sub_type(r);
  if (r.failed()) return;
  // Types may name later ones of their group, so they are only checked when all are known.
  for (uint32_t i = 0; i < count && !r.failed(); ++i) {
    check_supertype(r, module_.types[first + i], offsets_[i]);
  }
  if (!r.failed() && count != 0) close_group(r, first, offset);
}

void TypeSectionReader::read_sub_type(ByteReader& r) {
  TypeDef def;
  def.representative = TypeIdx{static_cast<uint32_t>(module_.types.size())};
  const uint64_t offset = r.offset();
  const uint8_t form = r.peek_u8();
  if (form == kSubCode || form == kSubFinalCode) {
    r.read_u8();
    if (!module_.features.has(Feature::Gc)) r.fail(ErrorKind::FeatureDisabled, offset, "sub");
    def.is_final = form == kSubFinalCode;
    read_supertype(r, def);
  }
  read_composite(r, def);
  if (r.failed()) return;
  offsets_.push_back(offset);
  module_.types.push_back(def);
}

void TypeSectionReader::read_supertype(ByteReader& r, TypeDef& def) {
  const uint64_t count_offset = r.offset();
  const uint32_t count = r.read_u32();
  if (count == 0 || r.failed()) return;
  const uint64_t index_offset = r.offset();
  const uint32_t index = r.read_u32();
  if (r.failed()) return;
  if (count > 1) {
    r.fail(ErrorKind::SubType, count_offset, "more than one super type");
  } else if (index >= module_.types.size()) {  // spec 3.3.9: a supertype comes before
    r.fail(ErrorKind::UnknownType, index_offset, decimal(index));
  } else {
    const TypeDef& super = module_.types[index];
    if (super.depth >= kMaxSubTypeDepth) r.fail(ErrorKind::SubTypeDepth, index_offset);
    def.has_supertype = true;
    def.supertype = super.representative;
    def.depth = static_cast<uint8_t>(super.depth + 1);
  }
}

void TypeSectionReader::read_composite(ByteReader& r, TypeDef& def) {
  const uint64_t offset = r.offset();
  const uint8_t form = r.read_u8();
  if (r.failed()) return;
  if ((form == kStructCode || form == kArrayCode) && !module_.features.has(Feature::Gc)) {
    r.fail(ErrorKind::FeatureDisabled, offset, form == kStructCode ? "struct" : "array");
  }
  switch (form) {
  case kFuncCode: return read_func(r, def);
  case kStructCode:
    def.kind = CompositeKind::Struct;
    return read_fields(r, def, read_limited(r, kMaxStructFields, "fields"));
  case kArrayCode: def.kind = CompositeKind::Array; return read_fields(r, def, 1);
  default: r.fail(ErrorKind::BadTypeForm, offset);
  }
}

void TypeSectionReader::read_func(ByteReader& r, TypeDef& def) {
  TypeScope scope(module_.types, module_.features);
  scope.type_count = group_end_;
  types_.clear();
  const uint32_t params = read_limited(r, kMaxParams, "parameters");
  for (uint32_t i = 0; i < params && !r.failed(); ++i) types_.push_back(read_val_type(r, scope));
  const uint64_t results_offset = r.offset();
  const uint32_t results = read_limited(r, kMaxResults, "results");
  if (results > 1 && !module_.features.has(Feature::MultiValue)) {
    r.fail(ErrorKind::FeatureDisabled, results_offset, "several results");
  }
  for (uint32_t i = 0; i < results && !r.failed(); ++i) types_.push_back(read_val_type(r, scope));
  if (r.failed()) return;
  def.func = {module_.arena.copy(std::span<const ValType>(types_)).data(), params, results};
}

void TypeSectionReader::read_fields(ByteReader& r, TypeDef& def, uint32_t count) {
  TypeScope scope(module_.types, module_.features);
  scope.type_count = group_end_;
  fields_.clear();
  for (uint32_t i = 0; i < count && !r.failed(); ++i) {
    const ValType storage = read_storage_type(r, scope);
    const uint64_t offset = r.offset();
    const uint8_t mutability = r.read_u8();
    if (mutability > 1) r.fail(ErrorKind::BadMutability, offset);
    fields_.push_back({storage, mutability == 1});
  }
  if (r.failed()) return;
  def.fields = module_.arena.copy(std::span<const FieldType>(fields_));
}

void TypeSectionReader::check_supertype(ByteReader& r, const TypeDef& def, uint64_t offset) {
  if (!def.has_supertype) return;
  const TypeDef& super = module_.types[raw(def.supertype)];
  if (super.is_final) {
    r.fail(ErrorKind::FinalSuperType, offset);
  } else if (!matches(def, super)) {
    r.fail(ErrorKind::SubType, offset);
  }
}

// spec 3.3.8: does the composite type match?
bool TypeSectionReader::matches(const TypeDef& sub, const TypeDef& super) const {
  const std::span<const TypeDef> types = module_.types;
  if (sub.kind != super.kind) return false;
  if (sub.kind == CompositeKind::Func) {
    if (sub.func.param_count != super.func.param_count) return false;
    if (sub.func.result_count != super.func.result_count) return false;
    for (uint32_t i = 0; i < sub.func.param_count; ++i) {
      if (!is_subtype(types, super.func.params()[i], sub.func.params()[i])) return false;
    }
    for (uint32_t i = 0; i < sub.func.result_count; ++i) {
      if (!is_subtype(types, sub.func.results()[i], super.func.results()[i])) return false;
    }
    return true;
  }
  if (sub.fields.size() < super.fields.size()) return false;
  for (size_t i = 0; i < super.fields.size(); ++i) {
    if (!field_matches(types, sub.fields[i], super.fields[i])) return false;
  }
  return true;
}

void TypeSectionReader::close_group(ByteReader& r, uint32_t first, uint64_t offset) {
  const auto count = static_cast<uint32_t>(module_.types.size()) - first;
  const Result<CanonicalTypeId> id = module_.registry->intern_group(module_.types, first, count);
  if (!id) {
    r.fail(id.error().kind, offset, id.error().detail);
    return;
  }
  // Groups are equal or disjoint, so its first member tells for all.
  const auto [known, is_new] = representatives_.try_emplace(raw(*id), first);
  for (uint32_t i = 0; i < count; ++i) {
    if (is_new) {
      module_.types[first + i].canonical = CanonicalTypeId{raw(*id) + i};
    } else {
      module_.types[first + i] = module_.types[known->second + i];
    }
  }
}

}  // namespace sluice
