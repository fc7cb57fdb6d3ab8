// Evaluates constant expressions (spec 4.6.4: initialisers of globals, tables and segments) with
// the values an instance has so far. Validation has checked their types.
#pragma once

#include "engine/base/result.h"
#include "engine/wasm/module.h"
#include "runtime/store/value.h"

namespace sluice {

class Instance;

/// NotCompiled if the expression contains an instruction that the runtime cannot evaluate.
Result<void> check_const_expr(const ConstExpr& expr);

/// The value; `check_const_expr` has accepted the expression. Globals it names are initialised.
Value eval_const_expr(const Instance& instance, const ConstExpr& expr);

}  // namespace sluice
