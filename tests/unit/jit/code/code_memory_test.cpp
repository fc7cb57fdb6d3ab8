// Publishing code, finding it again, running out of room, freeing, and forking in the middle.
#include <atomic>
#include <cstdio>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "jit/abi/instance_layout.h"
#include "jit/code/code_map.h"
#include "jit/code/code_memory.h"
#include "tests/support/fork.h"

namespace sluice {
namespace {

// mov eax, value; ret
void append_return(CodeBatch& batch, uint32_t func, uint32_t value) {
  while (batch.bytes.size() % 16 != 0) batch.bytes.push_back(0xcc);
  const uint32_t start = static_cast<uint32_t>(batch.bytes.size());
  uint8_t code[6] = {0xb8, 0, 0, 0, 0, 0xc3};
  std::memcpy(code + 1, &value, 4);
  batch.bytes.insert(batch.bytes.end(), code, code + sizeof code);
  batch.entries.push_back({static_cast<FuncIdx>(func), start, sizeof code,
                           static_cast<uint32_t>(batch.relocs.size()), 0});
}

// jmp slot(target)
void append_jump(CodeBatch& batch, uint32_t func, uint32_t target) {
  while (batch.bytes.size() % 16 != 0) batch.bytes.push_back(0xcc);
  const uint32_t start = static_cast<uint32_t>(batch.bytes.size());
  const uint8_t code[5] = {0xe9, 0, 0, 0, 0};
  batch.bytes.insert(batch.bytes.end(), code, code + sizeof code);
  batch.entries.push_back({static_cast<FuncIdx>(func), start, sizeof code,
                           static_cast<uint32_t>(batch.relocs.size()), 1});
  batch.relocs.push_back({start + 1, RelocKind::FuncSlot, target});
}

uint32_t run(const ModuleCode& code, uint32_t func) {
  auto f = reinterpret_cast<uint32_t (*)()>(code.memory().base() +
                                            code.slot_offset(static_cast<FuncIdx>(func)));
  return f();
}

std::shared_ptr<CodeMemory> make_memory(size_t bytes = CodeMemory::kDefaultReserveBytes) {
  Result<std::shared_ptr<CodeMemory>> memory = CodeMemory::create(bytes);
  EXPECT_TRUE(memory);
  return *memory;
}

std::shared_ptr<ModuleCode> make_code(std::shared_ptr<CodeMemory> memory, uint32_t imported,
                                      uint32_t defined) {
  auto code = ModuleCode::create(std::move(memory), imported, defined);
  EXPECT_TRUE(code);
  return *code;
}

TEST(CodeMemory, PublishedFunctionsRunThroughTheirSlots) {
  auto code = make_code(make_memory(), 2, 3);
  CodeBatch batch;
  append_return(batch, 2, 100);
  append_jump(batch, 3, 4);  // not published yet
  ASSERT_TRUE(code->publish(batch));
  batch.clear();
  append_return(batch, 4, 300);
  ASSERT_TRUE(code->publish(batch));
  EXPECT_EQ(run(*code, 2), 100u);
  EXPECT_EQ(run(*code, 3), 300u);
  EXPECT_EQ(run(*code, 4), 300u);
  EXPECT_EQ(code->jump_table_offset() % 8, 0u);
  EXPECT_EQ(code->code_bytes(), 17u);
}

TEST(CodeMemory, LaterCodeReplacesEarlier) {
  auto code = make_code(make_memory(), 0, 1);
  for (uint32_t value : {1u, 2u}) {
    CodeBatch batch;
    append_return(batch, 0, value);
    ASSERT_TRUE(code->publish(batch));
    EXPECT_EQ(run(*code, 0), value);
    EXPECT_EQ(code->code_of(FuncIdx{0})[1], value);
  }
}

TEST(CodeMemory, NoMappingIsWritableAndExecutable) {
  auto code = make_code(make_memory(), 0, 1);
  FILE* maps = fopen("/proc/self/maps", "r");
  ASSERT_NE(maps, nullptr);
  char line[512];
  int executable_extents = 0;
  while (fgets(line, sizeof line, maps) != nullptr) {
    EXPECT_EQ(strstr(line, "rwx"), nullptr) << line;
    if (strstr(line, "sluice-code") != nullptr && strstr(line, "r-xs") != nullptr)
      ++executable_extents;
  }
  fclose(maps);
  EXPECT_GE(executable_extents, 2);
}

TEST(CodeMemory, FindsFunctionsAndStubs) {
  auto memory = make_memory();
  auto code = make_code(memory, 5, 1000);
  auto owner = std::make_shared<int>(7);
  code->set_owner(owner);
  // Small batches out of order, enough for several extents.
  for (uint32_t i = 0; i < 1000; ++i) {
    CodeBatch batch;
    append_return(batch, 5 + (i * 7) % 1000, i);
    batch.bytes.resize(4096);
    ASSERT_TRUE(code->publish(batch));
  }
  for (uint32_t f = 5; f < 1005; ++f) {
    std::span<const uint8_t> bytes = code->code_of(static_cast<FuncIdx>(f));
    ASSERT_EQ(bytes.size(), 6u);
    const uintptr_t pc = reinterpret_cast<uintptr_t>(bytes.data());
    EXPECT_TRUE(is_generated_code(pc));
    const CodeLocation at = find_code(pc + 5);
    ASSERT_EQ(at.kind, CodeLocation::Kind::Function);
    EXPECT_EQ(raw(at.func), f);
    EXPECT_EQ(at.code_offset, 5u);
    EXPECT_EQ(at.module, code.get());
    EXPECT_EQ(at.owner, owner);
    EXPECT_NE(find_code(pc + 6).kind, CodeLocation::Kind::Function);
  }
  EXPECT_EQ(find_code(memory->base() + code->jump_table_offset()).kind,
            CodeLocation::Kind::JumpTable);
  const uint8_t stub[] = {0xc3};
  Result<uint32_t> offset = memory->add_stub(stub, StubKind::Builtin);
  ASSERT_TRUE(offset);
  const CodeLocation at = find_code(memory->base() + *offset);
  EXPECT_EQ(at.kind, CodeLocation::Kind::Stub);
  EXPECT_EQ(at.stub, StubKind::Builtin);
  EXPECT_EQ(find_code(memory->base() + memory->unfilled_offset()).stub, StubKind::Unfilled);
  EXPECT_EQ(find_code(reinterpret_cast<uintptr_t>(&make_memory)).kind, CodeLocation::Kind::None);
  EXPECT_EQ(find_code(memory->base() + memory->reserved_bytes() - 1).kind,
            CodeLocation::Kind::None);
  EXPECT_FALSE(is_generated_code(memory->base() - 1));
  EXPECT_FALSE(is_generated_code(memory->base() + memory->reserved_bytes()));
}

TEST(CodeMemory, FullIsAnErrorAndFreeingMakesRoom) {
  auto memory = make_memory(size_t{1} << 20);
  for (int round = 0; round < 50; ++round) {
    auto code = make_code(memory, 0, 4);
    CodeBatch batch;
    append_return(batch, 0, 7);
    batch.bytes.resize(100000);
    Result<void> published;
    int count = 0;
    while ((published = code->publish(batch))) ++count;
    EXPECT_EQ(published.error().kind, ErrorKind::CodeMemoryFull);
    EXPECT_GE(count, 5);
    EXPECT_EQ(run(*code, 0), 7u);
  }
  auto too_large = ModuleCode::create(memory, 0, 1000000);
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().kind, ErrorKind::CodeMemoryFull);
}

TEST(CodeMemory, MapChangesWhileOthersRead) {
  auto memory = make_memory(size_t{1} << 20);
  const uintptr_t inside = memory->base() + memory->unfilled_offset();
  std::atomic<bool> stop{false};
  std::atomic<int> missed{0};
  std::thread reader([&] {
    while (!stop) missed += is_generated_code(inside) ? 0 : 1;
  });
  for (int i = 0; i < 200; ++i) make_memory(size_t{1} << 20);
  stop = true;
  reader.join();
  EXPECT_EQ(missed, 0);
}

TEST(CodeMemory, ManyThreadsPublishWhileCodeRuns) {
  constexpr uint32_t kThreads = 4;
  constexpr uint32_t kPerThread = 300;
  auto code = make_code(make_memory(), 0, 1 + kThreads * kPerThread);
  CodeBatch first;
  append_return(first, 0, 0);
  ASSERT_TRUE(code->publish(first));
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < kPerThread; ++i) {
        const uint32_t func = 1 + t * kPerThread + i;
        CodeBatch batch;
        append_return(batch, func, func);
        if (!code->publish(batch)) ++failures;
        if (run(*code, func) != func) ++failures;
        if (run(*code, 0) != 0) ++failures;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(failures, 0);
}

// Functions 0 … count - 1 return their numbers; each has pages of its own.
bool publish_numbers(ModuleCode& code, uint32_t count, size_t bytes_each) {
  for (uint32_t i = 0; i < count; ++i) {
    CodeBatch batch;
    append_return(batch, i, i);
    batch.bytes.resize(bytes_each);
    if (!code.publish(batch)) return false;
  }
  return true;
}

bool all_run(const ModuleCode& code, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (run(code, i) != i) return false;
  }
  return true;
}

