// Every code of a type, and what is none.
#include <gtest/gtest.h>
#include <vector>

#include "engine/binary/type_reader.h"

namespace sluice {
namespace {

using Bytes = std::vector<uint8_t>;

// Three function types, of which the last equals the first.
std::vector<TypeDef> some_types() {
  std::vector<TypeDef> types(3);
  types[1].representative = TypeIdx{1};
  return types;
}

template <class Read>
std::string read(const Bytes& bytes, Read how, Features features = Features::standard(),
                 uint32_t forward = 0) {
  const std::vector<TypeDef> types = some_types();
  TypeScope scope(types, features);
  scope.type_count += forward;
  ByteReader r(bytes, 0);
  const auto type = how(r, scope);
  if (r.failed()) return std::string(error_text(r.error().kind));
  EXPECT_TRUE(r.at_end());
  return std::string(to_string(type));
}

std::string value(const Bytes& bytes, Features features = Features::standard()) {
  return read(bytes, read_val_type, features);
}
std::string heap(const Bytes& bytes) { return read(bytes, read_heap_type); }

TEST(TypeReader, ValueTypes) {
  EXPECT_EQ(value({0x7f}), "i32");
  EXPECT_EQ(value({0x7e}), "i64");
  EXPECT_EQ(value({0x7d}), "f32");
  EXPECT_EQ(value({0x7c}), "f64");
  EXPECT_EQ(value({0x7b}), "v128");
  EXPECT_EQ(value({0x70}), "funcref");
  EXPECT_EQ(value({0x69}), "exnref");
  EXPECT_EQ(value({0x71}), "nullref");
  EXPECT_EQ(value({0x64, 0x6f}), "(ref extern)");
  EXPECT_EQ(value({0x63, 0x6f}), "externref");
  EXPECT_EQ(value({0x63, 1}), "(ref null 1)");
  EXPECT_EQ(value({0x64, 2}), "(ref 0)") << "the representative";
  EXPECT_EQ(value({0x78}), "malformed value type");
  EXPECT_EQ(value({0x40}), "malformed value type");
  EXPECT_EQ(value({0x00}), "malformed value type");
  EXPECT_EQ(value({}), "unexpected end");
  EXPECT_EQ(value({0x63}), "unexpected end");
}

TEST(TypeReader, HeapTypes) {
  EXPECT_EQ(heap({0x74}), "noexn");
  EXPECT_EQ(heap({0x73}), "nofunc");
  EXPECT_EQ(heap({0x6e}), "any");
  EXPECT_EQ(heap({0x82, 0x00}), "0") << "a padded index";
  EXPECT_EQ(heap({3}), "unknown type");
  EXPECT_EQ(heap({0x7f}), "malformed heap type");
  EXPECT_EQ(heap({0xf0, 0x7f}), "malformed heap type") << "codes are single bytes";
  EXPECT_EQ(heap({0x80, 0x80, 0x80, 0x80, 0x10}), "integer too large");
}

TEST(TypeReader, ForwardReferencesKeepTheirIndex) {
  EXPECT_EQ(read({0x63, 4}, read_val_type, Features::standard(), 2), "(ref null 4)");
  EXPECT_EQ(read({0x63, 5}, read_val_type, Features::standard(), 2), "unknown type");
}

TEST(TypeReader, ReferenceAndStorageTypes) {
  EXPECT_EQ(read({0x6f}, read_ref_type), "externref");
  EXPECT_EQ(read({0x7f}, read_ref_type), "malformed reference type");
  EXPECT_EQ(read({0x78}, read_storage_type), "i8");
  EXPECT_EQ(read({0x77}, read_storage_type), "i16");
  EXPECT_EQ(read({0x7f}, read_storage_type), "i32");
}

TEST(TypeReader, FirstBytes) {
  for (int byte = 0; byte < 256; ++byte) {
    const Bytes bytes = {static_cast<uint8_t>(byte), 0};
    const std::vector<TypeDef> types = some_types();
    ByteReader r(bytes, 0);
    read_val_type(r, TypeScope(types, Features::all()));
    EXPECT_EQ(starts_val_type(bytes[0]), !r.failed()) << byte;
  }
}

TEST(TypeReader, Features) {
  const char* const disabled = "feature is not enabled";
  EXPECT_EQ(value({0x7b}, Features::standard().without(Feature::Simd)), disabled);
  EXPECT_EQ(value({0x6f}, Features::standard().without(Feature::ReferenceTypes)), disabled);
  EXPECT_EQ(value({0x70}, Features::standard().without(Feature::ReferenceTypes)), "funcref");
  EXPECT_EQ(value({0x63, 0}, Features::standard().without(Feature::TypedFuncRefs)), disabled);
  EXPECT_EQ(value({0x6d}, Features::standard().without(Feature::Gc)), disabled);
  EXPECT_EQ(value({0x69}, Features::standard().without(Feature::Exceptions)), disabled);
}

}  // namespace
}  // namespace sluice
