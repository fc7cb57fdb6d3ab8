// Memory: a linear memory (spec 4.2.8) in its own region of address space.
//
// Guard mode: a 32-bit memory reserves 8 GiB + 64 KiB, so that no 32-bit index plus 32-bit offset
// leaves the reservation, and a 64-bit one the engine's bound and a guard behind it; growing makes
// more of it accessible and the base never moves. Explicit mode: only what is in use is mapped and
// growing may move it. A shared memory reserves its maximum and never moves in either mode; its
// storage may belong to several stores. Other 32-bit memories take their address space from the
// engine's pool and give it back. Code sees a memory through MemoryData, whose address is stable.
//
// Files may be mapped into a memory. Accesses inside it may then fault, so the library's own go
// through runtime/trap/guarded_copy; the memory moves no more, and its address space is nobody
// else's afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/base/virtual_memory.h"
#include "engine/wasm/types.h"
#include "jit/abi/compile_options.h"
#include "jit/abi/instance_layout.h"
#include "jit/abi/trap_codes.h"
#include "runtime/store/memory_pool.h"
#include "runtime/store/parking_lot.h"

namespace sluice {

class Engine;
class Store;

/// The bytes of a memory; owned by one Memory, or by several in different stores if shared.
class MemoryStorage : public Allocated {
 public:
  static Result<std::shared_ptr<MemoryStorage>>
  create(Engine& engine, const MemoryType& type,
         std::shared_ptr<const MemoryImage> image = nullptr);
  ~MemoryStorage();

  /// Old size in bytes, or an error whose kind is MemoryLimit or OutOfMemory.
  Result<uint64_t> grow(uint64_t delta_pages);
  /// MemoryLimit if that is more than the type or the engine allows.
  Result<void> check_grow(uint64_t old_size_bytes, uint64_t delta_pages) const;
  /// See Memory.
  Result<void> map_file(uint64_t offset, int fd, uint64_t file_offset, uint64_t bytes,
                        Reservation::FileAccess access);
  Result<void> unmap(uint64_t offset, uint64_t bytes);
  bool is_writable(uint64_t offset, uint64_t bytes);
  MemoryData& data() { return data_; }
  const MemoryType& declared_type() const { return type_; }
  MemoryMode mode() const { return mode_; }

 private:
  MemoryStorage() = default;
  Result<void> take_space(Engine& engine, std::shared_ptr<const MemoryImage> image);
  Result<void> take_fixed_space(uint64_t size_bytes);
  Result<void> resize(uint64_t new_size_bytes);
  void back_ahead(uint64_t new_size_bytes);
  std::unexpected<Error> beyond_limit() const;
  std::unique_lock<ForkMutex> lock();
  Result<void> check_mapping(uint64_t offset, uint64_t bytes) const;
  Result<void> settle();
  void forget_read_only(uint64_t begin, uint64_t end);

  struct Range {
    uint64_t begin;
    uint64_t end;
  };

  MemoryType type_;  // as declared
  MemoryMode mode_ = MemoryMode::Guard;
  bool may_move_ = false;
  bool space_is_limit_ = false;  // max_size_bytes_ is what the system granted
  uint64_t max_size_bytes_ = 0;  // what grow may reach at most
  uint64_t backed_bytes_ = 0;    // up to here there may be memory, though not accessible
  Vector<Range> read_only_;      // mapped so; disjoint
  MemorySlot slot_;
  MemoryPool* pool_ = nullptr;  // where the slot goes in the end; null: nowhere
  MemoryData data_;
  // Shared memories grow and are mapped from any thread; generated code reads size_bytes as one
  // aligned word.
  std::optional<ForkMutex> grow_mutex_;  // shared memories only
};

class Memory : public Allocated {
 public:
  /// A new memory of the store. Fails if the minimum or the address space is not available.
  /// With an image it starts with that in place of zeros: the image must be of this very memory.
  static Result<Memory*> create(Store& store, const MemoryType& type,
                                std::shared_ptr<const MemoryImage> image = nullptr);
  /// Makes a shared memory of another store of the same engine accessible in `store`.
  static Result<Memory*> share(Store& store, Memory& other);

