#include "jit/code/code_map.h"

#include <algorithm>
#include <atomic>
#include <new>

namespace sluice {

namespace {

struct Entry {
  uintptr_t begin;
  uintptr_t end;
  CodeMemory* memory;
};

struct Table {
  size_t count = 0;
  Entry* entries = nullptr;
  Table* next_retired = nullptr;
};

// What handlers read. `g_readers` is raised before the pointer is read and lowered after the last
// use: once it has been seen at zero after a change, nobody reads what was replaced before.
std::atomic<const Table*> g_table{nullptr};
std::atomic<uint64_t> g_readers{0};
static_assert(std::atomic<const Table*>::is_always_lock_free);
static_assert(std::atomic<uint64_t>::is_always_lock_free);

const Entry* search(const Table* table, uintptr_t pc) {
  if (table == nullptr) return nullptr;
  size_t low = 0;
  size_t high = table->count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (table->entries[middle].end <= pc) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == table->count || pc < table->entries[low].begin) return nullptr;
  return &table->entries[low];
}

/// The side that changes the map; all of it under the mutex. Never destroyed, since engines may
/// have static lifetime.
struct Registry {
  ForkMutex mutex{LockRank::Registry};
  Vector<Entry> entries;
  Table* current = nullptr;
  Table* retired = nullptr;

  static Registry& get() {
    alignas(Registry) static std::byte storage[sizeof(Registry)];
    static Registry* const registry = new (storage) Registry;
    return *registry;
  }

  static void free_table(Table* table) {
    HeapAllocator<Entry>{}.deallocate(table->entries, table->count);
    HeapAllocator<Table>{}.deallocate(table, 1);
  }

  void publish() {
    Table* fresh = nullptr;
    if (!entries.empty()) {
      fresh = new (HeapAllocator<Table>{}.allocate(1)) Table;
      fresh->count = entries.size();
      fresh->entries = HeapAllocator<Entry>{}.allocate(entries.size());
      std::uninitialized_copy(entries.begin(), entries.end(), fresh->entries);
    }
    g_table.store(fresh, std::memory_order_seq_cst);
    if (current != nullptr) {
      current->next_retired = retired;
      retired = current;
    }
    current = fresh;
    if (g_readers.load(std::memory_order_seq_cst) != 0) return;  // the next change will do
    while (retired != nullptr) {
      Table* old = retired;
      retired = old->next_retired;
      free_table(old);
    }
  }
};

}  // namespace

namespace {

/// Async-signal-safe. `ask` gets the entry that `pc` lies in.
template <class Ask>
bool ask_map(uintptr_t pc, Ask ask) {
  g_readers.fetch_add(1, std::memory_order_seq_cst);
  const Entry* entry = search(g_table.load(std::memory_order_seq_cst), pc);
  const bool answer = entry != nullptr && ask(*entry);
  g_readers.fetch_sub(1, std::memory_order_seq_cst);
  return answer;
}

}  // namespace

bool is_generated_code(uintptr_t pc) {
  return ask_map(pc, [](const Entry&) { return true; });
}

// Code memory that the calling thread runs in is not being destroyed.
bool is_module_code(uintptr_t pc) {
  return ask_map(pc, [pc](const Entry& entry) { return entry.memory->is_module_code(pc); });
}

CodeLocation find_code(uintptr_t pc) {
  CodeLocation location;
  CodeMemory* memory = nullptr;
  {
    Registry& registry = Registry::get();
    const std::lock_guard<ForkMutex> hold(registry.mutex);
    const Entry* entry = search(registry.current, pc);
    if (entry == nullptr) return location;
    memory = entry->memory;
  }
  const std::optional<CodeMemory::Found> found = memory->find(pc);
  if (!found) return location;
  if (found->module == nullptr) {
    location.kind = CodeLocation::Kind::Stub;
    location.stub = found->stub;
    return location;
  }
  location.module = found->module;
  location.owner = found->module->owner();
  location.kind = CodeLocation::Kind::JumpTable;
  if (const std::optional<ModuleCode::Found> func = found->module->find(pc)) {
    location.kind = CodeLocation::Kind::Function;
    location.func = func->func;
    location.code_offset = func->code_offset;
  }
  return location;
}

void code_map_add(CodeMemory& memory) {
  Registry& registry = Registry::get();
  const std::lock_guard<ForkMutex> hold(registry.mutex);
  const Entry entry{memory.base(), memory.base() + memory.reserved_bytes(), &memory};
  const auto at =
      std::lower_bound(registry.entries.begin(), registry.entries.end(), entry,
                       [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
  registry.entries.insert(at, entry);
  registry.publish();
}

void code_map_remove(CodeMemory& memory) {
  Registry& registry = Registry::get();
  const std::lock_guard<ForkMutex> hold(registry.mutex);
  std::erase_if(registry.entries, [&](const Entry& e) { return e.memory == &memory; });
  registry.publish();
}

}  // namespace sluice
