// What `perf` reads about code that is made at run time: jitdump files, or maps of names.
//
// A jitdump (tools/perf/Documentation/jitdump-specification.txt in Linux) holds the code itself
// with names and source lines, to be merged into a recording by `perf inject --jit`. A perf map is
// a text of addresses and names, which `perf report` reads by itself.
//
// The files are the process's, whatever number of engines writes them: their names have its number
// in them. A child of fork writes none.
#pragma once

#include <memory>

#include "engine/base/result.h"
#include "jit/debug/code_sink.h"

namespace sluice {

/// jit-PID.dump in the current directory, in the clock of `perf record -k mono`. A file of this
/// user that has the name already is replaced; Io if anything else has, or the file cannot be made.
Result<std::unique_ptr<CodeSink>> make_jit_dump();

/// /tmp/perf-PID.map. The same.
Result<std::unique_ptr<CodeSink>> make_perf_map();

}  // namespace sluice