// "r-xp" or the like, of the mapping in which the function's code lies.
std::string protection_of(const ModuleCode& code, uint32_t func) {
  const auto pc = reinterpret_cast<uintptr_t>(code.entry_of(static_cast<FuncIdx>(func)));
  FILE* maps = fopen("/proc/self/maps", "r");
  char line[512];
  std::string found;
  while (found.empty() && fgets(line, sizeof line, maps) != nullptr) {
    uintptr_t from = 0;
    uintptr_t to = 0;
    char protection[5] = {};
    if (sscanf(line, "%zx-%zx %4s", &from, &to, protection) == 3 && pc >= from && pc < to)
      found = protection;
  }
  fclose(maps);
  return found;
}

constexpr uint32_t kHidden = 120;
constexpr size_t kHiddenBytes = 100'000;  // so all kinds of extents are filled, 4 MiB the largest

std::shared_ptr<ModuleCode> make_hidden(std::shared_ptr<CodeMemory> memory, uint32_t defined,
                                        uint64_t expected_bytes = 0) {
  auto code = ModuleCode::create(std::move(memory), 0, defined, EmptySlot::Traps,
                                 HiddenCode{expected_bytes});
  EXPECT_TRUE(code);
  return *code;
}

// What is expected lies in one piece that begins with a huge page, be it a little more or less.
TEST(CodeMemory, HiddenCodeOfKnownSizeIsOnePiece) {
  constexpr uint32_t kFuncs = 12;
  for (const uint64_t expected : {kFuncs * kHiddenBytes / 2, kFuncs * kHiddenBytes}) {
    auto code = make_hidden(make_memory(), kFuncs, expected);
    ASSERT_TRUE(publish_numbers(*code, kFuncs, kHiddenBytes));
    ASSERT_TRUE(code->make_executable());
    EXPECT_TRUE(all_run(*code, kFuncs));
    const uint8_t* table = code->jump_table().data();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(table) % Reservation::kHugePageBytes, 0u);
    const auto* last = static_cast<const uint8_t*>(code->entry_of(FuncIdx{kFuncs - 1}));
    EXPECT_LT(last - table, static_cast<ptrdiff_t>((kFuncs + 1) * kHiddenBytes));
  }
}

