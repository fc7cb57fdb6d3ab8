// Writes a program as the text of two modules, in the stack order of the instructions.
#include "tests/unit/runtime/flow/flow_program.h"

namespace sluice::flow {
namespace {

std::string number(uint64_t value) { return std::to_string(value); }

std::string text_of(Type type) {
  constexpr const char* kNames[] = {"i32", "i64", "f32", "f64", "v128", "externref", "exnref"};
  if (type < FuncRef) return kNames[type];
  return "(ref null $s" + number(type - FuncRef) + ")";
}
std::string list(const char* word, const Types& types) {
  std::string out;
  for (const Type each : types) out += std::string(" (") + word + " " + text_of(each) + ")";
  return out;
}
std::string heap_type(Type type) {
  if (type == Extern) return "extern";
  return type == Exn ? "exn" : "$s" + number(type - FuncRef);
}
std::string label(uint32_t id) { return "$L" + number(id); }
std::string tag(uint32_t index) { return "$t" + number(index); }

class Writer {
 public:
  explicit Writer(const Program& program) : p_(program) {}

  std::string module() {
    line("(module");
    types();
    for (uint32_t i = 0; i < kTags; ++i) {
      line("(import \"base\" \"t" + number(i) + "\" (tag " + tag(i) + list("param", p_.tags[i]) +
           "))");
    }
    line("(import \"base\" \"h\" (global $h (mut i64)))");
    line("(import \"base\" \"fuel\" (global $fuel (mut i32)))");
    line("(import \"base\" \"g\" (global $g (mut externref)))");
    line("(import \"base\" \"table\" (table $table " + number(kTableSize) + " funcref))");
    line("(import \"base\" \"externs\" (table $externs " + number(kExternTableSize) +
         " externref))");
    line("(import \"env\" \"make\" (func $make (param i32) (result externref)))");
    line("(import \"env\" \"identify\" (func $identify (param externref) (result i32)))");
    line("(import \"env\" \"host\" (func $host (param i32 i32 i64) (result i64)))");
    line("(tag " + tag(kOwnTag) + " (export \"own tag\") (param i64))");
    line("(global $own (export \"own\") (mut i64) (i64.const 0))");
    line("(memory (export \"memory\") 1)");
    line("(table $own_table " + number(kOwnTableSize) + " (ref $s0) (ref.func $f" +
         number(p_.own_table_init) + "))");
    for (uint32_t i = 0; i + 1 < p_.own_table.size(); ++i) {
      line("(elem (table $own_table) (i32.const " + number(i) + ") (ref $s0) (ref.func $f" +
           number(p_.own_table[i]) + "))");
    }
    for (uint32_t i = 0; i < kFuncs; ++i) function(i);
    line(")");
    return std::move(out_);
  }

  std::string base() {
    line("(module");
    types();
    for (uint32_t i = 0; i < kTags; ++i) {
      line("(tag (export \"t" + number(i) + "\")" + list("param", p_.tags[i]) + ")");
    }
    line("(global (export \"h\") (mut i64) (i64.const 0))");
    line("(global (export \"fuel\") (mut i32) (i32.const " + number(kFuel) + "))");
    line("(global (export \"g\") (mut externref) (ref.null extern))");
    line("(table (export \"table\") " + number(kTableSize) + " funcref)");
    line("(table (export \"externs\") " + number(kExternTableSize) + " externref))");
    return std::move(out_);
  }

 private:
  void line(const std::string& text) {
    out_ += text;
    out_ += '\n';
  }
  void types() {
    for (uint32_t i = 0; i < kSignatures; ++i) {
      const Signature& s = p_.signatures[i];
      line("(type $s" + number(i) + " (func" + list("param", s.params) + list("result", s.results) +
           "))");
    }
  }

  void function(uint32_t index) {
    const Function& f = p_.functions[index];
    const Signature& s = p_.signatures[f.signature];
    line("(func $f" + number(index) + " (export \"f" + number(index) + "\") (type $s" +
         number(f.signature) + ")");
    for (size_t i = s.params.size(); i < f.locals.size(); ++i) {
      line(i == f.non_null_local ? "(local (ref $s0))" : "(local " + text_of(f.locals[i]) + ")");
    }
    line("global.get $fuel i32.eqz if");
    for (const Type each : s.results) constant(each, 0);
    line("return end");
    line("global.get $fuel i32.const 1 i32.sub global.set $fuel");
    line("ref.func $f0");
    set(f.non_null_local);
    line("block $all" + list("result", s.results));  // what `delegate` to the caller names
    write(f.body);
    write(f.results);
    line("end)");
  }

