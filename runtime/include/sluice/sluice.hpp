// Sluice for C++20, header-only over the C interface (sluice.h): a program and the library may
// differ in compiler, standard and standard library. A typed call is a direct jump all the same.
//
// Nothing throws; what can fail returns Result<T>. Works with -fno-exceptions and -fno-rtti; with
// exceptions on, one that leaves a host function is caught at the boundary, becomes a trap and can
// be had back from its Error. Lifetimes and thread rules are sluice.h's: Func, Memory, Table,
// Global and Instance are small values that live as long as their Store.
//
//   sluice::Engine engine;
//   auto stream = engine.compile_stream();
//   while (more()) SLUICE_TRY(stream.feed(bytes));
//   sluice::Module module = SLUICE_TRY(stream.finish());
//   sluice::Store store(engine);
//   sluice::Linker linker(engine);
//   SLUICE_TRY(linker.func("env", "log", [](sluice::Caller, sluice::GuestString text) { ... }));
//   auto instance = SLUICE_TRY(linker.instantiate(store, module));
//   auto add = SLUICE_TRY(instance.func<int32_t(int32_t, int32_t)>("add"));
//   int32_t sum = SLUICE_TRY(add(1, 2));
#pragma once

#include "sluice/detail/allocator.hpp"
#include "sluice/detail/engine.hpp"
#include "sluice/detail/func.hpp"
#include "sluice/detail/guest.hpp"
#include "sluice/detail/host_func.hpp"
#include "sluice/detail/instance.hpp"
#include "sluice/detail/linker.hpp"
#include "sluice/detail/memory.hpp"
#include "sluice/detail/result.hpp"
#include "sluice/detail/value.hpp"
#include "sluice/detail/wasi.hpp"
#include "sluice/sluice.h"