TEST(CodeMemory, ExpectingTooMuchCostsNothing) {
  auto memory = make_memory(CodeMemory::kLeastReserveBytes);
  std::vector<std::shared_ptr<ModuleCode>> codes;
  for (int i = 0; i < 20; ++i) {
    codes.push_back(make_hidden(memory, 1, ~uint64_t{0}));
    ASSERT_TRUE(publish_numbers(*codes.back(), 1, 1000));
    ASSERT_TRUE(codes.back()->make_executable());
    EXPECT_EQ(run(*codes.back(), 0), 0u);
  }
}

TEST(CodeMemory, HiddenCodeBecomesExecutable) {
  auto memory = make_memory();
  for (int round = 0; round < 3; ++round) {
    auto code = make_hidden(memory, kHidden);
    ASSERT_TRUE(publish_numbers(*code, kHidden, kHiddenBytes));
    EXPECT_EQ(protection_of(*code, kHidden - 1), "rw-p");
    ASSERT_TRUE(code->make_executable());
    EXPECT_EQ(protection_of(*code, kHidden - 1), "r-xp");
    EXPECT_TRUE(all_run(*code, kHidden));
    // What comes later does not touch what may be running.
    CodeBatch batch;
    append_return(batch, 5, 555);
    ASSERT_TRUE(code->publish(batch));
    EXPECT_EQ(protection_of(*code, 5), "r-xs");
    EXPECT_EQ(run(*code, 5), 555u);
    EXPECT_EQ(run(*code, kHidden - 1), kHidden - 1);
  }
}

TEST(CodeMemory, HiddenCodeFillsAllThereIs) {
  constexpr size_t kBytes = size_t{16} << 20;
  auto memory = make_memory(kBytes);
  for (int round = 0; round < 3; ++round) {
    auto code = make_hidden(memory, 1000);
    CodeBatch batch;
    append_return(batch, 0, 7);
    batch.bytes.resize(kHiddenBytes);
    uint32_t count = 0;
    while (code->publish(batch)) ++count;
    EXPECT_GE(count, kBytes / kHiddenBytes * 9 / 10);
    ASSERT_TRUE(code->make_executable());
    EXPECT_EQ(run(*code, 0), 7u);
  }
}