  Store& store() const { return store_; }
  /// Its type now: the minimum is the current size (spec 4.5.3.3).
  MemoryType type() const;
  MemoryData& data() const { return storage_->data(); }
  MemoryMode mode() const { return storage_->mode(); }
  bool is_shared() const { return storage_->declared_type().limits.is_shared; }

  /// First byte; stays valid for the store's life in guard mode, until the next grow otherwise.
  uint8_t* base() const { return data().base; }
  uint64_t size_bytes() const { return __atomic_load_n(&data().size_bytes, __ATOMIC_ACQUIRE); }
  uint64_t size_pages() const { return size_bytes() >> page_size_log2(); }
  uint32_t page_size_log2() const { return storage_->declared_type().page_size_log2; }

  /// Old size in pages. Wasm's memory.grow and the host's are the same operation. What refused it
  /// is the error's kind: MemoryLimit (its type or the engine), StoreLimit or OutOfMemory.
  Result<uint64_t> grow(uint64_t delta_pages);

  /// The bytes [offset, offset + count), or OutOfBoundsAccess. See base() for how long it is valid.
  Result<std::span<uint8_t>> view(uint64_t offset, uint64_t count) const;
  Result<void> read(uint64_t offset, std::span<uint8_t> out) const;
  Result<void> write(uint64_t offset, std::span<const uint8_t> bytes) const;
  /// The guest's memory.copy, memory.fill and memory.init: TrapCode::None if done. Outside the
  /// bounds nothing is written; what meets a page that it must not touch is done in part.
  static TrapCode copy(const Memory& to, uint64_t dst, const Memory& from, uint64_t src,
                       uint64_t count);
  TrapCode fill(uint64_t dst, uint8_t byte, uint64_t count) const;
  TrapCode init(uint64_t dst, std::span<const uint8_t> bytes) const;

  /// Maps whole host pages of a regular file or memfd, in place of what is there. Read-only: the
  /// file's bytes, also as they change later; a store is a trap (MemoryReadOnly). Copy-on-write:
  /// stores stay private. A page that the file does not have any more is a trap when touched
  /// (MappedPageLost). The descriptor is not needed afterwards. In explicit mode the memory moves
  /// now, and never again. BadMapping or OutOfBoundsAccess: nothing has changed.
  Result<void> map_file(uint64_t offset, int fd, uint64_t file_offset, uint64_t bytes,
                        Reservation::FileAccess access) const;
  /// Makes whole host pages zero and plain again, whatever was mapped there.
  Result<void> unmap(uint64_t offset, uint64_t bytes) const;
  /// No page of a range inside the memory is mapped read-only.
  bool is_writable(uint64_t offset, uint64_t count) const {
    return data().has_files == 0 || storage_->is_writable(offset, count);
  }
  /// Accesses in bounds may fault: files are mapped in, or might be at any time.
  bool may_fault() const {
    return is_shared() || __atomic_load_n(&data().has_files, __ATOMIC_RELAXED) != 0;
  }

  /// The guest's memory.atomic.wait32, wait64 and notify; guest and host wake each other. Waiting
  /// needs a shared memory and ends early by an interrupt of the store; a negative timeout is none.
  Result<WaitResult> wait32(uint64_t offset, uint32_t expected, int64_t timeout_ns) const {
    return wait_for(offset, expected, timeout_ns);
  }
  Result<WaitResult> wait64(uint64_t offset, uint64_t expected, int64_t timeout_ns) const {
    return wait_for(offset, expected, timeout_ns);
  }
  /// How many threads it woke, `count` at most.
  Result<uint32_t> notify(uint64_t offset, uint32_t count) const;
  bool in_bounds(uint64_t offset, uint64_t count) const {
    uint64_t size = size_bytes();
    return count <= size && offset <= size - count;
  }

 private:
  friend class Store;
  Memory(Store& store, std::shared_ptr<MemoryStorage> storage)
      : store_(store), storage_(std::move(storage)) {}
  static Result<void> check_limits(Store& store, const MemoryType& type, uint64_t size_bytes);
  static Memory* add(Store& store, std::shared_ptr<MemoryStorage> storage);

  template <class T>
  Result<WaitResult> wait_for(uint64_t offset, T expected, int64_t timeout_ns) const;
  Result<const uint8_t*> atomic_place(uint64_t offset, uint64_t bytes) const;

  Store& store_;
  std::shared_ptr<MemoryStorage> storage_;
};

}  // namespace sluice
