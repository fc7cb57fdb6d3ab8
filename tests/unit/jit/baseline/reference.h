// A plain interpreter of function bodies, to compare compiled code with.
//
// Owns its own reading of the instructions it knows: numeric, control, locals, globals, memory and
// direct calls of Wasm 2.0, with some thirty of its vector instructions, in valid bodies that never
// trap. Nothing is shared with the compiler but the decoded module, so a rule that both got wrong
// is wrong twice.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "engine/wasm/module.h"

namespace sluice::test {

class Reference {
 public:
  static constexpr size_t kMemoryBytes = 65'536;
  static constexpr size_t kMemories = 3;

  /// Globals begin as 0, whatever the module says.
  explicit Reference(const Module& module)
      : memory(kMemories * kMemoryBytes), module_(module), globals_(module.globals.size()) {}

  /// Results of a function without imports; i32 and f32 with zero upper halves.
  std::vector<uint64_t> call(uint32_t func, const std::vector<uint64_t>& args);

  std::vector<uint8_t> memory;  // all of them, one behind the other

 private:
  /// A value of any type: numbers in the low part, vectors in both.
  struct Cell {
    Cell(uint64_t l = 0, uint64_t h = 0)
        : low(l), high(h) {}                   // NOLINT(google-explicit-constructor)
    operator uint64_t() const { return low; }  // NOLINT(google-explicit-constructor)
    uint64_t low, high;
  };
  struct Signature {
    size_t params = 0;
    size_t results = 0;
  };
  struct Label {
    bool is_loop = false;
    size_t arity = 0;   // of a branch
    size_t height = 0;  // of the stack below it
    const uint8_t* start = nullptr;
    const uint8_t* end = nullptr;  // behind its `end`
  };
  struct Ends {
    const uint8_t* otherwise = nullptr;  // behind `else`; null without one
    const uint8_t* end = nullptr;
  };

  void run(const uint8_t* begin, size_t results);
  void control(uint8_t opcode);
  void open(uint8_t opcode);
  void branch(uint32_t depth);
  void branch_table();
  void call_func(uint32_t func);
  struct MemoryPlace {
    uint64_t memory = 0;
    uint64_t offset = 0;
  };
  static MemoryPlace read_memory_place(const uint8_t*& p);
  uint8_t* at(const MemoryPlace& place, uint64_t address, size_t size);
  void access(uint8_t opcode);
  void atomic(uint32_t opcode);
  void wide(uint32_t opcode);
  void saturate(uint32_t opcode);
  void vector(uint32_t opcode);
  void vector_access(uint32_t opcode);
  template <class Lane, class Function>
  void lanewise(Function function);
  Signature block_signature(const uint8_t*& p) const;
  const Ends& ends(const uint8_t* p, const uint8_t* first);
  const uint8_t* skip(const uint8_t* p) const;

  Cell pop() {
    Cell value = stack_.back();
    stack_.pop_back();
    return value;
  }
  void push(Cell value) { stack_.push_back(value); }

  const Module& module_;
  std::vector<Cell> globals_;
  std::vector<Cell> stack_;
  std::vector<Cell> locals_;
  std::vector<Label> labels_;            // of the present function
  const uint8_t* p_ = nullptr;           // null: the function has returned
  std::map<const uint8_t*, Ends> ends_;  // by the first byte of a block's body
};

}  // namespace sluice::test
