// What decoding a module in one piece says, for tests of sections.
#pragma once

#include <gtest/gtest.h>
#include <initializer_list>
#include <memory>
#include <string>

#include "engine/binary/stream_decoder.h"
#include "engine/wasm/type_registry.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice::test {

inline Result<std::shared_ptr<Module>> decode(const Bytes& bytes,
                                              Features features = Features::standard()) {
  return decode_module(bytes, features, std::make_shared<TypeRegistry>());
}

inline std::string outcome(const Bytes& bytes, Features features = Features::standard()) {
  const auto result = decode(bytes, features);
  return result ? "ok" : std::string(result.error().message());
}

/// The error of a module whose last section is the faulty one; offsets count from its payload.
inline void expect_error(std::initializer_list<Bytes> before, uint8_t id, const Bytes& payload,
                         ErrorKind kind, uint64_t offset,
                         Features features = Features::standard()) {
  const Bytes head = module(before);
  const auto result = decode(cat({head, section(id, payload)}), features);
  ASSERT_FALSE(result) << error_text(kind);
  const uint64_t base = head.size() + 1 + leb(payload.size()).size();
  EXPECT_EQ(error_text(result.error().kind), error_text(kind)) << result.error().message();
  EXPECT_EQ(result.error().offset - base, offset) << result.error().message();
}

/// A vector of `count` equal items.
inline Bytes repeat(size_t count, const Bytes& item) {
  Bytes out = leb(count);
  for (size_t i = 0; i < count; ++i) out.insert(out.end(), item.begin(), item.end());
  return out;
}

}  // namespace sluice::test
