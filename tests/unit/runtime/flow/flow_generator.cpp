// Makes random programs: valid, ending, and rarely trapping.
#include <algorithm>
#include <random>

#include "tests/unit/runtime/flow/flow_program.h"

namespace sluice::flow {
namespace {

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Program run() {
    p_.signatures.push_back({{I64}, {I64}});
    for (uint32_t i = 1; i < kSignatures; ++i) {
      Signature signature{types(pick({0, 1, 2, 4, 9, 18}), i), {I64}};
      if (i > 2) signature.results = types(pick({0, 1, 2, 9, 12}), i);
      // So that tail calls find somebody whose results are theirs.
      if (i > 3 && chance(50)) signature.results = p_.signatures[i - 1].results;
      // Each is another type: the model compares their numbers.
      while (std::ranges::find(p_.signatures, signature) != p_.signatures.end()) {
        signature.params.push_back(I32);
      }
      p_.signatures.push_back(signature);
    }
    p_.tags = {{I64}, {}, types(pick({2, 5, 12}), kSignatures), {I64}, {I64}};
    for (uint32_t i = 0; i < kFuncs; ++i) {
      const uint32_t signature = i < 3 ? 0 : i < 5 ? below(3) : i - 5 + 3;
      p_.functions.push_back({signature, {}, 0, {}, {}});
    }
    for (uint32_t i = 0; i < kOwnTableSize; ++i) p_.own_table.push_back(below(3));
    p_.own_table_init = below(3);
    for (Function& f : p_.functions) function(f);
    return std::move(p_);
  }

 private:
  enum class LabelKind : uint8_t { Block, Try, Handler };
  struct Label {
    uint32_t id;
    LabelKind kind;
  };

  uint32_t below(size_t n) { return static_cast<uint32_t>(random_() % n); }
  bool chance(uint32_t percent) { return below(100) < percent; }
  template <class T>
  T pick(std::initializer_list<T> from) {
    return from.begin()[below(from.size())];
  }
  /// Function references among them are of signatures below the bound.
  Type type(uint32_t bound) {
    const Type any =
        pick({I32, I64, I64, I64, F32, F64, V128, Extern, Extern, Extern, Exn, FuncRef});
    return any == FuncRef ? static_cast<Type>(FuncRef + below(bound)) : any;
  }
  Types types(int count, uint32_t bound) {
    Types list;
    while (count-- > 0) list.push_back(type(bound));
    return list;
  }

  void function(Function& f) {
    f_ = &f;
    const Signature& signature = p_.signatures[f.signature];
    f.locals = signature.params;
    for (uint32_t i = below(12); i > 0; --i) f.locals.push_back(type(kSignatures));
    f.non_null_local = add_local(FuncRef);
    labels_.clear();
    next_label_ = 0;
    loops_ = 0;
    budget_ = 90;
    f.body = statements(4 + below(5));
    for (const Type each : signature.results) f.results.push_back(expression(each, 2));
  }
  uint32_t add_local(Type type) {
    f_->locals.push_back(type);
    return static_cast<uint32_t>(f_->locals.size() - 1);
  }
  bool is_free(uint32_t local) const {
    return local != f_->non_null_local &&
           std::find(counters_.begin(), counters_.end(), local) == counters_.end();
  }
  uint32_t local(Type type) {
    std::vector<uint32_t> fitting;
    for (uint32_t i = 0; i < f_->locals.size(); ++i) {
      if (f_->locals[i] == type && is_free(i)) fitting.push_back(i);
    }
    if (fitting.empty() || (fitting.size() < 3 && chance(20))) return add_local(type);
    return fitting[below(fitting.size())];
  }
  std::vector<uint32_t> locals_of(const Types& list) {
    std::vector<uint32_t> out;
    for (const Type each : list) out.push_back(local(each));
    return out;
  }

  // --- Expressions

