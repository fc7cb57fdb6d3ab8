// StreamDecoder: turns bytes that arrive when they like into a Module (spec 5.5.16).
//
// Push style: feed() takes any piece, however small. Sections are parsed when their last byte is
// there; but each function body is announced the moment it is complete, and data segments, which
// are often all that comes behind the code, are parsed while they arrive. The error, if any,
// depends on the bytes alone: not on how they were cut. Bodies themselves are not looked at, which
// is the listener's part.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "engine/base/result.h"
#include "engine/binary/sections.h"
#include "engine/binary/wire_bytes.h"
#include "engine/wasm/module.h"

namespace sluice {

/// Who is told what has arrived. Called on the feeding thread, from inside feed() and finish().
class DecoderEvents {
 public:
  virtual ~DecoderEvents() = default;
  /// All that the validation of bodies needs is there and will not change. Once per module, before
  /// the first body; also if there are no bodies. The module outlives the decoder only if somebody
  /// holds StreamDecoder::module().
  virtual void sections_before_code(const Module& module) = 0;
  /// A body is complete; in order.
  virtual void body(const FuncBody& body) = 0;
  /// Some bytes of this body are there, but not all. Comes with each feed of it; body() need not
  /// follow. For those who would rather not wait.
  virtual void body_arriving(const FuncBody&) {}
  /// The stream ended inside this body, of which `body.range` is there. An error in those bytes
  /// precedes the decoder's own, which is that the end is unexpected. From finish() only.
  virtual void truncated_body(const FuncBody& body) = 0;
};

/// Not thread-safe. Offsets of errors count from the start of the stream.
///
/// The error of a stream is that of its first bad byte, as far as the bytes tell: where the stream
/// ends inside an item, what is there of it is still read, and only if nothing is wrong with it the
/// error is UnexpectedEnd, at the stream's end.
class StreamDecoder {
 public:
  /// `whole_bytes`: the size of a module all of which will be fed at once.
  StreamDecoder(Features features, std::shared_ptr<TypeRegistry> registry, DecoderEvents& events,
                std::optional<size_t> whole_bytes = {});
  StreamDecoder(const StreamDecoder&) = delete;
  StreamDecoder& operator=(const StreamDecoder&) = delete;
  ~StreamDecoder();

  /// Takes the next bytes. After an error, returns it again.
  Result<void> feed(std::span<const uint8_t> bytes);
  /// The stream has ended. The module is complete and immutable; its bodies are as unchecked as
  /// before.
  Result<std::shared_ptr<Module>> finish();

  /// The module so far; null if there was no memory for its bytes.
  const std::shared_ptr<Module>& module() const { return module_; }
  uint64_t bytes_received() const { return module_ ? module_->wire->size() : 0; }
  /// Of the code section; 0 until it is known.
  uint32_t declared_bodies() const { return declared_bodies_; }

 private:
  enum class State : uint8_t {
    Header,
    SectionHeader,
    SectionPayload,
    CodeCount,
    Body,
    DataCount,
    Data,
    Done,
    Failed
  };
  // What a step did.
  enum class Step : uint8_t { Advanced, NeedsBytes, Failed };

  Result<void> advance();
  Step step();
  Step read_header();
  Step read_section_header();
  Step read_section_payload();
  Step read_code_count();
  Step read_body();
  Step read_data_count();
  Step read_data();
  // All items of a section have been read: its size has to say the same.
  Step end_items();

  void finish_truncated();
  void finish_truncated_header();
  void check_complete();
  bool check_section_order(uint8_t id, uint64_t offset);
  void announce_sections();
  // A reader over the bytes that are there of [pos_, end of the section).
  ByteReader section_reader() const;
  uint64_t available() const { return bytes_received() - pos_; }
  Step fail(Error error);
  Step fail_at(ErrorKind kind, uint64_t offset);

  DecoderEvents& events_;
  std::shared_ptr<Module> module_;
  std::optional<SectionParser> parser_;
  State state_ = State::Header;
  uint64_t pos_ = 0;  // of the item being waited for
  SectionId section_ = SectionId::Custom;
  uint64_t section_end_ = 0;
  uint8_t last_rank_ = 0;  // of the last non-custom section, in the order of spec 5.5.2
  bool has_code_section_ = false;
  bool has_data_section_ = false;
  bool announced_ = false;
  uint32_t declared_bodies_ = 0;
  uint32_t declared_datas_ = 0;
  bool has_more_ = false;   // feed() holds bytes that have not been taken yet
  uint64_t enough_at_ = 0;  // bytes received when the next data segment is tried again
  Error error_{};
};

/// Decodes one complete module; the bodies' ranges are in module->bodies, unchecked.
Result<std::shared_ptr<Module>> decode_module(std::span<const uint8_t> bytes, Features features,
                                              std::shared_ptr<TypeRegistry> registry);

}  // namespace sluice
