// Files mapped into memories: what guests and the library's own copies find there, what they must
// not do, and that nothing of it is left when the memory is gone.
#include <atomic>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#include "engine/text/text.h"
#include "runtime/store/memory.h"
#include "tests/support/fork.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using Access = Reservation::FileAccess;
constexpr uint64_t kPage = 4096;
constexpr uint64_t kWasmPage = 65536;

/// A file in memory whose bytes on page i are i + 1.
class TestFile {
 public:
  explicit TestFile(uint64_t pages) : fd(memfd_create("mapped", 0)) {
    for (uint64_t i = 0; i < pages; ++i)
      put(i * kPage, std::string(kPage, static_cast<char>(i + 1)));
  }
  ~TestFile() { close(fd); }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
  void put(uint64_t at, const std::string& bytes) const {
    EXPECT_EQ(pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at)),
              static_cast<ssize_t>(bytes.size()));
  }
  int at(uint64_t offset) const {
    uint8_t byte = 0;
    return pread(fd, &byte, 1, static_cast<off_t>(offset)) == 1 ? byte : -1;
  }
  void cut(uint64_t bytes) const { EXPECT_EQ(ftruncate(fd, static_cast<off_t>(bytes)), 0); }

  int fd;
};

constexpr const char* kAccesses = R"(
  (data $bytes "0123456789abcdef0123456789abcdef")
  (func (export "load") (param $p i32) (result i32) (i32.load8_u (local.get $p)))
  (func (export "load_v128") (param $p i32) (result i32)
    (i32x4.extract_lane 0 (v128.load (local.get $p))))
  (func (export "atomic_load") (param $p i32) (result i32) (i32.atomic.load (local.get $p)))
  (func (export "copy_from") (param $p i32) (result i32)
    (memory.copy (i32.const 128) (local.get $p) (i32.const 100)) (i32.const 0))
  (func (export "copy_short_from") (param $p i32) (result i32)
    (memory.copy (i32.const 128) (local.get $p) (i32.const 16)) (i32.const 0))
  (func (export "copy_overlapping_from") (param $p i32) (result i32)
    (memory.copy (i32.add (local.get $p) (i32.const 40)) (local.get $p)
      (i32.add (i32.const 50) (i32.load8_u (i32.const 0)))) (i32.const 0))
  (func (export "store8") (param $p i32) (i32.store8 (local.get $p) (i32.const 90)))
  (func (export "store64") (param $p i32) (i64.store (local.get $p) (i64.const 90)))
  (func (export "store_v128") (param $p i32)
    (v128.store (local.get $p) (v128.const i32x4 1 2 3 4)))
  (func (export "add") (param $p i32) (drop (i32.atomic.rmw.add (local.get $p) (i32.const 1))))
  (func (export "atomic_store") (param $p i32) (i32.atomic.store (local.get $p) (i32.const 90)))
  (func (export "cmpxchg") (param $p i32)
    (drop (i64.atomic.rmw.cmpxchg (local.get $p) (i64.const 90) (i64.const 91))))
  (func (export "fill") (param $p i32) (memory.fill (local.get $p) (i32.const 90) (i32.const 100)))
  (func (export "fill_short") (param $p i32)
    (memory.fill (local.get $p) (i32.const 90) (i32.const 16)))
  (func (export "copy") (param $p i32)
    (memory.copy (local.get $p) (i32.const 128) (i32.const 100)))
  (func (export "copy_short") (param $p i32)
    (memory.copy (local.get $p) (i32.const 128) (i32.const 8)))
  (func (export "init") (param $p i32)
    (memory.init $bytes (local.get $p) (i32.const 0) (i32.const 32)))
  (func (export "grow") (param $n i32) (result i32) (memory.grow (local.get $n)))
  (func (export "notify") (param $p i32) (result i32)
    (memory.atomic.notify (local.get $p) (i32.const 1)))
)";
constexpr const char* kReads[] = {"load", "load_v128", "atomic_load", "copy_from",
                                  "copy_short_from"};
constexpr const char* kWrites[] = {"store8",       "store64",    "store_v128", "add",
                                   "atomic_store", "cmpxchg",    "fill",       "fill_short",
                                   "copy",         "copy_short", "init"};

