// What each section accepts and refuses, with offsets; limits at the bound and one past it.
#include <gtest/gtest.h>

#include "engine/binary/sections.h"
#include "engine/wasm/limits.h"
#include "tests/unit/engine/binary/decode.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice {
namespace {

using namespace test;

const Bytes kFunc = {0x60, 0, 0};
const Bytes kTypes = section(1, {kFunc, {0x5f, 0}});  // 0: func, 1: struct
const Bytes kFuncs = section(3, {{0}});

TEST(ImportSection, Errors) {
  const Bytes names = {1, 'm', 1, 'n'};
  expect_error({}, 2, cat({{1}, names, {5}}), ErrorKind::BadImportKind, 5);
  expect_error({kTypes}, 2, cat({{1}, names, {0, 2}}), ErrorKind::UnknownType, 6);
  expect_error({kTypes}, 2, cat({{1}, names, {0, 1}}), ErrorKind::NotFuncType, 6);
  expect_error({}, 2, cat({{1}, names, {1, 0x7f, 0, 0}}), ErrorKind::BadRefType, 6);
  expect_error({}, 2, cat({{1}, names, {3, 0x7f, 2}}), ErrorKind::BadMutability, 7);
  expect_error({kTypes}, 2, cat({{1}, names, {4, 1, 0}}), ErrorKind::BadTagAttribute, 6);
  const Bytes result_type = section(1, {{0x60, 0, 1, 0x7f}});
  expect_error({result_type}, 2, cat({{1}, names, {4, 0, 0}}), ErrorKind::TagResult, 7);
}

TEST(MemorySection, Limits) {
  expect_error({}, 5, {1, 0x10, 0}, ErrorKind::BadLimitsFlags, 1);
  expect_error({}, 5, {1, 0x08, 0, 0}, ErrorKind::BadLimitsFlags, 1);
  expect_error({}, 5, {1, 0x02, 1}, ErrorKind::SharedMemoryNoMax, 1);
  expect_error({}, 5, {1, 0x01, 2, 1}, ErrorKind::SizeMinGreaterMax, 1);
  expect_error({}, 5, cat({{1, 0x00}, leb(65537)}), ErrorKind::MemorySize, 1);
  expect_error({}, 5, cat({{1, 0x01, 0}, leb(65537)}), ErrorKind::MemorySize, 1);
  expect_error({}, 5, cat({{1, 0x04}, leb((uint64_t{1} << 48) + 1)}), ErrorKind::MemorySize, 1);
  EXPECT_EQ(outcome(module({section(5, {cat({{0}, leb(65536)})})})), "ok");
  EXPECT_EQ(outcome(module({section(5, {cat({{4}, leb(uint64_t{1} << 48)})})})), "ok");
  EXPECT_EQ(outcome(module({section(5, {{3, 1, 1}})})), "ok");
  EXPECT_EQ(outcome(module({section(5, repeat(kMaxMemories, {0, 0}))})), "ok");
  expect_error({}, 5, repeat(kMaxMemories + 1, {0, 0}), ErrorKind::CountTooLarge,
               1 + 2 * kMaxMemories);
  expect_error({}, 5, {2, 0, 0, 0, 0}, ErrorKind::MultipleMemories, 3,
               Features::standard().without(Feature::MultiMemory));
}

TEST(MemorySection, CustomPageSizes) {
  const Features on = Features::standard().with(Feature::CustomPageSizes);
  const auto memory = [&](const Bytes& bytes) {
    return outcome(module({section(5, {bytes})}), on);
  };
  EXPECT_EQ(memory({8, 0, 0}), "ok");
  EXPECT_EQ(memory({8, 0, 16}), "ok");
  EXPECT_EQ(memory(cat({{8}, leb(0xffffffff), {0}})), "ok");
  expect_error({}, 5, cat({{1, 8}, leb(uint64_t{1} << 32), {0}}), ErrorKind::MemorySize, 1, on);
  expect_error({}, 5, {1, 8, 0, 15}, ErrorKind::InvalidPageSize, 3, on);
  expect_error({}, 5, {1, 8, 0, 17}, ErrorKind::InvalidPageSize, 3, on);
  expect_error({}, 5, {1, 8, 0, 64}, ErrorKind::BadPageSize, 3, on);
  const auto m = decode(module({section(5, {{0x0d, 1, 2, 0}})}), on);
  ASSERT_TRUE(m);
  EXPECT_EQ((*m)->memories[0].page_size_log2, 0u);
  EXPECT_TRUE((*m)->memories[0].limits.is_64);
}

TEST(TableSection, Errors) {
  expect_error({}, 4, {1, 0x70, 2, 0}, ErrorKind::BadLimitsFlags, 2);
  expect_error({}, 4, {1, 0x70, 1, 2, 1}, ErrorKind::SizeMinGreaterMax, 2);
  expect_error({}, 4, cat({{1, 0x70, 0}, leb(uint64_t{1} << 32)}), ErrorKind::TableSize, 2);
  expect_error({}, 4, {1, 0x64, 0x70, 0, 0}, ErrorKind::TypeMismatch, 1);
  expect_error({}, 4, {1, 0x40, 1, 0x70, 0, 0}, ErrorKind::BadTableForm, 2);
  EXPECT_EQ(outcome(module({section(4, {cat({{0x70, 4}, leb(~uint64_t{0})})})})), "ok");
  EXPECT_EQ(outcome(module({section(4, repeat(kMaxTables, {0x70, 0, 0}))})), "ok");
  EXPECT_NE(outcome(module({section(4, repeat(kMaxTables + 1, {0x70, 0, 0}))})), "ok");
}

TEST(GlobalSection, Errors) {
  expect_error({}, 6, {1, 0x7f, 2, 0x41, 0, 0x0b}, ErrorKind::BadMutability, 2);
  expect_error({}, 6, {1, 0x78, 0, 0x41, 0, 0x0b}, ErrorKind::BadValueType, 1);
}

TEST(ExportSection, Errors) {
  const Bytes export_f = {1, 'f', 0, 0};
  expect_error({kTypes, kFuncs}, 7, {1, 1, 'f', 5, 0}, ErrorKind::BadExportKind, 3);
  expect_error({kTypes, kFuncs}, 7, {1, 1, 'f', 0, 1}, ErrorKind::UnknownFunc, 4);
  expect_error({}, 7, {1, 1, 'f', 2, 0}, ErrorKind::UnknownMemory, 4);
  expect_error({kTypes, kFuncs}, 7, cat({{4}, {1, 'g', 0, 0}, export_f, {1, 'g', 0, 0}, export_f}),
               ErrorKind::DuplicateExport, 9);
}

TEST(ExportSection, FirstOfManyDuplicates) {
  constexpr uint32_t kNames = 1000;
  constexpr uint32_t kRepeated[] = {700, 3, 3, 999};
  Bytes exports = leb(kNames + std::size(kRepeated));
  const auto append = [&exports](uint32_t number) {
    const auto digit = [number](uint32_t unit) {
      return static_cast<uint8_t>('0' + number / unit % 10);
    };
    exports = cat({exports, {3, digit(100), digit(10), digit(1), 0, 0}});
  };
  for (uint32_t i = 0; i < kNames; ++i) append(i);
  const auto size = exports.size();
  for (const uint32_t number : kRepeated) append(number);
  expect_error({kTypes, kFuncs}, 7, exports, ErrorKind::DuplicateExport, size);
}

TEST(StartSection, Errors) {
  const Bytes types = section(1, {{0x60, 1, 0x7f, 0}});
  expect_error({types, kFuncs}, 8, {0}, ErrorKind::StartFunction, 0);
  expect_error({types, kFuncs}, 8, {1}, ErrorKind::UnknownFunc, 0);
}

TEST(ElementSection, Errors) {
  const Bytes table = section(4, {{0x70, 0, 1}});
  expect_error({kTypes, kFuncs, table}, 9, {1, 8}, ErrorKind::BadElemFlags, 1);
  expect_error({kTypes, kFuncs}, 9, {1, 0, 0x41, 0, 0x0b, 0}, ErrorKind::UnknownTable, 1);
  expect_error({kTypes, kFuncs, table}, 9, {1, 2, 1, 0x41, 0, 0x0b, 0, 0}, ErrorKind::UnknownTable,
               2);
  expect_error({kTypes, kFuncs, table}, 9, {1, 0, 0x42, 0, 0x0b, 0}, ErrorKind::TypeMismatch, 4);
  expect_error({kTypes, kFuncs, table}, 9, {1, 1, 1, 0}, ErrorKind::BadElemKind, 2);
  expect_error({kTypes, kFuncs, table}, 9, {1, 1, 0, 2, 0, 1}, ErrorKind::UnknownFunc, 5);
  expect_error({kTypes, kFuncs, table}, 9, {1, 6, 0, 0x41, 0, 0x0b, 0x6f, 0},
               ErrorKind::TypeMismatch, 6);
  expect_error({kTypes, kFuncs, table}, 9, {1, 5, 0x70, 1, 0xd0, 0x6f, 0x0b},
               ErrorKind::TypeMismatch, 6);
}

TEST(DataSection, Errors) {
  const Bytes memory = section(5, {{0, 1}});
  expect_error({memory}, 11, {1, 3}, ErrorKind::BadDataFlags, 1);
  expect_error({memory}, 11, {1, 2, 1, 0x41, 0, 0x0b, 0}, ErrorKind::UnknownMemory, 2);
  expect_error({memory}, 11, {1, 0, 0x42, 0, 0x0b, 0}, ErrorKind::TypeMismatch, 4);
  expect_error({memory}, 11, {1, 1, 2, 'x'}, ErrorKind::LengthOutOfBounds, 2);
  const Bytes memory64 = section(5, {{4, 1}});
  EXPECT_EQ(outcome(module({memory64, section(11, {{0, 0x42, 0, 0x0b, 0}})})), "ok");
}

TEST(DataSection, CountLimit) {
  EXPECT_EQ(outcome(module({section(11, repeat(kMaxDataSegments, {1, 0}))})), "ok");
  expect_error({}, 11, repeat(kMaxDataSegments + 1, {1, 0}), ErrorKind::CountTooLarge, 0);
  expect_error({}, 12, leb(kMaxDataSegments + 1), ErrorKind::CountTooLarge, 0);
}

TEST(Sections, CountLimits) {
  const Bytes million = leb(1'000'001);
  for (const SectionId id : {SectionId::Import, SectionId::Function, SectionId::Global,
                             SectionId::Export, SectionId::Tag}) {
    expect_error({kTypes}, static_cast<uint8_t>(id), million, ErrorKind::CountTooLarge, 0);
  }
  EXPECT_NE(
      outcome(module({kTypes, section(3, repeat(kMaxFuncs, {0}))})).find("inconsistent lengths"),
      std::string::npos);
  expect_error({}, 9, leb(kMaxElemSegments + 1), ErrorKind::CountTooLarge, 0);
}

TEST(Sections, NameLengthLimit) {
  const auto with_name = [](size_t length) {
    return outcome(module({custom(std::string(length, 'n'), {})}));
  };
  EXPECT_EQ(with_name(kMaxNameBytes), "ok");
  EXPECT_NE(with_name(kMaxNameBytes + 1), "ok");
}

TEST(Sections, DisabledFeatures) {
  const auto without = [](Feature feature, const Bytes& bytes) {
    const auto result = decode(bytes, Features::standard().without(feature));
    return !result && (result.error().kind == ErrorKind::FeatureDisabled ||
                       result.error().kind == ErrorKind::BadSectionId);
  };
  EXPECT_TRUE(without(Feature::Gc, module({section(1, {{0x5f, 0}})})));
  EXPECT_TRUE(without(Feature::Gc, module({section(1, {{0x4e, 0}})})));
  EXPECT_TRUE(without(Feature::Gc, module({section(6, {{0x6e, 0, 0xd0, 0x71, 0x0b}})})));
  EXPECT_TRUE(without(Feature::Simd, module({section(1, {{0x60, 1, 0x7b, 0}})})));
  EXPECT_TRUE(without(Feature::MultiValue, module({section(1, {{0x60, 0, 2, 0x7f, 0x7f}})})));
  EXPECT_TRUE(without(Feature::Threads, module({section(5, {{3, 1, 1}})})));
  EXPECT_TRUE(without(Feature::Memory64, module({section(5, {{4, 1}})})));
  EXPECT_TRUE(without(Feature::Exceptions, module({section(13, Bytes{0})})));
  EXPECT_TRUE(without(Feature::BulkMemory, module({section(11, {{1, 0}})})));
  EXPECT_TRUE(without(Feature::ReferenceTypes, module({section(4, {{0x6f, 0, 0}})})));
}

}  // namespace
}  // namespace sluice