  void write(const std::vector<Node>& nodes) {
    for (const Node& each : nodes) write(each);
  }
  void kids_but(const Node& n, size_t last) {
    for (size_t i = 0; i + last < n.kids.size(); ++i) write(n.kids[i]);
  }
  void set(uint32_t local) { line("local.set " + number(local)); }
  /// Pops values into these, the last first.
  void set_all(const std::vector<uint32_t>& locals) {
    for (size_t i = locals.size(); i > 0; --i) set(locals[i - 1]);
  }

  void constant(Type type, uint64_t imm) {
    const std::string value = number(imm);
    switch (type) {
    case I32: return line("i32.const " + value);
    case I64: return line("i64.const " + value);
    case F32: return line("f32.const " + value);
    case F64: return line("f64.const " + value);
    case V128: return line("v128.const i64x2 " + value + " " + number(imm / 2));
    default: return line("ref.null " + heap_type(type));
    }
  }

  void write(const Node& n) {
    const std::string a = number(n.a);
    const char* prefix = n.type == I32   ? "i32"
                         : n.type == I64 ? "i64"
                         : n.type == F32 ? "f32"
                                         : "f64";
    if (n.op >= Op::Mix) return statement(n);
    switch (n.op) {
    case Op::Const: return constant(n.type, n.imm);
    case Op::NonNullOr:
      line("block $N (result " + text_of(n.type) + ")");
      write(n.kids[0]);
      line("br_on_non_null $N");
      write(n.kids[1]);
      return line("end");
    case Op::BlockValue:
      line("block (result i64)");
      write(n.bodies[0]);
      write(n.kids[0]);
      return line("end");
    case Op::CallValue: return call(n, 0);
    case Op::HostValue:
      line("i32.const " + a + " i32.const " + number(n.b));
      write(n.kids[0]);
      return line("call $host");
    default: break;
    }
    write(n.kids);
    switch (n.op) {
    case Op::Get: return line("local.get " + a);
    case Op::Add: return line(std::string(prefix) + ".add");
    case Op::Multiply: return line("i64.mul");
    case Op::Eqz: return line("i32.eqz");
    case Op::Wrap: return line("i32.wrap_i64");
    case Op::Extend: return line("i64.extend_i32_u");
    case Op::Less: return line("i64.lt_u");
    case Op::Convert: return line(std::string(prefix) + ".convert_i32_s");
    case Op::Splat: return line("i64x2.splat");
    case Op::Lane: return line("i64x2.extract_lane " + a);
    case Op::Bits: return line(n.type == F32 ? "i32.reinterpret_f32" : "i64.reinterpret_f64");
    case Op::IsNull: return line("ref.is_null");
    case Op::Identify: return line("call $identify");
    case Op::MakeExtern: return line("call $make");
    case Op::GetOwn: return line("global.get $own");
    case Op::Load: return line("i32.const 8 i64.load");
    case Op::GetGlobal: return line("global.get $g");
    case Op::TableGet: return line("i32.const " + a + " table.get $externs");
    case Op::RefFunc: return line("ref.func $f" + a);
    case Op::AsNonNull: return line("ref.as_non_null");
    case Op::Select: return line("select");
    default: return;
    }
  }

  void call(const Node& n, size_t behind, const std::string& how = "call") {
    kids_but(n, behind);
    const std::string a = number(n.a), type = " (type $s" + number(n.b) + ")";
    switch (n.call) {
    case CallKind::Direct: return line(how + " $f" + a);
    case CallKind::Indirect: return line("i32.const " + a + " " + how + "_indirect $table" + type);
    case CallKind::OwnTable:
      return line("i32.const " + a + " " + how + "_indirect $own_table" + type);
    case CallKind::Ref: return line(how + "_ref $s" + number(n.b));
    }
  }

  /// A condition, and what is done if it holds.
  template <class Then>
  void when(const Node& n, Then then) {
    write(n.kids.back());
    line("if");
    then();
    line("end");
  }