class MappingTest : public StoreTest {
 protected:
  Instance& make(const std::string& fields) {
    Result<Vector<uint8_t>> bytes = wat_to_wasm("(module " + fields + ")");
    EXPECT_TRUE(bytes) << bytes.error().message();
    return instantiate({bytes->begin(), bytes->end()});
  }
  Instance& with_accesses(const std::string& memory = "(memory (export \"memory\") 4 16)") {
    return make(memory + kAccesses);
  }
  static Memory& memory_of(Instance& instance) { return *instance.memory(MemoryIdx{0}); }
  void map(const Memory& memory, uint64_t offset, const TestFile& file, uint64_t pages,
           Access access, uint64_t file_offset = 0) {
    Result<void> done = memory.map_file(offset, file.fd, file_offset, pages * kPage, access);
    EXPECT_TRUE(done) << done.error().message();
  }
  TrapCode trap_at(Instance& instance, const char* name, uint64_t address) {
    return trap_of(instance, name, {Value::i32(static_cast<int32_t>(address))});
  }
  int32_t load(Instance& instance, uint64_t address) {
    return call_i32(instance, "load", {Value::i32(static_cast<int32_t>(address))});
  }
};

TEST_P(MappingTest, AReadOnlyMappingIsTheFileAndNoStoreReachesIt) {
  const TestFile file(3);
  for (const char* declared :
       {"(memory (export \"memory\") 4 16)", "(memory (export \"memory\") 4 16 shared)"}) {
    Instance& instance = with_accesses(declared);
    const Memory& memory = memory_of(instance);
    map(memory, kWasmPage, file, 2, Access::ReadOnly, kPage);
    EXPECT_EQ(load(instance, kWasmPage), 2);
    EXPECT_EQ(load(instance, kWasmPage + 2 * kPage - 1), 3);
    EXPECT_EQ(load(instance, kWasmPage + 2 * kPage), 0);
    for (const char* name : kReads) {
      EXPECT_EQ(trap_at(instance, name, kWasmPage + 16), TrapCode::None) << name;
    }
    for (const char* name : kWrites) {
      EXPECT_EQ(trap_at(instance, name, kWasmPage + 16), TrapCode::MemoryReadOnly) << name;
      EXPECT_EQ(trap_at(instance, name, kWasmPage + 2 * kPage - 8), TrapCode::MemoryReadOnly)
          << name;
      EXPECT_EQ(trap_at(instance, name, kWasmPage + 2 * kPage), TrapCode::None) << name;
      EXPECT_EQ(trap_at(instance, name, 16 * kWasmPage), TrapCode::MemoryOutOfBounds) << name;
    }
    EXPECT_EQ(trap_at(instance, "copy_overlapping_from", kWasmPage), TrapCode::MemoryReadOnly);
    EXPECT_EQ(load(instance, kWasmPage + 16), 2);
    file.put(kPage, "!");  // seen at once
    EXPECT_EQ(load(instance, kWasmPage), '!');
    file.put(kPage, "\2");
  }
  for (uint64_t i = 0; i < 3; ++i) EXPECT_EQ(file.at(i * kPage + 16), static_cast<int>(i) + 1);
}

TEST_P(MappingTest, ACopyOnWriteMappingTakesStoresTheFileNeverSees) {
  const TestFile file(2);
  Instance& instance = with_accesses();
  map(memory_of(instance), 2 * kWasmPage, file, 2, Access::CopyOnWrite);
  EXPECT_EQ(load(instance, 2 * kWasmPage + kPage), 2);
  for (const char* name : kWrites) {
    EXPECT_EQ(trap_at(instance, name, 2 * kWasmPage + 16), TrapCode::None) << name;
  }
  EXPECT_EQ(trap_at(instance, "store8", 2 * kWasmPage), TrapCode::None);
  EXPECT_EQ(load(instance, 2 * kWasmPage), 90);
  EXPECT_EQ(file.at(0), 1);
  EXPECT_EQ(file.at(16), 1);
}

