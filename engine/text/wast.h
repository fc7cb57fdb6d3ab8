// Scripts of the official test suites (.wast): commands as data.
//
// A script is modules, actions on their exports and assertions about both. The text of a module is
// only delimited here; encode() reads it, so that a module that is meant to be wrong spoils
// nothing. Running scripts is the runtime's (runtime/wast).
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/types.h"

namespace sluice {

enum class WastNan : uint8_t { None, Canonical, Arithmetic };

/// An argument, or what a result must be like.
struct WastValue {
  enum class Kind : uint8_t {
    Number,  // of `type`, a vector too
    Null,    // any null
    Ref,     // any reference of `heap` that is not null; the host's number `bits[0]` if has_host
    Either,  // one of `alternatives`
  };
  Kind kind = Kind::Number;
  ValType type;
  uint64_t bits[2] = {0, 0};
  uint8_t lane_bits = 0;  // Number: the width of what `nan` has an entry for
  WastNan nan[4] = {};    // by lane; a lane with a pattern has no bits
  AbsHeap heap = AbsHeap::Any;
  bool has_host = false;
  Vector<WastValue> alternatives;
};

struct WastAction {
  bool is_get = false;  // of a global; else a call
  String module;        // empty: the latest instance
  String field;
  Vector<WastValue> args;
};

struct WastModule {
  enum class Kind : uint8_t { Text, Quote, Binary };
  Kind kind = Kind::Text;
  String name;
  uint64_t begin = 0;  // Text: the range of the script
  uint64_t end = 0;
  String bytes;  // Quote: the text; Binary: the bytes
};

enum class WastKind : uint8_t {
  Module,
  ModuleDefinition,
  ModuleInstance,  // `name` is the instance, module.name the definition
  Register,        // of `name` as `text`
  Action,
  AssertReturn,
  AssertTrap,
  AssertExhaustion,
  AssertException,
  AssertInvalid,
  AssertMalformed,  // of custom annotations, too
  AssertUnlinkable,
  AssertUninstantiable,  // (assert_trap (module …))
  Thread,                // `name`, `commands`; module.name is shared with it
  Wait,                  // for the thread `name`
};

struct WastCommand {
  WastKind kind = WastKind::Action;
  uint64_t line = 1;
  String name;
  String text;  // of an assertion: what the error should say
  WastModule module;
  WastAction action;
  Vector<WastValue> expected;
  Vector<WastCommand> commands;
};

/// "assert_return", …: the word of a command.
std::string_view wast_word(WastKind kind);

/// The commands of a script; a script that is the fields of a module is one command.
Result<Vector<WastCommand>> parse_wast(std::string_view source);

/// The bytes of a module of the script `source`.
Result<Vector<uint8_t>> encode(std::string_view source, const WastModule& module);

}  // namespace sluice
