// The state machine over header, section id, length, payload, and body by body in the code section.
//
// Every step starts at pos_ and either consumes one item, or finds too few bytes and changes
// nothing: it is simply tried again when more have come. That is cheap, because an item's length is
// known after a few bytes, and it makes the result independent of the cuts.
#include "engine/binary/stream_decoder.h"

#include <algorithm>

#include "engine/wasm/limits.h"

namespace sluice {

namespace {

constexpr uint8_t kMagic[4] = {0x00, 'a', 's', 'm'};
constexpr uint8_t kVersion[4] = {0x01, 0x00, 0x00, 0x00};
constexpr uint8_t kComponentVersion[4] = {0x0d, 0x00, 0x01, 0x00};
constexpr uint64_t kHeaderBytes = 8;
// What feed() takes at once: the bodies in it are handed on while they are in the cache, and before
// all of a large module has been copied.
constexpr size_t kPieceBytes = size_t{128} << 10;

// spec 5.5.2: the place of each section id in a module; 0 for custom sections, which have none.
constexpr uint8_t kRanks[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6};
static_assert(std::size(kRanks) == kLastSectionId + 1);
constexpr uint8_t kCodeRank = kRanks[static_cast<size_t>(SectionId::Code)];

bool ran_out(const ByteReader& r) {
  return r.failed() && r.error().kind == ErrorKind::UnexpectedEnd;
}

}  // namespace

StreamDecoder::StreamDecoder(Features features, std::shared_ptr<TypeRegistry> registry,
                             DecoderEvents& events, std::optional<size_t> whole_bytes)
    : events_(events) {
  Result<std::shared_ptr<WireBytes>> wire =
      whole_bytes ? WireBytes::create_whole(*whole_bytes) : WireBytes::create();
  if (!wire) {
    fail(std::move(wire).error());
    return;
  }
  module_ = make_shared_heap<Module>();
  module_->features = features;
  module_->wire = *std::move(wire);
  module_->registry = std::move(registry);
  parser_.emplace(*module_);
}

StreamDecoder::~StreamDecoder() = default;

StreamDecoder::Step StreamDecoder::fail(Error error) {
  error_ = std::move(error);
  state_ = State::Failed;
  return Step::Failed;
}

StreamDecoder::Step StreamDecoder::fail_at(ErrorKind kind, uint64_t offset) {
  return fail(Error{kind, offset, {}});
}

Result<void> StreamDecoder::feed(std::span<const uint8_t> bytes) {
  if (state_ == State::Failed) return std::unexpected(error_);
  if (state_ == State::Done) return sluice::fail(ErrorKind::StreamState);
  WireBytes& wire = *module_->wire;
  wire.make_room(bytes.size());
  do {
    const std::span<const uint8_t> piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    bytes = bytes.subspan(piece.size());
    has_more_ = !bytes.empty();
    const size_t taken = wire.append(piece);
    TRY_VOID(advance());
    if (taken < piece.size()) {
      fail(wire.full_error());
      return std::unexpected(error_);
    }
  } while (has_more_);
  return {};
}

Result<void> StreamDecoder::advance() {
  for (;;) {
    switch (step()) {
    case Step::Advanced: break;
    case Step::NeedsBytes: return {};
    case Step::Failed: return std::unexpected(error_);
    }
  }
}

StreamDecoder::Step StreamDecoder::step() {
  switch (state_) {
  case State::Header: return read_header();
  case State::SectionHeader: return read_section_header();
  case State::SectionPayload: return read_section_payload();
  case State::CodeCount: return read_code_count();
  case State::Body: return read_body();
  case State::DataCount: return read_data_count();
  case State::Data: return read_data();
  case State::Done: return Step::NeedsBytes;
  case State::Failed: break;
  }
  return Step::Failed;
}

StreamDecoder::Step StreamDecoder::read_header() {
  const std::span<const uint8_t> bytes = module_->wire->view();
  for (size_t i = 0; i < std::min(bytes.size(), sizeof kMagic); ++i) {
    if (bytes[i] != kMagic[i]) return fail_at(ErrorKind::BadMagic, i);
  }
  // A component differs from a core module in three bytes together, so all have to be there.
  if (bytes.size() < kHeaderBytes) return Step::NeedsBytes;
  const std::span<const uint8_t> version = bytes.subspan(4, 4);
  if (std::ranges::equal(version, kComponentVersion)) return fail_at(ErrorKind::Component, 4);
  for (size_t i = 0; i < sizeof kVersion; ++i) {
    if (version[i] != kVersion[i]) return fail_at(ErrorKind::BadVersion, 4 + i);
  }
  pos_ = kHeaderBytes;
  state_ = State::SectionHeader;
  return Step::Advanced;
}

bool StreamDecoder::check_section_order(uint8_t id, uint64_t offset) {
  if (id > kLastSectionId) {
    fail_at(ErrorKind::BadSectionId, offset);
    return false;
  }
  if (id == static_cast<uint8_t>(SectionId::Tag) && !module_->features.has(Feature::Exceptions)) {
    fail_at(ErrorKind::BadSectionId, offset);
    return false;
  }
  if (kRanks[id] != 0 && kRanks[id] <= last_rank_) {
    fail_at(ErrorKind::SectionOrder, offset);
    return false;
  }
  return true;
}

StreamDecoder::Step StreamDecoder::read_section_header() {
  ByteReader r(module_->wire->view().subspan(pos_), pos_);
  if (r.at_end()) return Step::NeedsBytes;
  const uint8_t id = r.read_u8();
  if (!check_section_order(id, pos_)) return Step::Failed;
  const uint32_t size = r.read_u32();
  if (ran_out(r)) return Step::NeedsBytes;
  if (r.failed()) return fail(r.error());
  section_ = static_cast<SectionId>(id);
  if (kRanks[id] != 0) last_rank_ = kRanks[id];
  if (kRanks[id] > kCodeRank) announce_sections();
  pos_ = r.offset();
  section_end_ = pos_ + size;
  if (section_ == SectionId::Code) {
    module_->code_section_offset = static_cast<uint32_t>(pos_);
    module_->code_section_size = size;
    has_code_section_ = true;
    state_ = State::CodeCount;
  } else if (section_ == SectionId::Data) {
    has_data_section_ = true;
    state_ = State::DataCount;
  } else {
    state_ = State::SectionPayload;
  }
  return Step::Advanced;
}

ByteReader StreamDecoder::section_reader() const {
  const uint64_t size = std::min(section_end_ - pos_, available());
  return {module_->wire->view().subspan(pos_, size), pos_, section_end_ - pos_};
}

StreamDecoder::Step StreamDecoder::read_section_payload() {
  if (available() < section_end_ - pos_) return Step::NeedsBytes;
  ByteReader r = section_reader();
  parser_->parse(section_, r);
  if (r.failed()) return fail(r.error());
  if (!r.at_end()) return fail_at(ErrorKind::SectionSize, r.offset());
  pos_ = section_end_;
  state_ = State::SectionHeader;
  return Step::Advanced;
}

void StreamDecoder::announce_sections() {
  if (announced_) return;
  announced_ = true;
  events_.sections_before_code(*module_);
}

StreamDecoder::Step StreamDecoder::read_code_count() {
  ByteReader r = section_reader();
  const uint32_t count = r.read_u32();
  if (ran_out(r) && r.end_offset() < section_end_) return Step::NeedsBytes;
  if (r.failed()) return fail(r.error());
  if (count != module_->defined_funcs()) return fail_at(ErrorKind::FuncCodeCount, pos_);
  declared_bodies_ = count;
  pos_ = r.offset();
  // Each body takes two bytes at least, which bounds what a false count can cost.
  module_->bodies.reserve(std::min<uint64_t>(count, (section_end_ - pos_) / 2));
  announce_sections();
  state_ = State::Body;
  return Step::Advanced;
}

StreamDecoder::Step StreamDecoder::end_items() {
  if (pos_ != section_end_)
    return available() == 0 ? Step::NeedsBytes : fail_at(ErrorKind::SectionSize, pos_);
  state_ = State::SectionHeader;
  return Step::Advanced;
}

StreamDecoder::Step StreamDecoder::read_body() {
  const size_t index = module_->bodies.size();
  if (index == declared_bodies_) return end_items();
  ByteReader r = section_reader();
  const uint32_t size = r.read_any_u32();
  if (ran_out(r) && r.end_offset() < section_end_) return Step::NeedsBytes;
  if (r.failed()) return fail(r.error());
  if (size > section_end_ - r.offset()) return fail_at(ErrorKind::LengthOutOfBounds, pos_);
  if (size > kMaxBodyBytes) return fail_at(ErrorKind::BodyTooLarge, pos_);
  const FuncBody body{FuncIdx{static_cast<uint32_t>(module_->imported_funcs + index)},
                      {static_cast<uint32_t>(r.offset()), size}};
  if (size > r.remaining()) {
    if (!has_more_) events_.body_arriving(body);
    return Step::NeedsBytes;
  }
  module_->bodies.push_back(body);
  pos_ = r.offset() + size;
  events_.body(body);
  return Step::Advanced;
}

StreamDecoder::Step StreamDecoder::read_data_count() {
  ByteReader r = section_reader();
  const uint32_t count = parser_->parse_data_section_count(r);
  if (ran_out(r) && r.end_offset() < section_end_) return Step::NeedsBytes;
  if (r.failed()) return fail(r.error());
  declared_datas_ = count;
  pos_ = r.offset();
  module_->datas.reserve(std::min<uint64_t>(count, (section_end_ - pos_) / 2));
  state_ = State::Data;
  return Step::Advanced;
}

// A segment that is not all there is read again when it is; as long as not even its length is
// there, when twice as many bytes of it are, so that many small pieces cost no more than one.
StreamDecoder::Step StreamDecoder::read_data() {
  if (module_->datas.size() == declared_datas_) return end_items();
  if (bytes_received() < enough_at_) return Step::NeedsBytes;
  ByteReader r = section_reader();
  do {
    const uint64_t end = parser_->parse_data(r);
    if (ran_out(r) && r.end_offset() < section_end_) {
      enough_at_ = end != 0 ? end : std::min(pos_ + 2 * available(), section_end_);
      return Step::NeedsBytes;
    }
    if (r.failed()) return fail(r.error());
    pos_ = r.offset();
  } while (module_->datas.size() < declared_datas_);
  return Step::Advanced;
}

Result<std::shared_ptr<Module>> StreamDecoder::finish() {
  if (state_ == State::Done) return sluice::fail(ErrorKind::StreamState);
  if (state_ != State::Failed) {
    if (state_ == State::SectionHeader && available() == 0) {
      check_complete();
    } else {
      finish_truncated();
    }
  }
  if (state_ == State::Failed) return std::unexpected(error_);
  state_ = State::Done;
  return module_;
}

// The stream ended between sections: what must a module have that this one has not?
void StreamDecoder::check_complete() {
  if (!has_code_section_ && module_->defined_funcs() != 0) {
    fail_at(ErrorKind::FuncCodeCount, pos_);
  } else if (!has_data_section_ && module_->data_count != 0) {
    fail_at(ErrorKind::DataCountMismatch, pos_);
  } else {
    announce_sections();
  }
}

// The stream ended inside an item. Reads what is there of it: an error in those bytes counts.
void StreamDecoder::finish_truncated() {
  const uint64_t end = bytes_received();
  if (state_ == State::Header) return finish_truncated_header();
  if (state_ == State::SectionPayload) {
    ByteReader r = section_reader();
    parser_->parse(section_, r);
    if (r.failed()) {
      fail(r.error());
      return;
    }
    if (!r.at_end()) {
      fail_at(ErrorKind::SectionSize, r.offset());
      return;
    }
  } else if (state_ == State::Data) {
    enough_at_ = 0;
    Step step = Step::Advanced;
    while (step == Step::Advanced) step = read_data();
    if (step == Step::Failed) return;
  } else if (state_ == State::Body && module_->bodies.size() < declared_bodies_) {
    ByteReader r = section_reader();
    r.read_u32();
    const auto index = static_cast<uint32_t>(module_->bodies.size());
    if (!r.failed()) {
      events_.truncated_body(
          {FuncIdx{module_->imported_funcs + index},
           {static_cast<uint32_t>(r.offset()), static_cast<uint32_t>(r.remaining())}});
    }
  }
  fail_at(ErrorKind::UnexpectedEnd, end);
}

void StreamDecoder::finish_truncated_header() {
  const std::span<const uint8_t> bytes = module_->wire->view();
  for (size_t i = sizeof kMagic; i < bytes.size(); ++i) {
    const uint8_t byte = bytes[i];
    if (byte != kVersion[i - 4] && byte != kComponentVersion[i - 4]) {
      fail_at(ErrorKind::BadVersion, i);
      return;
    }
  }
  fail_at(ErrorKind::UnexpectedEnd, bytes.size());
}

namespace {
class NoEvents final : public DecoderEvents {
 public:
  void sections_before_code(const Module&) override {}
  void body(const FuncBody&) override {}
  void truncated_body(const FuncBody&) override {}
};
}  // namespace

Result<std::shared_ptr<Module>> decode_module(std::span<const uint8_t> bytes, Features features,
                                              std::shared_ptr<TypeRegistry> registry) {
  NoEvents events;
  StreamDecoder decoder(features, std::move(registry), events, bytes.size());
  TRY_VOID(decoder.feed(bytes));
  return decoder.finish();
}

}  // namespace sluice