TEST_P(MappingTest, AFileThatWasCutIsATrap) {
  for (const Access access : {Access::ReadOnly, Access::CopyOnWrite}) {
    const TestFile file(3);
    Instance& instance = with_accesses("(memory (export \"memory\") 4 16 shared)");
    const Memory& memory = memory_of(instance);
    map(memory, kWasmPage, file, 3, access);
    file.cut(kPage + 100);
    EXPECT_EQ(load(instance, kWasmPage + kPage + 99), 2);
    EXPECT_EQ(load(instance, kWasmPage + kPage + 100), 0);
    const uint64_t lost = kWasmPage + 2 * kPage;
    for (const char* name : kReads) {
      EXPECT_EQ(trap_at(instance, name, lost), TrapCode::MappedPageLost) << name;
    }
    if (access == Access::CopyOnWrite) {
      for (const char* name : kWrites) {
        EXPECT_EQ(trap_at(instance, name, lost), TrapCode::MappedPageLost) << name;
      }
    }
    EXPECT_EQ(memory.wait32(lost, 0, 0).error().kind, ErrorKind::MappedPageLost);
    EXPECT_EQ(memory.wait64(lost, 0, 0).error().kind, ErrorKind::MappedPageLost);
    EXPECT_EQ(call_i32(instance, "notify", {Value::i32(static_cast<int32_t>(lost))}), 0);
    EXPECT_EQ(trap_at(instance, "load", 8 * kWasmPage), TrapCode::MemoryOutOfBounds);
  }
}

TEST_P(MappingTest, TheHostsCopiesAreErrors) {
  const TestFile file(4);
  Memory* memory = *Memory::create(*store, {{.min = 4}});
  map(*memory, 0, file, 2, Access::ReadOnly);
  map(*memory, kWasmPage, file, 2, Access::CopyOnWrite, 2 * kPage);
  std::vector<uint8_t> bytes(2 * kPage, 7);
  EXPECT_EQ(memory->write(kPage, bytes).error().kind, ErrorKind::MemoryReadOnly);
  EXPECT_EQ(memory->write(4 * kWasmPage - 1, bytes).error().kind, ErrorKind::OutOfBoundsAccess);
  EXPECT_EQ(memory->read(4 * kWasmPage, bytes).error().kind, ErrorKind::OutOfBoundsAccess);
  EXPECT_TRUE(memory->read(0, bytes));
  EXPECT_EQ(bytes[kPage], 2);
  EXPECT_TRUE(memory->write(kWasmPage, bytes));
  file.cut(0);
  EXPECT_EQ(memory->read(kPage, bytes).error().kind, ErrorKind::MappedPageLost);
  for (const size_t few : {1, 4, 8, 100}) {
    EXPECT_EQ(memory->read(0, {bytes.data(), few}).error().kind, ErrorKind::MappedPageLost);
    EXPECT_EQ(memory->write(0, {bytes.data(), few}).error().kind, ErrorKind::MemoryReadOnly);
  }
  // The system takes away the private copies of what a file has lost, too.
  EXPECT_EQ(memory->read(kWasmPage, bytes).error().kind, ErrorKind::MappedPageLost);
}

TEST_P(MappingTest, GuardedCopiesMoveEveryLengthAndDistance) {
  Memory* memory =
      *Memory::create(*store, {{.min = 1, .max = 1, .has_max = true, .is_shared = true}});
  std::vector<uint8_t> model(300);
  for (size_t i = 0; i < model.size(); ++i) model[i] = static_cast<uint8_t>(i * 7);
  for (uint64_t count = 0; count < 70; ++count) {
    for (const uint64_t dst : {0, 1, 3, 4, 8, 15, 16, 17, 33, 90}) {
      std::vector<uint8_t> expected = model;
      std::memmove(expected.data() + dst, expected.data() + 16, count);
      ASSERT_TRUE(memory->write(0, model));
      ASSERT_EQ(Memory::copy(*memory, dst, *memory, 16, count), TrapCode::None);
      std::vector<uint8_t> found(model.size());
      ASSERT_TRUE(memory->read(0, found));
      ASSERT_EQ(found, expected) << count << " bytes to " << dst;
    }
  }
}

