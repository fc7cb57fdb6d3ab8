// sluice.h: memories, what is mapped into them, and text.

#include "engine/binary/byte_reader.h"
#include "runtime/api/handles.h"

using namespace sluice;
using namespace sluice::api;

extern "C" {

sluice_error_t* sluice_memory_new(sluice_store_t* store, sluice_limits_t limits,
                                  uint32_t page_size_log2, sluice_memory_t* out) {
  const Result<Memory*> memory = Memory::create(unwrap(store), {unwrap(limits), page_size_log2});
  if (!memory) return error_of(memory.error());
  *out = make_handle<sluice_memory_t>(unwrap(store), *memory);
  return nullptr;
}

sluice_error_t* sluice_memory_get_data(const sluice_store_t* store, sluice_memory_t memory,
                                       const sluice_memory_data_t** out) {
  static_assert(offsetof(MemoryData, base) == offsetof(sluice_memory_data_t, base));
  static_assert(offsetof(MemoryData, size_bytes) == offsetof(sluice_memory_data_t, size_bytes));
  static_assert(offsetof(MemoryData, has_files) == offsetof(sluice_memory_data_t, has_files));
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  *out = reinterpret_cast<const sluice_memory_data_t*>(&object->data());
  return nullptr;
}

sluice_error_t* sluice_memory_check(const sluice_store_t* store, sluice_memory_t memory,
                                    uint64_t offset, uint64_t size) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  return object->in_bounds(offset, size) ? nullptr : error_of(ErrorKind::OutOfBoundsAccess);
}

sluice_error_t* sluice_memory_check_writable(const sluice_store_t* store, sluice_memory_t memory,
                                             uint64_t offset, uint64_t size) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  if (!object->in_bounds(offset, size)) return error_of(ErrorKind::OutOfBoundsAccess);
  return object->is_writable(offset, size) ? nullptr : error_of(ErrorKind::MemoryReadOnly);
}

sluice_error_t* sluice_memory_limits(const sluice_store_t* store, sluice_memory_t memory,
                                     sluice_limits_t* out) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  *out = wrap(object->type().limits);
  return nullptr;
}

sluice_error_t* sluice_memory_page_size_log2(const sluice_store_t* store, sluice_memory_t memory,
                                             uint32_t* out) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  *out = object->page_size_log2();
  return nullptr;
}

sluice_error_t* sluice_memory_grow(sluice_store_t* store, sluice_memory_t memory,
                                   uint64_t delta_pages, uint64_t* old_pages) {
  auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<uint64_t> old = object->grow(delta_pages);
  if (!old) return error_of(old.error());
  if (old_pages != nullptr) *old_pages = *old;
  return nullptr;
}

namespace {

sluice_error_t* report(const Result<WaitResult>& result, sluice_wait_t* out) {
  static_assert(static_cast<int>(WaitResult::Interrupted) == SLUICE_WAIT_INTERRUPTED);
  if (!result) return error_of(result.error());
  *out = static_cast<sluice_wait_t>(*result);
  return nullptr;
}

}  // namespace

sluice_error_t* sluice_memory_wait32(sluice_store_t* store, sluice_memory_t memory, uint64_t offset,
                                     uint32_t expected, int64_t timeout_ns, sluice_wait_t* out) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  return report(object->wait32(offset, expected, timeout_ns), out);
}

sluice_error_t* sluice_memory_wait64(sluice_store_t* store, sluice_memory_t memory, uint64_t offset,
                                     uint64_t expected, int64_t timeout_ns, sluice_wait_t* out) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  return report(object->wait64(offset, expected, timeout_ns), out);
}

sluice_error_t* sluice_memory_notify(sluice_store_t* store, sluice_memory_t memory, uint64_t offset,
                                     uint32_t count, uint32_t* woken) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<uint32_t> result = object->notify(offset, count);
  if (!result) return error_of(result.error());
  if (woken != nullptr) *woken = *result;
  return nullptr;
}

sluice_error_t* sluice_memory_read(const sluice_store_t* store, sluice_memory_t memory,
                                   uint64_t offset, void* out, size_t size) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<void> done = object->read(offset, {static_cast<uint8_t*>(out), size});
  return done ? nullptr : error_of(done.error());
}

sluice_error_t* sluice_memory_write(sluice_store_t* store, sluice_memory_t memory, uint64_t offset,
                                    const void* bytes, size_t size) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<void> done = object->write(offset, {static_cast<const uint8_t*>(bytes), size});
  return done ? nullptr : error_of(done.error());
}

sluice_error_t* sluice_memory_share(const sluice_store_t* from, sluice_memory_t memory,
                                    sluice_store_t* to, sluice_memory_t* out) {
  auto* object = resolve<Memory>(unwrap(from), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<Memory*> shared = Memory::share(unwrap(to), *object);
  if (!shared) return error_of(shared.error());
  *out = make_handle<sluice_memory_t>(unwrap(to), *shared);
  return nullptr;
}

sluice_error_t* sluice_memory_map_file(sluice_store_t* store, sluice_memory_t memory,
                                       uint64_t offset, int fd, uint64_t file_offset, uint64_t size,
                                       sluice_map_t mode) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const auto access = mode == SLUICE_MAP_COPY_ON_WRITE ? Reservation::FileAccess::CopyOnWrite
                                                       : Reservation::FileAccess::ReadOnly;
  const Result<void> done = object->map_file(offset, fd, file_offset, size, access);
  return done ? nullptr : error_of(done.error());
}

sluice_error_t* sluice_memory_unmap(sluice_store_t* store, sluice_memory_t memory, uint64_t offset,
                                    uint64_t size) {
  const auto* object = resolve<Memory>(unwrap(store), memory);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<void> done = object->unmap(offset, size);
  return done ? nullptr : error_of(done.error());
}

bool sluice_is_utf8(const void* bytes, size_t size) {
  size_t bad_index = 0;
  return size == 0 || is_utf8({static_cast<const uint8_t*>(bytes), size}, bad_index);
}

}  // extern "C"
