// Uses of sluice.hpp that must not compile, one for each CASE, and what the compiler must say of
// it; without CASE the file compiles. check_messages.py reads the `expect` lines.
#include <memory>
#include <span>
#include <string>
#include <tuple>

#include "sluice/sluice.hpp"

enum Loose { kLoose };
struct Thing {
  int number;
};

inline void use(sluice::Linker& linker, sluice::Store& store, const sluice::Instance& guest) {
  (void)linker.func("m", "f", [](int32_t v) { return v; });
  (void)store;
  (void)guest.func<int32_t(int32_t)>("f");
#ifdef CASE
#if CASE == 1  // expect: a host's pointer means nothing to a guest; use GuestPtr<T>
  (void)linker.func("m", "f", [](const char*) {});
#elif CASE == 2   // expect: an enum needs a fixed underlying type
  (void)linker.func("m", "f", [](Loose) {});
#elif CASE == 3   // expect: this type does not stand for a Wasm value
  (void)linker.func("m", "f", [](Thing) {});
#elif CASE == 4   // expect: a result must stand for a Wasm value, be void or a tuple of such types
  (void)linker.func("m", "f", [] { return std::string(); });
#elif CASE == 5   // expect: an element of this tuple of results does not stand for a Wasm value
  (void)linker.func("m", "f", [] { return std::tuple(1, std::string()); });
#elif CASE == 6   // expect: of a generic one give the type: func<int32_t(int32_t)>
  (void)linker.func("m", "f", [](auto v) { return v; });
#elif CASE == 7   // expect: a host function is a function pointer or a callable
  (void)linker.func("m", "f", 42);
#elif CASE == 8   // expect: this is memory of the host, which a guest cannot see
  (void)guest.func<void(std::string_view)>("f");
#elif CASE == 9   // expect: this is memory of the host, which a guest cannot see
  (void)guest.func<void(std::span<int32_t>)>("f");
#elif CASE == 10  // expect: an address in guest memory is a number: use uint32_t and Memory::view
  (void)guest.func<sluice::GuestPtr<Thing>()>("f");
#elif CASE == 11  // expect: give a signature like int32_t(int32_t)
  (void)guest.func<int32_t>("f");
#elif CASE == 12  // expect: this type does not stand for a Wasm value
  (void)sluice::Func::create(store, [](long double) {});
#endif
#endif
}
