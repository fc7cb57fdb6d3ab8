#include "runtime/store/global.h"

#include "runtime/store/engine.h"
#include "runtime/store/store.h"

namespace sluice {

Result<Global*> Global::create(Store& store, const GlobalType& type, Value value) {
  if (!store.matches(value, type.type)) return fail(ErrorKind::SignatureMismatch);
  store.globals_.push_back(std::unique_ptr<Global>(new Global(store, type, nullptr)));
  Global* global = store.globals_.back().get();
  global->cell_->bits[0] = value.bits[0];
  global->cell_->bits[1] = value.bits[1];
  return global;
}

Result<void> Global::set(Value value) {
  if (!type_.is_mutable) return fail(ErrorKind::ImmutableGlobal);
  if (!store_.matches(value, type_.type)) return fail(ErrorKind::SignatureMismatch);
  cell_->bits[0] = value.bits[0];
  cell_->bits[1] = value.bits[1];
  return {};
}

Tag::Tag(Store& store, CanonicalTypeId type)
    : store_(store), type_(type), params_(store.engine().types()->func_type(type).params()) {}

Result<Tag*> Tag::create(Store& store, CanonicalTypeId type) {
  if (store.engine().types()->func_type(type).result_count != 0) {
    return fail(ErrorKind::SignatureMismatch, kNoOffset, "a tag's type has no results");
  }
  store.add_tag(std::unique_ptr<Tag>(new Tag(store, type)));
  return store.tags_.back().get();
}

}  // namespace sluice