  Node node(Op op, Type type = I32, std::vector<Node> kids = {}) {
    Node out;
    out.op = op;
    out.type = type;
    out.kids = std::move(kids);
    return out;
  }
  Node with(Node out, uint32_t a, uint32_t b = 0) {
    out.a = a;
    out.b = b;
    return out;
  }
  Node get(Type type) {
    if (type == FuncRef && chance(30)) return with(node(Op::Get, type), f_->non_null_local);
    return with(node(Op::Get, type), local(type));
  }
  Node constant(Type type) {
    Node out = node(Op::Const, type);
    if (type <= V128) out.imm = chance(50) ? below(10) : random_() >> below(64);
    if (type == I32 || type == F32 || type == F64) out.imm &= 0xffff;
    return out;
  }
  std::vector<Node> expressions(const Types& list, uint32_t depth) {
    std::vector<Node> out;
    for (const Type each : list) out.push_back(expression(each, depth));
    return out;
  }
  Node expression(Type type, uint32_t depth) {
    if (budget_ > 0) --budget_;
    if (depth == 0 || budget_ == 0) return chance(75) ? get(type) : constant(type);
    --depth;
    if (chance(15)) return get(type);
    if (type <= V128 && chance(8)) {
      return node(Op::Select, type,
                  {expression(type, depth), expression(type, depth), expression(I32, depth)});
    }
    switch (type) {
    case I32: return i32(depth);
    case I64: return i64(depth);
    case F32:
    case F64: return chance(60) ? node(Op::Convert, type, {expression(I32, depth)}) : get(type);
    case V128: return chance(60) ? node(Op::Splat, type, {expression(I64, depth)}) : get(type);
    case Extern: return external(depth);
    case Exn: return chance(90) ? get(type) : constant(type);
    default: return func_reference(type, depth);
    }
  }
  Node i32(uint32_t depth) {
    switch (below(7)) {
    case 0: return node(Op::Add, I32, {expression(I32, depth), expression(I32, depth)});
    case 1: return node(Op::Eqz, I32, {expression(I32, depth)});
    case 2: return node(Op::Wrap, I32, {expression(I64, depth)});
    case 3: {
      const Type of = pick<Type>({Extern, Exn, static_cast<Type>(FuncRef + below(kSignatures))});
      return node(Op::IsNull, of, {expression(of, depth)});
    }
    case 4: return node(Op::Identify, I32, {expression(Extern, depth)});
    case 5: return node(Op::Less, I32, {expression(I64, depth), expression(I64, depth)});
    default: return constant(I32);
    }
  }
  Node i64(uint32_t depth) {
    switch (below(11)) {
    case 0: return node(Op::Add, I64, {expression(I64, depth), expression(I64, depth)});
    case 1: return node(Op::Multiply, I64, {expression(I64, depth), expression(I64, depth)});
    case 2: return node(Op::Extend, I64, {expression(I32, depth)});
    case 3: return node(Op::GetOwn, I64);
    case 4: return node(Op::Load, I64);
    case 5: return with(node(Op::Lane, I64, {expression(V128, depth)}), below(2));
    case 6:
    case 7: {
      Node out = call({I64}, depth);
      out.op = Op::CallValue;
      return out;
    }
    case 8: return host(depth);
    case 9: {
      Node out = node(Op::BlockValue, I64, {expression(I64, depth)});
      out.bodies.push_back(statements(1 + below(2)));
      return out;
    }
    default: return constant(I64);
    }
  }
  Node host(uint32_t depth) {
    // The element that the host may call is of the first signature, mostly.
    const uint32_t element = chance(97) ? below(2) * kFuncs + below(3) : kTableSize - 1;
    return with(node(Op::HostValue, I64, {expression(I64, depth)}), below(5), element);
  }
  Node external(uint32_t depth) {
    switch (below(6)) {
    case 0:
    case 1:
    case 2: return node(Op::MakeExtern, Extern, {expression(I32, depth)});
    case 3: return node(Op::GetGlobal, Extern);
    case 4: return with(node(Op::TableGet, Extern), below(kExternTableSize));
    default: return node(Op::NonNullOr, Extern, {expression(Extern, depth), external_new()});
    }
  }
  Node external_new() { return node(Op::MakeExtern, Extern, {constant(I32)}); }
  Node func_reference(Type type, uint32_t depth) {
    std::vector<uint32_t> fitting;
    for (uint32_t i = 0; i < kFuncs; ++i) {
      if (p_.functions[i].signature + FuncRef == type) fitting.push_back(i);
    }
    if (fitting.empty()) return chance(80) ? get(type) : constant(type);
    Node made = with(node(Op::RefFunc, type), fitting[below(fitting.size())]);
    switch (below(4)) {
    case 0: return node(Op::NonNullOr, type, {expression(type, depth), std::move(made)});
    case 1: return node(Op::AsNonNull, type, {std::move(made)});
    default: return made;
    }
  }