  void statement(const Node& n) {
    const std::string a = number(n.a);
    switch (n.op) {
    case Op::Mix:
      write(n.kids);
      return line("global.get $h i64.xor i64.const 31 i64.mul i64.const 13 i64.rotl global.set $h");
    case Op::Set: write(n.kids); return set(n.a);
    case Op::SetOwn: write(n.kids); return line("global.set $own");
    case Op::Store:
      line("i32.const 8");
      write(n.kids);
      return line("i64.store");
    case Op::SetGlobal: write(n.kids); return line("global.set $g");
    case Op::TableSet:
      line("i32.const " + a);
      write(n.kids);
      return line("table.set $externs");
    case Op::If:
      write(n.kids);
      line("if");
      write(n.bodies[0]);
      line("else");
      write(n.bodies[1]);
      return line("end");
    case Op::Block:
      line("block " + label(n.a));
      write(n.bodies[0]);
      return line("end");
    case Op::Loop:
      line("i32.const " + number(n.b));
      set(n.a);
      line("loop $loop");
      write(n.bodies[0]);
      return line("local.get " + a + " i32.const 1 i32.sub local.tee " + a + " br_if $loop end");
    case Op::Branch: write(n.kids); return line("br_if " + label(n.a));
    case Op::BranchTable:
      return when(n, [&] {
        kids_but(n, 1);
        std::string to = "br_table";
        for (const uint32_t each : n.locals) to += " " + label(each);
        line(to);
      });
    case Op::BranchNull:
      write(n.kids);
      line("br_on_null " + label(n.a));
      return set(n.b);
    case Op::Call: call(n, 0); return set_all(n.locals);
    case Op::ReturnCall: return when(n, [&] { call(n, 1, "return_call"); });
    case Op::Return:
      return when(n, [&] {
        kids_but(n, 1);
        line("return");
      });
    case Op::Throw:
      return when(n, [&] {
        kids_but(n, 1);
        line("throw " + tag(n.a));
      });
    case Op::ThrowRef:
      line("local.get " + a + " ref.is_null i32.eqz if");
      return line("local.get " + a + " throw_ref end");
    case Op::Rethrow: return when(n, [&] { line("rethrow " + label(n.a)); });
    default: return handlers(n);
    }
  }

  void handlers(const Node& n) {
    switch (n.op) {
    case Op::TryTable: return try_table(n);
    case Op::Delegate:
      line("try");
      write(n.bodies[0]);
      return line(n.a == kCaller ? "delegate $all" : "delegate " + label(n.a));
    default: break;
    }
    line("try " + label(n.a));
    write(n.bodies[0]);
    for (size_t i = 0; i < n.handlers.size(); ++i) {
      const Handler& h = n.handlers[i];
      line(h.kind == CatchKind::All ? "catch_all" : "catch " + tag(h.tag));
      set_all(h.locals);
      write(n.bodies[i + 1]);
    }
    line("end");
  }

  void try_table(const Node& n) {
    line("block " + label(n.a));
    std::string clauses = "try_table";
    const std::string handler = "$H" + number(n.a) + "_";
    for (size_t i = n.handlers.size(); i > 0; --i) {
      const Handler& h = n.handlers[i - 1];
      const bool has_tag = h.kind <= CatchKind::TagRef;
      const bool has_ref = h.kind == CatchKind::TagRef || h.kind == CatchKind::AllRef;
      line("block " + handler + number(i) + (has_tag ? list("result", p_.tags[h.tag]) : "") +
           (has_ref ? " (result exnref)" : ""));
    }
    for (size_t i = 1; i <= n.handlers.size(); ++i) {
      const Handler& h = n.handlers[i - 1];
      const bool has_ref = h.kind == CatchKind::TagRef || h.kind == CatchKind::AllRef;
      clauses += std::string(" (catch") + (h.kind >= CatchKind::All ? "_all" : "") +
                 (has_ref ? "_ref " : " ") + (h.kind >= CatchKind::All ? "" : tag(h.tag) + " ") +
                 handler + number(i) + ")";
    }
    line(clauses);
    write(n.bodies[0]);
    line("end br " + label(n.a));
    for (size_t i = 0; i < n.handlers.size(); ++i) {
      line("end");
      set_all(n.handlers[i].locals);
      write(n.bodies[i + 1]);
      line("br " + label(n.a));
    }
    line("end");
  }

  const Program& p_;
  std::string out_;
};

}  // namespace

std::string base_text(const Program& program) { return Writer(program).base(); }
std::string flow_text(const Program& program) { return Writer(program).module(); }

}  // namespace sluice::flow