TEST_P(MappingTest, MappingsStayWhenTheMemoryGrows) {
  const TestFile file(2);
  Instance& instance = with_accesses();
  const Memory& memory = memory_of(instance);
  EXPECT_EQ(trap_at(instance, "store8", 5), TrapCode::None);
  map(memory, kWasmPage, file, 1, Access::ReadOnly);
  map(memory, 4 * kWasmPage - kPage, file, 1, Access::CopyOnWrite, kPage);
  EXPECT_EQ(load(instance, 5), 90) << "what was there before";
  EXPECT_EQ(trap_at(instance, "store8", 4 * kWasmPage - 1), TrapCode::None);
  const uint8_t* base = memory.base();
  EXPECT_EQ(call_i32(instance, "grow", {Value::i32(12)}), 4);
  EXPECT_EQ(memory.base(), base);
  EXPECT_EQ(load(instance, kWasmPage), 1);
  EXPECT_EQ(load(instance, 4 * kWasmPage - 1), 90);
  EXPECT_EQ(load(instance, 4 * kWasmPage - 2), 2);
  EXPECT_EQ(trap_at(instance, "store8", kWasmPage), TrapCode::MemoryReadOnly);
  EXPECT_EQ(trap_at(instance, "store8", 16 * kWasmPage - 1), TrapCode::None);
  EXPECT_EQ(call_i32(instance, "grow", {Value::i32(1)}), -1);
}

TEST_P(MappingTest, OneMappingReplacesAnother) {
  const TestFile file(4);
  Memory* memory = *Memory::create(*store, {{.min = 1}});
  map(*memory, 0, file, 4, Access::ReadOnly);
  EXPECT_FALSE(memory->is_writable(4 * kPage - 1, 2));
  EXPECT_TRUE(memory->is_writable(4 * kPage, 100));
  EXPECT_TRUE(memory->is_writable(0, 0));
  ASSERT_TRUE(memory->unmap(kPage, kPage));
  EXPECT_TRUE(memory->is_writable(kPage, kPage));
  EXPECT_FALSE(memory->is_writable(kPage - 1, 2));
  EXPECT_FALSE(memory->is_writable(0, 4 * kPage));
  EXPECT_FALSE(memory->is_writable(2 * kPage - 1, 2));
  map(*memory, 2 * kPage, file, 2, Access::CopyOnWrite);
  EXPECT_TRUE(memory->is_writable(kPage, 4 * kPage));
  map(*memory, 0, file, 1, Access::CopyOnWrite);
  EXPECT_TRUE(memory->is_writable(0, kWasmPage));
  const std::vector<uint8_t> bytes(4 * kPage, 9);
  EXPECT_TRUE(memory->write(0, bytes));
  ASSERT_TRUE(memory->unmap(0, kWasmPage));
  std::vector<uint8_t> found(kWasmPage, 1);
  EXPECT_TRUE(memory->read(0, found));
  EXPECT_EQ(found, std::vector<uint8_t>(kWasmPage));
  EXPECT_EQ(file.at(0), 1);
}