  // --- Calls

  /// Of some function with these results; there always is one.
  Node call(const Types& results, uint32_t depth) {
    std::vector<uint32_t> fitting;
    for (uint32_t i = 0; i < kFuncs; ++i) {
      if (p_.signatures[p_.functions[i].signature].results == results) fitting.push_back(i);
    }
    const uint32_t func = fitting[below(fitting.size())];
    const uint32_t signature = p_.functions[func].signature;
    Node out =
        node(Op::Call, I64, expressions(p_.signatures[signature].params, std::min(depth, 1u)));
    out.b = signature;
    switch (below(signature == 0 ? 5 : 4)) {
    case 0:
      out.call = CallKind::Direct;
      out.a = func;
      break;
    case 1:
    case 2:
      out.call = CallKind::Indirect;
      out.a = chance(98) ? func + kFuncs * below(2) : below(kTableSize + 1);
      break;
    case 3: {
      out.call = CallKind::Ref;
      const auto type = static_cast<Type>(FuncRef + signature);
      Node target = with(node(Op::RefFunc, type), func);
      if (chance(60)) target = node(Op::NonNullOr, type, {get(type), std::move(target)});
      if (chance(3)) target = get(type);
      out.kids.push_back(std::move(target));
      break;
    }
    default:
      out.call = CallKind::OwnTable;
      out.a = below(kOwnTableSize + 1);
      break;
    }
    return out;
  }

  // --- Statements

