#include "tests/unit/runtime/flow/flow_model.h"

#include <bit>
#include <utility>

namespace sluice::flow {

namespace {

constexpr uint32_t kNowhere = ~uint32_t{0} - 1;

// What ends the sequence that runs.
struct BranchTo {
  uint32_t label;
};
struct Returned {
  std::vector<Val> values;
};
struct Thrown {
  std::shared_ptr<const Exception> exception;
  uint32_t delegated_to = kNowhere;  // handlers below that label do not see it
};
struct Trapped {
  TrapCode code;
};

Val num(uint64_t low) { return {low, 0, nullptr}; }

}  // namespace

struct FlowModel::TailCall {
  uint32_t id;
  std::vector<Val> args;
};

struct FlowModel::Activation {
  uint32_t instance;
  const Function& function;
  std::vector<Val> locals;
  struct Caught {
    uint32_t label;
    std::shared_ptr<const Exception> exception;
  };
  std::vector<Caught> caught;  // by legacy handlers that run, innermost last
};

Outcome FlowModel::call(uint32_t id, uint64_t argument) {
  try {
    return {invoke(id, {num(argument)}), TrapCode::None, nullptr};
  } catch (const Thrown& thrown) {
    return {{}, TrapCode::UncaughtException, thrown.exception};
  } catch (const Trapped& trapped) {
    return {{}, trapped.code, nullptr};
  }
}

/// A tail call happens when the activation that makes it is gone.
std::vector<Val> FlowModel::invoke(uint32_t id, std::vector<Val> args) {
  for (;;) {
    try {
      return run_body(id, std::move(args));
    } catch (TailCall& next) {
      id = next.id;
      args = std::move(next.args);
    }
  }
}

std::vector<Val> FlowModel::run_body(uint32_t id, std::vector<Val> args) {
  const Function& f = p_.functions[id % kFuncs];
  const Signature& s = p_.signatures[f.signature];
  if (fuel == 0) return std::vector<Val>(s.results.size());
  --fuel;
  Activation at{id / kFuncs, f, std::move(args), {}};
  at.locals.resize(f.locals.size());
  at.locals[f.non_null_local] = num(1 + function_id(at.instance, 0));
  try {
    run(at, f.body);
    std::vector<Val> results;
    for (const Node& each : f.results) results.push_back(eval(at, each));
    return results;
  } catch (Returned& returned) {
    return std::move(returned.values);
  } catch (Thrown& thrown) {
    thrown.delegated_to = kNowhere;
    throw;
  }
}

void FlowModel::run(Activation& at, const std::vector<Node>& nodes) {
  for (const Node& each : nodes) statement(at, each);
}

std::vector<Val> FlowModel::values(Activation& at, const Node& n, size_t count) {
  std::vector<Val> out;
  for (size_t i = 0; i < count; ++i) out.push_back(eval(at, n.kids[i]));
  return out;
}

uint32_t FlowModel::identity(const Activation& at, uint32_t tag) const {
  return tag == kOwnTag ? kOwnTag + at.instance : tag;
}

void FlowModel::statement(Activation& at, const Node& n) {
  const bool has_condition = n.op == Op::ReturnCall || n.op == Op::Return || n.op == Op::Throw ||
                             n.op == Op::Rethrow || n.op == Op::BranchTable;
  if (has_condition && static_cast<uint32_t>(eval(at, n.kids.back()).low) == 0) return;
  const size_t operands = n.kids.size() - (has_condition ? 1 : 0);
  switch (n.op) {
  case Op::Mix: {
    const uint64_t x = eval(at, n.kids[0]).low;
    hash = std::rotl((hash ^ x) * 31, 13);
    return;
  }
  case Op::Set: at.locals[n.a] = eval(at, n.kids[0]); return;
  case Op::SetOwn: {
    const uint64_t x = eval(at, n.kids[0]).low;
    instances[at.instance].own = x;
    return;
  }
  case Op::Store: {
    const uint64_t x = eval(at, n.kids[0]).low;
    instances[at.instance].word = x;
    return;
  }
  case Op::SetGlobal: global_ = eval(at, n.kids[0]); return;
  case Op::TableSet: {
    Val x = eval(at, n.kids[0]);
    externs_[n.a] = std::move(x);
    return;
  }
  case Op::If: {
    const bool holds = static_cast<uint32_t>(eval(at, n.kids[0]).low) != 0;
    return run(at, n.bodies[holds ? 0 : 1]);
  }
  case Op::Block: return guarded(at, n, n.a, n.bodies[0]);
  case Op::Loop:
    for (at.locals[n.a] = num(n.b); at.locals[n.a].low != 0; --at.locals[n.a].low) {
      run(at, n.bodies[0]);
    }
    return;
  case Op::Branch:
    if (static_cast<uint32_t>(eval(at, n.kids[0]).low) != 0) throw BranchTo{n.a};
    return;
  case Op::BranchTable: {
    const auto index = static_cast<uint32_t>(eval(at, n.kids[0]).low);
    throw BranchTo{index < n.locals.size() ? n.locals[index] : n.locals.back()};
  }
  case Op::BranchNull: {
    Val x = eval(at, n.kids[0]);
    if (x.is_null()) throw BranchTo{n.a};
    at.locals[n.b] = std::move(x);
    return;
  }
  case Op::Call: {
    std::vector<Val> args = values(at, n, operands);
    const uint32_t id = callee(at, n, args);
    std::vector<Val> results = invoke(id, std::move(args));
    for (size_t i = results.size(); i > 0; --i) at.locals[n.locals[i - 1]] = results[i - 1];
    return;
  }
  case Op::ReturnCall: {
    std::vector<Val> args = values(at, n, operands);
    const uint32_t id = callee(at, n, args);
    throw TailCall{id, std::move(args)};
  }
  case Op::Return: throw Returned{values(at, n, operands)};
  case Op::Throw:
    throw Thrown{
        std::make_shared<Exception>(Exception{identity(at, n.a), values(at, n, operands)})};
  case Op::ThrowRef:
    if (at.locals[n.a].exn != nullptr) throw Thrown{at.locals[n.a].exn};
    return;
  case Op::Rethrow:
    for (size_t i = at.caught.size(); i > 0; --i) {
      if (at.caught[i - 1].label == n.a) throw Thrown{at.caught[i - 1].exception};
    }
    return;
  case Op::Delegate: try { return run(at, n.bodies[0]);
    } catch (Thrown& thrown) {
      if (thrown.delegated_to == kNowhere) thrown.delegated_to = n.a;
      throw;
    }
  default: return handled(at, n);
  }
}

/// A block with that label: a branch to it ends here, and what is delegated to it goes on from here
/// as if it had been thrown here.
void FlowModel::guarded(Activation& at, const Node&, uint32_t label,
                        const std::vector<Node>& body) {
  try {
    run(at, body);
  } catch (const BranchTo& branch) {
    if (branch.label != label) throw;
  } catch (Thrown& thrown) {
    if (thrown.delegated_to == label) thrown.delegated_to = kNowhere;
    throw;
  }
}

void FlowModel::handled(Activation& at, const Node& n) {
  const bool is_legacy = n.op == Op::Try;
  const size_t outer_handlers = at.caught.size();
  std::shared_ptr<const Exception> exception;
  size_t chosen = n.handlers.size();
  try {
    return run(at, n.bodies[0]);
  } catch (const BranchTo& branch) {
    if (branch.label == n.a) return;
    throw;
  } catch (Thrown& thrown) {
    // The label of try is the try, that of try_table's block is around its handlers.
    const bool delegated_here = thrown.delegated_to == n.a;
    if (delegated_here) thrown.delegated_to = kNowhere;
    if (thrown.delegated_to != kNowhere || (delegated_here && !is_legacy)) throw;
    for (chosen = 0; chosen < n.handlers.size(); ++chosen) {
      const Handler& h = n.handlers[chosen];
      if (h.kind >= CatchKind::All || identity(at, h.tag) == thrown.exception->tag) break;
    }
    if (chosen == n.handlers.size()) throw;
    exception = thrown.exception;
  }
  at.caught.resize(outer_handlers);
  const Handler& h = n.handlers[chosen];
  std::vector<Val> caught;
  if (h.kind <= CatchKind::TagRef) caught = exception->values;
  if (h.kind == CatchKind::TagRef || h.kind == CatchKind::AllRef)
    caught.push_back({0, 0, exception});
  for (size_t i = h.locals.size(); i > 0; --i) at.locals[h.locals[i - 1]] = caught[i - 1];
  if (is_legacy) at.caught.push_back({n.a, exception});
  guarded(at, n, n.a, n.bodies[chosen + 1]);
  at.caught.resize(outer_handlers);
}

uint32_t FlowModel::find_in_table(const Node& n) const {
  if (n.a >= kTableSize) throw Trapped{TrapCode::UndefinedElement};
  if (n.a >= 2 * kFuncs) throw Trapped{TrapCode::UninitializedElement};
  if (p_.functions[n.a % kFuncs].signature != n.b) throw Trapped{TrapCode::IndirectCallType};
  return n.a;
}

uint32_t FlowModel::callee(Activation& at, const Node& n, std::vector<Val>& args) {
  switch (n.call) {
  case CallKind::Direct: return function_id(at.instance, n.a);
  case CallKind::Indirect: return find_in_table(n);
  case CallKind::OwnTable:
    if (n.a >= kOwnTableSize) throw Trapped{TrapCode::UndefinedElement};
    return function_id(at.instance,
                       n.a + 1 < kOwnTableSize ? p_.own_table[n.a] : p_.own_table_init);
  case CallKind::Ref: break;
  }
  const uint64_t reference = args.back().low;
  args.pop_back();
  if (reference == 0) throw Trapped{TrapCode::NullFunctionReference};
  return static_cast<uint32_t>(reference - 1);
}

Val FlowModel::eval(Activation& at, const Node& n) {
  if (n.op == Op::BlockValue) {
    run(at, n.bodies[0]);
    return eval(at, n.kids[0]);
  }
  if (n.op == Op::NonNullOr) {
    Val first = eval(at, n.kids[0]);
    return first.is_null() ? eval(at, n.kids[1]) : first;
  }
  std::vector<Val> k = values(at, n, n.kids.size());
  const auto low32 = [&k](size_t i) { return static_cast<uint32_t>(k[i].low); };
  switch (n.op) {
  case Op::Const:
    if (n.type == F32) return num(std::bit_cast<uint32_t>(static_cast<float>(n.imm)));
    if (n.type == F64) return num(std::bit_cast<uint64_t>(static_cast<double>(n.imm)));
    return {n.imm, n.type == V128 ? n.imm / 2 : 0, nullptr};
  case Op::Get: return at.locals[n.a];
  case Op::Add: return num(n.type == I32 ? low32(0) + low32(1) : k[0].low + k[1].low);
  case Op::Multiply: return num(k[0].low * k[1].low);
  case Op::Eqz: return num(low32(0) == 0 ? 1 : 0);
  case Op::Wrap: return num(low32(0));
  case Op::Extend: return num(low32(0));
  case Op::Less: return num(k[0].low < k[1].low ? 1 : 0);
  case Op::Convert: {
    const auto value = static_cast<int32_t>(low32(0));
    if (n.type == F32) return num(std::bit_cast<uint32_t>(static_cast<float>(value)));
    return num(std::bit_cast<uint64_t>(static_cast<double>(value)));
  }
  case Op::Splat: return {k[0].low, k[0].low, nullptr};
  case Op::Lane: return num(n.a == 0 ? k[0].low : k[0].high);
  case Op::Bits: return num(k[0].low);
  case Op::IsNull: return num(k[0].is_null() ? 1 : 0);
  case Op::Identify: return num(k[0].is_null() ? 0 : k[0].low - 1);
  case Op::MakeExtern: return num(uint64_t{low32(0)} + 1);
  case Op::GetOwn: return num(instances[at.instance].own);
  case Op::Load: return num(instances[at.instance].word);
  case Op::GetGlobal: return global_;
  case Op::TableGet: return externs_[n.a];
  case Op::RefFunc: return num(1 + function_id(at.instance, n.a));
  case Op::AsNonNull:
    if (k[0].is_null()) throw Trapped{TrapCode::NullReference};
    return k[0];
  case Op::Select: return low32(2) != 0 ? k[0] : k[1];
  case Op::CallValue: {
    const uint32_t id = callee(at, n, k);
    return invoke(id, std::move(k)).at(0);
  }
  case Op::HostValue: return num(host(n.a, n.b, k[0].low));
  default: return {};
  }
}

uint64_t FlowModel::host(uint32_t mode, uint32_t element, uint64_t argument) {
  if (mode == 0) return argument * 3 + 1;
  if (mode == 1) throw Thrown{std::make_shared<Exception>(Exception{0, {num(argument)}})};
  if (mode == 4) {
    if (kept_ == nullptr) return 0;
    throw Thrown{kept_};
  }
  if (element >= 2 * kFuncs) return 17;
  const Outcome done = call(element, argument);
  if (done.trap == TrapCode::None) return done.results[0].low + 1;
  if (mode == 2) {
    if (done.exception == nullptr) throw Trapped{done.trap};
    throw Thrown{done.exception};
  }
  if (done.exception == nullptr) return 1000 + static_cast<uint64_t>(done.trap);
  kept_ = done.exception;
  return done.exception->tag == 0 ? done.exception->values[0].low + 5 : 99;
}

}  // namespace sluice::flow
