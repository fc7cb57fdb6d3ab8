#include "runtime/store/trap_report.h"

#include <charconv>

#include "engine/base/printable.h"
#include "jit/pipeline/compiled_module.h"

namespace sluice {
namespace {

void append_hex(String& out, uint64_t value) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  out += "0x";
  out.append(digits, end);
}

void append_source(String& out, const SourceLine& source) {
  if (source.line == 0) return;
  out += " at ";
  append_printable(out, path_of(source));
  out += ':';
  out += decimal(source.line);
  if (source.column == 0) return;
  out += ':';
  out += decimal(source.column);
}

void append_frame(String& out, size_t number, const Frame& frame) {
  const String index = decimal(number);
  out += "\n ";
  out.append(index.size() < 3 ? 3 - index.size() : 0, ' ');
  out += index;
  out += ": ";
  if (frame.is_host()) {
    out += "host function";
    return;
  }
  if (frame.func_name.empty()) {
    out += "func[";
    out += decimal(raw(frame.func));
    out += ']';
  } else {
    append_printable(out, frame.func_name);
  }
  if (frame.wasm_offset != kNoOffset) {
    out += " @ ";
    append_hex(out, frame.wasm_offset);
  }
  append_source(out, frame.source());
}

}  // namespace

SourceLine Frame::source() const {
  return is_host() ? SourceLine{} : module->source_line(wasm_offset);
}

std::span<const Frame> Trap::frames() const {
  if (resolved_) return frames_;
  resolved_ = true;
  frames_.reserve(raw_frames_.size());
  for (const RawFrame& raw_frame : raw_frames_) {
    Frame frame;
    frame.module = raw_frame.module;
    if (frame.module != nullptr) {
      frame.func = raw_frame.func;
      frame.func_name = String(frame.module->func_name(frame.func));
      frame.wasm_offset = frame.module->wasm_offset(frame.func, raw_frame.code_offset);
    }
    frames_.push_back(std::move(frame));
  }
  return frames_;
}

String Trap::to_text() const {
  String out;
  append_printable(out, reason());
  const std::span<const Frame> all = frames();
  for (size_t i = 0; i < all.size(); ++i) append_frame(out, i, all[i]);
  if (omitted_frames_ != 0) {
    out += "\n      ";
    out += decimal(omitted_frames_);
    out += " more";
  }
  return out;
}

String Failure::message() const { return trap != nullptr ? trap->to_text() : error.message(); }

}  // namespace sluice
