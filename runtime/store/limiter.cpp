#include "runtime/store/limiter.h"

#include <utility>

namespace sluice {
namespace {

std::unexpected<Error> refused(uint64_t wanted, const char* unit, uint64_t limit) {
  String detail = decimal(wanted);
  detail += unit;
  detail += ", at most ";
  detail += decimal(limit);
  return fail(ErrorKind::StoreLimit, kNoOffset, std::move(detail));
}

}  // namespace

void Limiter::set_callback(Callback callback, void* env, void (*release)(void* env)) {
  callback_ = callback;
  void* const old_env = std::exchange(env_, env);
  const auto old_release = std::exchange(release_, release);
  if (old_release != nullptr) old_release(old_env);
}

Result<void> Limiter::check_instance(uint64_t existing) const {
  if (existing >= limits_.instances) return refused(existing + 1, " instances", limits_.instances);
  return {};
}

Result<void> Limiter::check_new(uint64_t existing, const Growth& growth) const {
  const bool is_memory = growth.kind == ExternKind::Memory;
  const uint64_t limit = is_memory ? limits_.memories : limits_.tables;
  if (existing >= limit) return refused(existing + 1, is_memory ? " memories" : " tables", limit);
  return check_growth(growth);
}

Result<void> Limiter::check_growth(const Growth& growth) const {
  const bool is_memory = growth.kind == ExternKind::Memory;
  const uint64_t used = is_memory ? memory_bytes_ : elements_;
  const uint64_t limit = is_memory ? limits_.memory_bytes : limits_.table_elements;
  // A sum that wraps is of sizes for which there is no address space: they are refused next.
  const uint64_t wanted = used + (growth.desired - growth.current);
  if (wanted > limit && growth.desired != growth.current) {
    return refused(wanted, is_memory ? " bytes of memory" : " elements of tables", limit);
  }
  if (callback_ == nullptr || callback_(env_, growth)) return {};
  String detail("the embedder refuses a ");
  detail += is_memory ? "memory of " : "table of ";
  detail += decimal(growth.desired);
  detail += is_memory ? " bytes" : " elements";
  return fail(ErrorKind::StoreLimit, kNoOffset, std::move(detail));
}

}  // namespace sluice
