// Modules as bytes, put together in tests: enough of the binary format to say what a test is about.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace sluice::test {

using Bytes = std::vector<uint8_t>;

inline Bytes leb(uint64_t value) {
  Bytes out;
  do {
    const auto low = static_cast<uint8_t>(value & 0x7f);
    value >>= 7;
    out.push_back(value != 0 ? low | 0x80 : low);
  } while (value != 0);
  return out;
}

inline Bytes cat(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

inline Bytes header() { return {0, 'a', 's', 'm', 1, 0, 0, 0}; }

inline Bytes name(std::string_view text) {
  return cat({leb(text.size()), Bytes(text.begin(), text.end())});
}

/// A length, then the bytes.
inline Bytes sized(const Bytes& bytes) { return cat({leb(bytes.size()), bytes}); }

inline Bytes section(uint8_t id, const Bytes& payload) { return cat({{id}, sized(payload)}); }

/// A section that is a vector.
inline Bytes section(uint8_t id, std::initializer_list<Bytes> items) {
  Bytes payload = leb(items.size());
  for (const Bytes& item : items) payload.insert(payload.end(), item.begin(), item.end());
  return section(id, payload);
}

inline Bytes custom(std::string_view title, const Bytes& payload) {
  return section(0, cat({name(title), payload}));
}

/// header() and the sections.
inline Bytes module(std::initializer_list<Bytes> sections) {
  return cat({header(), cat(sections)});
}

}  // namespace sluice::test