TEST_P(MappingTest, WhatCannotBeMappedChangesNothing) {
  const TestFile file(2);
  Memory* memory = *Memory::create(*store, {{.min = 1}});
  memory->base()[0] = 42;
  const auto kind = [&](uint64_t offset, int fd, uint64_t file_offset, uint64_t bytes) {
    const Result<void> done = memory->map_file(offset, fd, file_offset, bytes, Access::ReadOnly);
    return done ? ErrorKind::Trapped : done.error().kind;
  };
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(kind(1, file.fd, 0, kPage), ErrorKind::BadMapping);
  EXPECT_EQ(kind(0, file.fd, 8, kPage), ErrorKind::BadMapping);
  EXPECT_EQ(kind(0, file.fd, 0, kPage - 1), ErrorKind::BadMapping);
  EXPECT_EQ(kind(0, file.fd, 0, 0), ErrorKind::BadMapping);
  EXPECT_EQ(kind(0, ends[0], 0, kPage), ErrorKind::BadMapping);
  EXPECT_EQ(kind(0, -1, 0, kPage), ErrorKind::BadMapping);
  EXPECT_EQ(kind(0, file.fd, 0, 3 * kPage), ErrorKind::BadMapping);
  EXPECT_EQ(kind(0, file.fd, ~uint64_t{kPage - 1}, kPage), ErrorKind::BadMapping);
  EXPECT_EQ(kind(0, file.fd, 2 * kPage, kPage), ErrorKind::BadMapping);
  EXPECT_EQ(kind(kWasmPage, file.fd, 0, kPage), ErrorKind::OutOfBoundsAccess);
  EXPECT_EQ(kind(~uint64_t{kPage - 1}, file.fd, 0, 2 * kPage), ErrorKind::OutOfBoundsAccess);
  EXPECT_EQ(kind(0, file.fd, 0, ~uint64_t{kPage - 1}), ErrorKind::OutOfBoundsAccess);
  const std::string name = "/proc/self/fd/" + std::to_string(file.fd);
  const int for_writing = open(name.c_str(), O_WRONLY);
  ASSERT_GE(for_writing, 0);
  EXPECT_EQ(kind(0, for_writing, 0, kPage), ErrorKind::OutOfMemory) << "the system refuses";
  EXPECT_EQ(memory->unmap(7, kPage).error().kind, ErrorKind::BadMapping);
  EXPECT_EQ(memory->unmap(0, 2 * kWasmPage).error().kind, ErrorKind::OutOfBoundsAccess);
  EXPECT_EQ(memory->base()[0], 42);
  EXPECT_TRUE(memory->is_writable(0, kWasmPage));
  for (const int fd : {ends[0], ends[1], for_writing}) close(fd);
}

TEST(MappingWithoutSignals, IsRefused) {
  EngineConfig config;
  config.signals = SignalPolicy::None;
  const std::shared_ptr<Engine> engine = *Engine::create(config);
  const std::unique_ptr<Store> store = std::move(*Store::create(engine));
  const TestFile file(1);
  const Memory* memory = *Memory::create(*store, {{.min = 1}});
  EXPECT_EQ(memory->map_file(0, file.fd, 0, kPage, Access::ReadOnly).error().kind,
            ErrorKind::BadMapping);
}

TEST_P(MappingTest, NothingIsLeftForTheNextMemory) {
  const TestFile file(16);
  const std::string memory = "(memory (export \"memory\") 1 4)";
  for (int round = 0; round < 6; ++round) {
    Instance& instance = with_accesses(memory);
    const Memory& mapped = memory_of(instance);
    for (uint64_t at = 0; at < kWasmPage; at += kPage) ASSERT_EQ(load(instance, at), 0) << round;
    for (uint64_t at = 0; at < kWasmPage; at += kPage) {
      ASSERT_EQ(trap_at(instance, "store8", at), TrapCode::None);
    }
    const size_t idle = engine->memory_pool().idle_slots();
    if (round % 2 == 0)
      map(mapped, 0, file, 16, round % 4 == 0 ? Access::ReadOnly : Access::CopyOnWrite);
    store = std::move(*Store::create(engine));
    EXPECT_EQ(engine->memory_pool().idle_slots(), idle + (round % 2 == 0 ? 0 : 1)) << round;
  }
}

TEST_P(MappingTest, ImagesOfDataSegmentsAndMappingsMix) {
  const TestFile file(1);
  const std::string fields = "(memory (export \"memory\") 4 16)"
                             "(data (i32.const 100000) \"" +
                             std::string(70000, 'x') + "\")" + kAccesses;
  Result<Vector<uint8_t>> bytes = wat_to_wasm("(module " + fields + ")");
  ASSERT_TRUE(bytes);
  auto module = compile({bytes->begin(), bytes->end()});
  for (int round = 0; round < 4; ++round) {
    Instance& instance = **linker->instantiate(*store, module);
    EXPECT_EQ(load(instance, 100000), 'x');
    EXPECT_EQ(load(instance, 31 * kPage), 'x');
    map(memory_of(instance), 30 * kPage, file, 1, Access::ReadOnly);
    EXPECT_EQ(load(instance, 30 * kPage), 1);
    EXPECT_EQ(load(instance, 31 * kPage), 'x');
    EXPECT_EQ(trap_at(instance, "store8", 30 * kPage), TrapCode::MemoryReadOnly);
    EXPECT_EQ(trap_at(instance, "store8", 31 * kPage), TrapCode::None);
    ASSERT_TRUE(memory_of(instance).unmap(30 * kPage, kPage));
    EXPECT_EQ(load(instance, 30 * kPage), 0);
    store = std::move(*Store::create(engine));
  }
}

