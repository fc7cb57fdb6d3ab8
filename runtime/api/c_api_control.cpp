// sluice.h: what bounds and watches guests from outside: interrupts, deadlines, fuel, call hooks.

#include <algorithm>
#include <chrono>

#include "runtime/api/handles.h"

using namespace sluice;
using namespace sluice::api;

namespace {

/// Null if the engine's configuration has it.
sluice_error_t* want(bool is_configured, const char* what) {
  return is_configured ? nullptr : error_of(ErrorKind::NotConfigured, what);
}

sluice_error_t* want_fuel(const sluice_store_t* store) {
  return want(unwrap(store).engine().config().meter_fuel, "fuel");
}

}  // namespace

extern "C" {

sluice_interrupt_t* sluice_interrupt_new(sluice_store_t* store) {
  return create<sluice_interrupt>(unwrap(store).interrupt_handle());
}

void sluice_interrupt_delete(sluice_interrupt_t* interrupt) { destroy(interrupt); }

void sluice_interrupt_send(const sluice_interrupt_t* interrupt) { interrupt->value.interrupt(); }

void sluice_store_set_deadline(sluice_store_t* store, uint64_t nanoseconds) {
  // Far enough to be never, and near enough to add.
  constexpr uint64_t kMost = uint64_t{1} << 60;
  const std::chrono::nanoseconds time(std::min(nanoseconds, kMost));
  unwrap(store).set_deadline(Watchdog::Clock::now() + time);
}

void sluice_store_clear_interrupt(sluice_store_t* store) { unwrap(store).clear_interrupt(); }

bool sluice_store_is_interrupted(const sluice_store_t* store) {
  return unwrap(store).is_interrupted();
}

int sluice_store_interrupt_fd(sluice_store_t* store) { return unwrap(store).interrupt_fd(); }

sluice_error_t* sluice_store_set_fuel(sluice_store_t* store, uint64_t fuel) {
  if (sluice_error_t* error = want_fuel(store)) return error;
  unwrap(store).set_fuel(fuel);
  return nullptr;
}

sluice_error_t* sluice_store_add_fuel(sluice_store_t* store, uint64_t fuel) {
  if (sluice_error_t* error = want_fuel(store)) return error;
  const uint64_t left = unwrap(store).fuel();
  unwrap(store).set_fuel(fuel > UINT64_MAX - left ? UINT64_MAX : left + fuel);
  return nullptr;
}

sluice_error_t* sluice_store_get_fuel(const sluice_store_t* store, uint64_t* out) {
  if (sluice_error_t* error = want_fuel(store)) return error;
  *out = unwrap(store).fuel();
  return nullptr;
}

sluice_error_t* sluice_store_set_call_hook(sluice_store_t* store, void (*hook)(void*, uint32_t),
                                           void* env) {
  const bool allowed = unwrap(store).engine().config().call_hooks;
  if (sluice_error_t* error = want(allowed, "call hooks")) return error;
  unwrap(store).set_call_hook(hook, env);
  return nullptr;
}

}  // extern "C"
