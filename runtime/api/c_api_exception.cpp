// sluice.h: tags and exceptions.

#include "runtime/api/handles.h"

using namespace sluice;
using namespace sluice::api;

namespace {

bool describe(const Store& store, uint32_t handle, sluice_exception_t* out) {
  const Exception* exception = store.exception(handle);
  if (exception == nullptr) return false;
  const std::span<const Value> values = exception->values();
  *out = {make_handle<sluice_tag_t>(store, exception->tag),
          reinterpret_cast<const sluice_value_t*>(values.data()), values.size()};
  return true;
}

}  // namespace

extern "C" {

sluice_error_t* sluice_tag_new(sluice_store_t* store, sluice_func_type_t type, sluice_tag_t* out) {
  Store& s = unwrap(store);
  const Result<CanonicalTypeId> signature = parse_func_type(*s.engine().types(), type);
  if (!signature) return error_of(signature.error());
  const Result<Tag*> tag = Tag::create(s, *signature);
  if (!tag) return error_of(tag.error());
  *out = make_handle<sluice_tag_t>(s, *tag);
  return nullptr;
}

sluice_error_t* sluice_tag_get_type(const sluice_store_t* store, sluice_tag_t tag,
                                    sluice_func_type_t* out) {
  const Store& s = unwrap(store);
  const auto* object = resolve<Tag>(s, tag);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  *out = wrap(s.engine().types()->func_type(object->type()));
  return nullptr;
}

sluice_error_t* sluice_exception_new(sluice_store_t* store, sluice_tag_t tag,
                                     const sluice_value_t* values, size_t value_count) {
  Store& s = unwrap(store);
  const auto* object = resolve<Tag>(s, tag);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  auto trap = s.make_exception(*object, std::span<const Value>(unwrap(values), value_count));
  if (!trap) return error_of(trap.error());
  return error_of(Failure(*std::move(trap)));
}

bool sluice_error_exception(const sluice_error_t* error, const sluice_store_t* store,
                            sluice_exception_t* out) {
  const std::shared_ptr<Trap>& trap = error->failure.trap;
  const Store& s = unwrap(store);
  return trap != nullptr && describe(s, trap->exception(s), out);
}

bool sluice_exception_from_ref(const sluice_store_t* store, sluice_value_t exnref,
                               sluice_exception_t* out) {
  const Value value = unwrap(exnref);
  if (value.bits[0] > UINT32_MAX) return false;
  return describe(unwrap(store), value.as_externref(), out);
}

}  // extern "C"