TEST_P(MappingTest, ManyMappingsAreOneMemoryEachToItself) {
  const TestFile file(8);
  Instance& first = with_accesses();
  Instance& second = make("(memory $m (export \"memory\") 2) (memory $n 1)"
                          "(func (export \"across\") (param $p i32) (param $q i32)"
                          "  (memory.copy $m $n (local.get $p) (local.get $q) (i32.const 64)))"
                          "(func (export \"back\") (param $p i32) (param $q i32)"
                          "  (memory.copy $n $m (local.get $p) (local.get $q) (i32.const 64)))");
  for (uint64_t i = 0; i < 8; ++i) {
    map(memory_of(first), 2 * i * kPage, file, 1, Access::ReadOnly, i * kPage);
  }
  for (uint64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(load(first, 2 * i * kPage), static_cast<int>(i) + 1);
    EXPECT_EQ(trap_at(first, "fill", (2 * i + 1) * kPage - 50), TrapCode::MemoryReadOnly);
    EXPECT_EQ(trap_at(first, "fill", (2 * i + 1) * kPage), TrapCode::None);
  }
  map(*second.memory(MemoryIdx{1}), 0, file, 1, Access::ReadOnly);
  const auto two = [](int32_t p, int32_t q) { return std::vector{Value::i32(p), Value::i32(q)}; };
  EXPECT_EQ(trap_of(second, "across", two(0, 0)), TrapCode::None);
  EXPECT_EQ(trap_of(second, "back", two(0, 0)), TrapCode::MemoryReadOnly);
  EXPECT_EQ(trap_of(second, "back", two(5000, 0)), TrapCode::None);
  file.cut(0);
  EXPECT_EQ(trap_of(second, "across", two(0, 0)), TrapCode::MappedPageLost);
}

TEST_P(MappingTest, AnActiveSegmentCannotWriteAReadOnlyPage) {
  const TestFile file(1);
  Instance& owner = with_accesses();
  map(memory_of(owner), 0, file, 1, Access::ReadOnly);
  ASSERT_TRUE(linker->define_instance("owner", owner));
  Result<Vector<uint8_t>> bytes = wat_to_wasm(
      "(module (import \"owner\" \"memory\" (memory 1)) (data (i32.const 4090) \"0123456789\"))");
  ASSERT_TRUE(bytes);
  const Outcome<Instance*> made = try_instantiate({bytes->begin(), bytes->end()});
  ASSERT_FALSE(made);
  ASSERT_TRUE(made.error().is_trap());
  EXPECT_EQ(made.error().trap->code(), TrapCode::MemoryReadOnly);
}

TEST_P(MappingTest, AMemoryOfBytePagesIsMappedUpToItsLastWholePage) {
  const TestFile file(4);
  Memory* memory =
      *Memory::create(*store, {{.min = 3 * kPage + 5, .max = 6 * kPage, .has_max = true}, 0});
  EXPECT_EQ(memory->map_file(3 * kPage, file.fd, 0, kPage, Access::ReadOnly).error().kind,
            ErrorKind::OutOfBoundsAccess);
  map(*memory, 2 * kPage, file, 1, Access::ReadOnly);
  const std::vector<uint8_t> byte(1, 7);
  EXPECT_TRUE(memory->write(3 * kPage + 4, byte));
  EXPECT_TRUE(memory->grow(kPage));
  EXPECT_TRUE(memory->write(4 * kPage + 4, byte));
  EXPECT_EQ(memory->write(3 * kPage - 1, byte).error().kind, ErrorKind::MemoryReadOnly);
  EXPECT_EQ(memory->write(4 * kPage + 5, byte).error().kind, ErrorKind::OutOfBoundsAccess);
}

