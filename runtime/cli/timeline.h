// A stream's way to a running program as a picture: bytes in, sections, what each thread did, and
// when the module was ready and first called. SVG without anything from elsewhere, for light and
// dark backgrounds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/cli/sections.h"
#include "runtime/cli/stream_recorder.h"

namespace sluice::cli {

struct TimelineFacts {
  std::string title;  // the module's name
  std::string how;    // "2 workers, adaptive, 12.5 MB/s"
  uint32_t functions = 0;
  uint64_t code_bytes = 0;  // of function bodies
  std::vector<SectionBytes> sections;
};

/// Of a stream that has succeeded.
std::string draw_timeline(const TimelineFacts& facts, const StreamRecorder& recorder);

}  // namespace sluice::cli
