// Machine code as text that is the same everywhere: addresses are labels, callees are names, fields
// of the instance and constants are spelled out.
//
// The disassembler is Zydis, used by the golden tests alone; built without it, nothing can be
// listed.
#pragma once

#include <string>
#include <vector>

#include "engine/wasm/module.h"
#include "jit/code/code_object.h"

namespace sluice::golden {

/// Whether there is a disassembler.
bool can_list();

/// The lines of one function, without indentation; `entry` is one of `batch`.
std::vector<std::string> list_function(const Module& module, const CodeBatch& batch,
                                       const CodeEntry& entry);

}  // namespace sluice::golden
