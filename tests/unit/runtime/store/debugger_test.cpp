// What a debugger is told: an object file for each piece of code, from when it is published to when
// its module or engine goes. What gdb makes of them is tests/programs/debugger.py's.
#include <algorithm>
#include <cstring>
#include <elf.h>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/runtime/store/store_fixture.h"

// As gdb finds it, by its name.
extern "C" {
struct DebuggerEntry {
  DebuggerEntry* next;
  DebuggerEntry* previous;
  const char* object;
  uint64_t object_size;
};
struct DebuggerDescriptor {
  uint32_t version;
  uint32_t action;
  DebuggerEntry* relevant;
  DebuggerEntry* first;
};
extern DebuggerDescriptor __jit_debug_descriptor;
}

namespace sluice {
namespace {

using sluice_test::kBasics;

class DebuggerTest : public StoreTest {
 protected:
  void use(CompilePolicy policy, uint32_t workers = 0) {
    EngineConfig config = engine->config();
    config.debugger = true;
    config.compile = policy;
    config.workers = workers;
    engine = *Engine::create(config);
    store = std::move(*Store::create(engine));
    linker = std::make_unique<Linker>(engine);
  }
  void drop_all() {
    linker.reset();
    store.reset();
    engine.reset();
  }
};
SLUICE_BOTH_MODES(DebuggerTest);

/// Names of all symbols that the debugger knows of.
std::vector<std::string> symbols() {
  std::vector<std::string> names;
  const DebuggerEntry* previous = nullptr;
  for (const DebuggerEntry* e = __jit_debug_descriptor.first; e != nullptr; e = e->next) {
    EXPECT_EQ(e->previous, previous);
    previous = e;
    Elf64_Ehdr header;
    std::memcpy(&header, e->object, sizeof header);
    std::vector<Elf64_Shdr> sections(header.e_shnum);
    EXPECT_EQ(header.e_shoff + sections.size() * sizeof(Elf64_Shdr), e->object_size);
    std::memcpy(sections.data(), e->object + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
    for (const Elf64_Shdr& section : sections) {
      if (section.sh_type != SHT_SYMTAB) continue;
      const char* strings = e->object + sections[section.sh_link].sh_offset;
      for (uint64_t at = sizeof(Elf64_Sym); at < section.sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        std::memcpy(&symbol, e->object + section.sh_offset + at, sizeof symbol);
        const Elf64_Shdr& text = sections[symbol.st_shndx];
        EXPECT_GE(symbol.st_value, text.sh_addr);
        EXPECT_LE(symbol.st_value + symbol.st_size, text.sh_addr + text.sh_size);
        names.emplace_back(strings + symbol.st_name);
      }
    }
  }
  return names;
}

bool knows(const char* name) {
  const std::vector<std::string> names = symbols();
  return std::find(names.begin(), names.end(), name) != names.end();
}

TEST_P(DebuggerTest, NothingUnlessAsked) {
  instantiate(kBasics);
  EXPECT_EQ(__jit_debug_descriptor.first, nullptr);
}

TEST_P(DebuggerTest, KnowsWhatIsThereAndNothingElse) {
  use(CompilePolicy::Eager);
  EXPECT_TRUE(knows("[sluice: trap]"));
  EXPECT_FALSE(knows("add"));
  Instance& basics = instantiate(kBasics);
  for (const char* name : {"add", "fac", "inner", "[sluice: jump table]"}) EXPECT_TRUE(knows(name));
  EXPECT_TRUE(knows("func[4]"));
  EXPECT_EQ(call_i32(basics, "add", {Value::i32(2), Value::i32(3)}), 5);
  EXPECT_TRUE(knows("[sluice: enter Wasm]"));
  EXPECT_EQ(__jit_debug_descriptor.version, 1u);
  EXPECT_EQ(__jit_debug_descriptor.action, 0u);
  store.reset();
  EXPECT_FALSE(knows("add"));
  EXPECT_TRUE(knows("[sluice: trap]"));
  drop_all();
  EXPECT_EQ(__jit_debug_descriptor.first, nullptr);
}

TEST_P(DebuggerTest, KnowsWhatIsCompiledLater) {
  use(CompilePolicy::Lazy);
  Instance& basics = instantiate(kBasics);
  EXPECT_FALSE(knows("add"));
  EXPECT_EQ(call_i32(basics, "add", {Value::i32(2), Value::i32(3)}), 5);
  EXPECT_TRUE(knows("add"));
  EXPECT_FALSE(knows("fac"));
  drop_all();
  EXPECT_EQ(__jit_debug_descriptor.first, nullptr);
}

TEST_P(DebuggerTest, ManyEnginesAndThreads) {
  const EngineConfig plain = engine->config();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&plain, i] {
      for (int round = 0; round < 5; ++round) {
        EngineConfig config = plain;
        config.debugger = true;
        config.workers = i % 2 == 0 ? 0 : 2;
        config.compile = round % 2 == 0 ? CompilePolicy::Adaptive : CompilePolicy::Eager;
        const auto own = *Engine::create(config);
        for (int modules = 0; modules < 3; ++modules) EXPECT_TRUE(own->compile(kBasics));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(__jit_debug_descriptor.first, nullptr);
}

}  // namespace
}  // namespace sluice