  std::vector<Node> statements(uint32_t count) {
    std::vector<Node> out;
    for (; count > 0 && budget_ > 0; --count) {
      --budget_;
      out.push_back(statement());
    }
    return out;
  }
  Node mix() { return node(Op::Mix, I64, {mixed(type(kSignatures), 3)}); }
  /// Any value as an i64.
  Node mixed(Type of, uint32_t depth) {
    switch (of) {
    case I64: return expression(I64, depth);
    case F64: return node(Op::Bits, F64, {expression(F64, depth)});
    case V128: return with(node(Op::Lane, I64, {expression(V128, depth)}), below(2));
    case I32: return node(Op::Extend, I64, {expression(I32, depth)});
    case F32: return node(Op::Extend, I64, {node(Op::Bits, F32, {expression(F32, depth)})});
    case Extern: return node(Op::Extend, I64, {node(Op::Identify, I32, {expression(of, depth)})});
    default: return node(Op::Extend, I64, {node(Op::IsNull, of, {expression(of, depth)})});
    }
  }
  Node set() {
    const Type any = type(kSignatures);
    Node value = expression(any, 3);
    return with(node(Op::Set, any, {std::move(value)}), local(any));
  }
  Node statement() {
    const bool nests = labels_.size() < 6;
    switch (below(nests ? 24 : 16)) {
    case 0:
    case 1: return mix();
    case 2:
    case 3: return set();
    case 4: return node(Op::SetOwn, I64, {expression(I64, 2)});
    case 5: return node(Op::Store, I64, {expression(I64, 2)});
    case 6:
      if (chance(50)) return node(Op::SetGlobal, Extern, {expression(Extern, 2)});
      return with(node(Op::TableSet, Extern, {expression(Extern, 2)}), below(kExternTableSize));
    case 7: return branch();
    case 8:
    case 9: {
      const Signature& to = p_.signatures[p_.functions[below(kFuncs)].signature];
      Node out = call(to.results, 2);
      out.locals = locals_of(to.results);
      return out;
    }
    case 10: {
      Node out = call(p_.signatures[f_->signature].results, 2);
      out.op = Op::ReturnCall;
      out.kids.push_back(expression(I32, 1));
      return out;
    }
    case 11: {
      Node out = node(Op::Return, I64, expressions(p_.signatures[f_->signature].results, 1));
      out.kids.push_back(rarely());
      return out;
    }
    case 12:
    case 13: {
      const uint32_t tag = below(kTags + 1);
      Node out = with(node(Op::Throw, I64, expressions(p_.tags[tag], 2)), tag);
      out.kids.push_back(rarely());
      return out;
    }
    case 14: return with(node(Op::ThrowRef), local(Exn));
    case 15: return rethrow();
    case 16:
    case 17: return block();
    case 18: return if_else();
    case 19: return loop();
    case 20: return delegate();
    case 21: return handled(Op::Try);
    default: return handled(Op::TryTable);
    }
  }
  /// A condition that holds about every third time.
  Node rarely() {
    return node(Op::Less, I32,
                {node(Op::Multiply, I64, {expression(I64, 1), constant(I64)}),
                 with_imm(constant(I64), uint64_t{1} << 62)});
  }
  Node with_imm(Node out, uint64_t imm) {
    out.imm = imm;
    return out;
  }
  Node branch() {
    std::vector<uint32_t> targets;
    for (const Label& label : labels_) {
      if (label.kind == LabelKind::Block) targets.push_back(label.id);
    }
    if (targets.empty()) return mix();
    const uint32_t target = targets[below(targets.size())];
    switch (below(3)) {
    case 0: return with(node(Op::Branch, I32, {rarely()}), target);
    case 1: {
      Node out = node(Op::BranchTable, I32, {expression(I32, 2), rarely()});
      for (uint32_t i = 1 + below(3); i > 0; --i) {
        out.locals.push_back(targets[below(targets.size())]);
      }
      return out;
    }
    default: {
      const Type of = chance(50) ? Extern : static_cast<Type>(FuncRef + below(kSignatures));
      Node value = expression(of, 2);
      return with(node(Op::BranchNull, of, {std::move(value)}), target, local(of));
    }
    }
  }
  Node rethrow() {
    for (const Label& label : labels_) {
      if (label.kind == LabelKind::Handler) {
        return with(node(Op::Rethrow, I32, {rarely()}), label.id);
      }
    }
    return mix();
  }
  std::vector<Node> inside(uint32_t id, LabelKind kind, uint32_t count) {
    labels_.push_back({id, kind});
    std::vector<Node> out = statements(count);
    labels_.pop_back();
    return out;
  }
  Node block() {
    const uint32_t id = next_label_++;
    Node out = with(node(Op::Block), id);
    out.bodies.push_back(inside(id, LabelKind::Block, 2 + below(3)));
    return out;
  }
  Node if_else() {
    Node out = node(Op::If, I32, {expression(I32, 2)});
    out.bodies.push_back(statements(1 + below(3)));
    out.bodies.push_back(statements(below(3)));
    return out;
  }
  Node loop() {
    if (loops_ == 2) return mix();
    ++loops_;
    const uint32_t counter = add_local(I32);
    counters_.push_back(counter);
    Node out = with(node(Op::Loop), counter, 1 + below(4));
    out.bodies.push_back(statements(1 + below(3)));
    --loops_;
    counters_.pop_back();
    return out;
  }
  Node delegate() {
    std::vector<uint32_t> targets = {kCaller};
    for (const Label& label : labels_) targets.push_back(label.id);
    Node out = with(node(Op::Delegate), targets[below(targets.size())]);
    out.bodies.push_back(statements(1 + below(3)));
    return out;
  }
  Node handled(Op op) {
    const bool is_legacy = op == Op::Try;
    const uint32_t id = next_label_++;
    Node out = with(node(op), id);
    out.bodies.push_back(inside(id, is_legacy ? LabelKind::Try : LabelKind::Block, 1 + below(3)));
    for (uint32_t count = below(4); count > 0; --count) {
      Handler handler;
      handler.kind = static_cast<CatchKind>(below(4));
      const bool is_all = handler.kind >= CatchKind::All;
      if (is_legacy) handler.kind = is_all && count == 1 ? CatchKind::All : CatchKind::Tag;
      handler.tag = below(kTags + 1);
      if (handler.kind <= CatchKind::TagRef) handler.locals = locals_of(p_.tags[handler.tag]);
      if (handler.kind == CatchKind::TagRef || handler.kind == CatchKind::AllRef) {
        handler.locals.push_back(local(Exn));
      }
      out.handlers.push_back(handler);
      out.bodies.push_back(inside(id, is_legacy ? LabelKind::Handler : LabelKind::Block, below(3)));
      out.bodies.back().insert(out.bodies.back().begin(), mix());
    }
    return out;
  }

  std::mt19937_64 random_;
  Program p_;
  Function* f_ = nullptr;
  std::vector<Label> labels_;
  std::vector<uint32_t> counters_;
  uint32_t next_label_ = 0;
  uint32_t loops_ = 0;
  uint32_t budget_ = 0;
};

}  // namespace

Program random_program(uint64_t seed) { return Generator(seed).run(); }

}  // namespace sluice::flow