// Some systems let no page become executable that was writable.
TEST(CodeMemory, HiddenCodeWhereNothingMayBecomeExecutable) {
  constexpr int kSetMdwe = 65;  // prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN), Linux 6.3
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (prctl(kSetMdwe, 1, 0, 0, 0) != 0) _exit(77);
    auto code = make_hidden(make_memory(), kHidden);
    if (!publish_numbers(*code, kHidden, kHiddenBytes)) _exit(1);
    if (protection_of(*code, kHidden - 1) != "rw-p") _exit(2);
    if (!code->make_executable()) _exit(3);
    if (protection_of(*code, kHidden - 1) != "r-xs") _exit(4);
    _exit(all_run(*code, kHidden) ? 0 : 5);
  }
  const int status = test::wait_for(child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no such system here";
  EXPECT_EQ(status, 0);
}

TEST(CodeMemory, ForkWhileCodeIsHidden) {
  auto code = make_hidden(make_memory(), kHidden + 1);
  ASSERT_TRUE(publish_numbers(*code, kHidden, kHiddenBytes));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  CodeBatch batch;
  append_return(batch, kHidden, child == 0 ? 111 : 222);
  const bool published = code->publish(batch) && code->make_executable();
  if (child == 0) {
    _exit(published && all_run(*code, kHidden) && run(*code, kHidden) == 111 ? 0 : 1);
  }
  ASSERT_TRUE(published);
  EXPECT_EQ(test::wait_for(child), 0);
  EXPECT_TRUE(all_run(*code, kHidden));
  EXPECT_EQ(run(*code, kHidden), 222u);
}

// After a fork both sides go on filling the same module; neither sees what the other writes.
TEST(CodeMemory, ParentAndChildGoOnApart) {
  auto memory = make_memory();
  auto code = make_code(memory, 0, 3);
  CodeBatch batch;
  append_return(batch, 0, 10);
  ASSERT_TRUE(code->publish(batch));
  int to_child[2];
  int to_parent[2];
  ASSERT_TRUE(pipe(to_child) == 0 && pipe(to_parent) == 0);
  char byte = 0;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // The parent has published function 1 = 111 by now: not here.
    if (read(to_child[0], &byte, 1) != 1) _exit(1);
    if (run(*code, 0) != 10) _exit(2);
    if (!code->code_of(FuncIdx{1}).empty()) _exit(3);
    CodeBatch mine;
    append_return(mine, 1, 222);
    append_jump(mine, 2, 1);
    if (!code->publish(mine)) _exit(4);
    if (run(*code, 1) != 222 || run(*code, 2) != 222 || run(*code, 0) != 10) _exit(5);
    const uint8_t stub[] = {0xb8, 9, 0, 0, 0, 0xc3};
    Result<uint32_t> offset = memory->add_stub(stub, StubKind::Entry);
    if (!offset) _exit(6);
    if (reinterpret_cast<int (*)()>(memory->base() + *offset)() != 9) _exit(7);
    if (write(to_parent[1], &byte, 1) != 1) _exit(8);
    // The parent frees its module and makes another: this one still runs.
    if (read(to_child[0], &byte, 1) != 1) _exit(9);
    if (run(*code, 0) != 10 || run(*code, 1) != 222) _exit(10);
    code.reset();
    auto fresh = make_code(memory, 0, 1);
    CodeBatch again;
    append_return(again, 0, 333);
    if (!fresh->publish(again) || run(*fresh, 0) != 333) _exit(11);
    _exit(0);
  }
  CodeBatch mine;
  append_return(mine, 1, 111);
  ASSERT_TRUE(code->publish(mine));
  EXPECT_EQ(run(*code, 1), 111u);
  ASSERT_EQ(write(to_child[1], &byte, 1), 1);
  ASSERT_EQ(read(to_parent[0], &byte, 1), 1);
  EXPECT_EQ(run(*code, 1), 111u);
  EXPECT_TRUE(code->code_of(FuncIdx{2}).empty());
  code.reset();
  auto other = make_code(memory, 0, 2);
  CodeBatch junk;
  append_return(junk, 0, 999);
  append_return(junk, 1, 999);
  ASSERT_TRUE(other->publish(junk));
  ASSERT_EQ(write(to_child[1], &byte, 1), 1);
  EXPECT_EQ(test::wait_for(child), 0);
  EXPECT_EQ(run(*other, 0), 999u);
}

}  // namespace
}  // namespace sluice
