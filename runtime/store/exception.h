// Exception (spec 4.2.13): a tag and the values that were thrown with it. An exnref is the handle
// of one in its store's heap.
//
// What is thrown and caught without an exnref makes no Exception: its values travel in
// StoreContext::thrown (jit/abi/instance_layout.h), which the store fills.
#pragma once

#include <span>

#include "engine/base/heap.h"
#include "runtime/store/value.h"

namespace sluice {

class Tag;

struct Exception : Allocated {
  Tag* tag = nullptr;
  Vector<Value> cells;  // one per parameter of the tag's type

  std::span<const Value> values() const { return cells; }
};

}  // namespace sluice
