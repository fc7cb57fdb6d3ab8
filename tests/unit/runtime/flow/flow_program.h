// Random programs about control that leaves functions: exceptions of both kinds, tail calls, calls
// through tables and references, references that must survive all of that, and host functions that
// throw, call back, pass failures on and swallow them.
//
// A program is a tree, made by FlowGenerator, written as text for the engine by flow_text() and
// run by FlowModel, which follows the specification and knows nothing of machines. Two instances of
// the module share tags, tables and two globals: a hash of all that was computed, in order, and a
// count of the calls that are left, so that every program ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::flow {

/// From FuncRef on: a nullable reference to functions of signature `type - FuncRef`.
enum Type : uint8_t { I32, I64, F32, F64, V128, Extern, Exn, FuncRef };

using Types = std::vector<Type>;

struct Signature {
  Types params;
  Types results;
  bool operator==(const Signature&) const = default;
};

constexpr uint32_t kFuncs = 8;       // of a module; the first is where the host begins
constexpr uint32_t kSignatures = 6;  // the first is (i64) → i64; params may name earlier ones
constexpr uint32_t kTags = 4;        // shared; the first and the last are (i64)
constexpr uint32_t kOwnTag = kTags;  // (i64), another one in each instance
constexpr uint32_t kOwnTableSize = 3;
constexpr uint32_t kFuel = 150;
/// The shared table: functions of the first instance, of the second, and two nulls.
constexpr uint32_t kTableSize = 2 * kFuncs + 2;
constexpr uint32_t kExternTableSize = 3;

enum class Op : uint8_t {
  // Expressions: one value each.
  Const,       // imm
  Get,         // local a
  Add,         // of i32 or i64
  Multiply,    // of i64
  Eqz,         // i32
  Wrap,        // i64 → i32
  Extend,      // i32 → i64, unsigned
  Less,        // i64s → i32, unsigned
  Convert,     // i32 → f32 or f64, signed
  Splat,       // i64 → v128
  Lane,        // a of a v128 → i64
  Bits,        // of an f32 as i32, of an f64 as i64
  IsNull,      // any reference → i32
  Identify,    // externref → i32: what the host made it of, 0 for null
  MakeExtern,  // i32 → externref
  GetOwn,      // the instance's i64
  Load,        // the instance's word of memory
  GetGlobal,   // the shared externref
  TableGet,    // externref a of the shared table
  RefFunc,     // function a
  NonNullOr,   // the first operand, or the second if that is null
  AsNonNull,   // may trap
  Select,      // of numbers: first, second, condition
  CallValue,   // a call with one result
  HostValue,   // host function: mode a, table index b, an i64 → i64
  BlockValue,  // body, then a value
  // Statements.
  Mix,  // into the hash
  Set,  // local a
  SetOwn,
  Store,
  SetGlobal,
  TableSet,  // element a
  If,        // bodies: then, else
  Block,     // label a, which branches leave
  Loop,      // b turns, counted in local a
  Branch,    // to label a, if
  BranchTable,
  BranchNull,  // to label a if the operand is null; else local b becomes it
  Call,        // results go to `locals`
  ReturnCall,  // if
  Return,      // if
  Throw,       // tag a, if
  ThrowRef,    // local a, if it is not null
  Rethrow,     // what the handler of legacy try a caught, if
  TryTable,    // label a for those behind it; bodies: the guarded, then one per handler
  Try,         // the same; label a is the try's
  Delegate,    // try … delegate a; kCaller: to the caller
};

constexpr uint32_t kCaller = ~uint32_t{0};

enum class CallKind : uint8_t { Direct, Indirect, OwnTable, Ref };

enum class CatchKind : uint8_t { Tag, TagRef, All, AllRef };

struct Handler {
  CatchKind kind = CatchKind::All;
  uint32_t tag = 0;
  std::vector<uint32_t> locals;  // for the values and then the exnref
};

struct Node {
  Op op = Op::Const;
  Type type = I32;  // of an expression; of the operand for IsNull and Bits
  uint32_t a = 0;
  uint32_t b = 0;
  uint64_t imm = 0;
  CallKind call = CallKind::Direct;  // a: function, table element, or for Ref the signature
  std::vector<Node> kids;            // for conditions and calls: the condition or reference is last
  std::vector<std::vector<Node>> bodies;
  std::vector<uint32_t> locals;  // or labels
  std::vector<Handler> handlers;
};

struct Function {
  uint32_t signature = 0;
  Types locals;                 // parameters first
  uint32_t non_null_local = 0;  // of type (ref $s0), which the first statement sets
  std::vector<Node> body;       // statements
  std::vector<Node> results;    // expressions
};

struct Program {
  std::vector<Signature> signatures;
  std::vector<Types> tags;  // kTags + 1
  std::vector<Function> functions;
  std::vector<uint32_t> own_table;  // functions of signature 0
  uint32_t own_table_init = 0;      // likewise
};

Program random_program(uint64_t seed);
/// What the two instances share, and the module of which they are instances.
std::string base_text(const Program& program);
std::string flow_text(const Program& program);

}  // namespace sluice::flow
