// Runs random programs as the specification says, on the tree. Wasm's ways out of a sequence are
// C++ exceptions here.
#pragma once

#include <memory>
#include <vector>

#include "jit/abi/trap_codes.h"
#include "tests/unit/runtime/flow/flow_program.h"

namespace sluice::flow {

struct Exception;

/// A number; an externref's host number + 1, a function's `function_id` + 1, or 0 for null.
struct Val {
  uint64_t low = 0;
  uint64_t high = 0;
  std::shared_ptr<const Exception> exn;
  bool is_null() const { return low == 0 && exn == nullptr; }
};

struct Exception {
  uint32_t tag = 0;  // kOwnTag + instance for that
  std::vector<Val> values;
};

constexpr uint32_t function_id(uint32_t instance, uint32_t func) {
  return instance * kFuncs + func;
}

/// How a call from the host ended.
struct Outcome {
  std::vector<Val> results;
  TrapCode trap = TrapCode::None;
  std::shared_ptr<const Exception> exception;  // if trap is UncaughtException
};

class FlowModel {
 public:
  explicit FlowModel(const Program& program) : p_(program) {}

  /// Calls a function of the first signature.
  Outcome call(uint32_t id, uint64_t argument);

  uint64_t hash = 0;
  uint32_t fuel = kFuel;
  struct State {
    uint64_t own = 0;
    uint64_t word = 0;
  } instances[2];

 private:
  struct Activation;
  struct TailCall;

  std::vector<Val> invoke(uint32_t id, std::vector<Val> args);
  std::vector<Val> run_body(uint32_t id, std::vector<Val> args);
  void run(Activation& at, const std::vector<Node>& nodes);
  void statement(Activation& at, const Node& n);
  void handled(Activation& at, const Node& n);
  void guarded(Activation& at, const Node& n, uint32_t label, const std::vector<Node>& body);
  std::vector<Val> values(Activation& at, const Node& n, size_t count);
  Val eval(Activation& at, const Node& n);
  uint32_t callee(Activation& at, const Node& n, std::vector<Val>& args);
  uint32_t find_in_table(const Node& n) const;
  uint64_t host(uint32_t mode, uint32_t element, uint64_t argument);
  uint32_t identity(const Activation& at, uint32_t tag) const;

  const Program& p_;
  Val global_;
  Val externs_[kExternTableSize];
  std::shared_ptr<const Exception> kept_;  // what the host has swallowed last
};

}  // namespace sluice::flow