TEST_P(MappingTest, A64BitMemoryIsMappedToo) {
  const TestFile file(1);
  Instance& instance = make("(memory (export \"memory\") i64 2 8)"
                            "(func (export \"store\") (param i64)"
                            "  (i32.store8 (local.get 0) (i32.const 1)))"
                            "(func (export \"load\") (param i64) (result i32)"
                            "  (i32.load8_u (local.get 0)))");
  map(memory_of(instance), kWasmPage, file, 1, Access::ReadOnly);
  EXPECT_EQ(call_i32(instance, "load", {Value::i64(kWasmPage)}), 1);
  EXPECT_EQ(trap_of(instance, "store", {Value::i64(kWasmPage)}), TrapCode::MemoryReadOnly);
  EXPECT_EQ(trap_of(instance, "store", {Value::i64(2 * kWasmPage)}), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(trap_of(instance, "store", {Value::i64(-1)}), TrapCode::MemoryOutOfBounds);
}

TEST_P(MappingTest, AHostFunctionMapsUnderARunningGuest) {
  const TestFile file(1);
  struct World {
    Memory* memory = nullptr;
    int fd = -1;
  } world;
  world.fd = file.fd;
  const ValType none[] = {kI32};
  ASSERT_TRUE(linker->define_func(
      "env", "map", std::span<const ValType>(none).first(0),
      std::span<const ValType>(none).first(0),
      [](void* env, Caller&, Value*) {
        const World& w = *static_cast<World*>(env);
        EXPECT_TRUE(w.memory->map_file(0, w.fd, 0, kPage, Access::ReadOnly));
        return TrapCode::None;
      },
      &world, nullptr));
  Instance& instance =
      make("(import \"env\" \"map\" (func $map)) (memory (export \"memory\") 1)"
           "(func (export \"run\") (result i32)"
           "  (i32.store8 (i32.const 9000) (i32.const 5))"
           "  (call $map)"
           "  (i32.add (i32.load8_u (i32.const 7)) (i32.load8_u (i32.const 9000))))"
           "(func (export \"store\") (i32.store8 (i32.const 0) (i32.const 5)))");
  world.memory = &memory_of(instance);
  EXPECT_EQ(call_i32(instance, "run"), 6);
  EXPECT_EQ(trap_of(instance, "store"), TrapCode::MemoryReadOnly);
}

TEST_P(MappingTest, AChildProcessHasTheMappingsToo) {
  const TestFile file(2);
  Instance& instance = with_accesses();
  map(memory_of(instance), 0, file, 1, Access::ReadOnly);
  map(memory_of(instance), kPage, file, 1, Access::CopyOnWrite, kPage);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool right = load(instance, 0) == 1 && load(instance, kPage) == 2 &&
                       trap_at(instance, "fill", 0) == TrapCode::MemoryReadOnly &&
                       trap_at(instance, "fill", kPage) == TrapCode::None;
    _exit(right ? 0 : 1);
  }
  EXPECT_EQ(test::wait_for(child), 0);
  EXPECT_EQ(load(instance, kPage), 2);
}

TEST_P(MappingTest, ThreadsRunInASharedMemoryWhileItIsMapped) {
  const TestFile file(1);
  Memory* memory =
      *Memory::create(*store, {{.min = 2, .max = 4, .has_max = true, .is_shared = true}});
  std::atomic<bool> stop = false;
  std::atomic<int> others = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        const TrapCode filled = memory->fill(100, 7, 3 * kPage);
        const TrapCode copied = Memory::copy(*memory, 300, *memory, 200, 2 * kPage);
        for (const TrapCode code : {filled, copied}) {
          if (code != TrapCode::None && code != TrapCode::MemoryReadOnly) ++others;
        }
      }
    });
  }
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(memory->map_file(kPage, file.fd, 0, kPage, Access::ReadOnly));
    ASSERT_TRUE(memory->unmap(kPage, kPage));
  }
  ASSERT_TRUE(memory->map_file(kPage, file.fd, 0, kPage, Access::ReadOnly));
  stop = true;
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(others, 0);
  EXPECT_EQ(memory->base()[kPage], 1);
}

SLUICE_BOTH_MODES(MappingTest);

}  // namespace
}  // namespace sluice
