// GuestAllocator and GuestBuffer<T>: room in a guest's memory that the guest's own allocator gives.
//
//   auto allocator = SLUICE_TRY(GuestAllocator::find(instance));
//   auto numbers = SLUICE_TRY(allocator.copy(values));  // a vector, array or span
//   int32_t sum = SLUICE_TRY(sum_of(numbers));        // sum_of takes a GuestSpan<int32_t>
//
// What the guest returns is not trusted: an address that lies outside its memory, or is not aligned
// for T, is an error. Every access through a buffer tests that the host has not freed it; what the
// guest frees itself nobody can know. Buffers must go before their store, and are for its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sluice/detail/guest.hpp"
#include "sluice/detail/instance.hpp"
#include "sluice/detail/memory.hpp"
#include "sluice/detail/result.hpp"
#include "sluice/detail/view.hpp"

namespace sluice::inline v0 {

namespace detail {

/// One allocation of a guest's, shared by its buffer and the views of that.
struct GuestLease {
  GuestLease(const Memory& in, std::optional<Func> free_with, bool wide, uint64_t at)
      : memory(in), release(std::move(free_with)), is_64(wide), address(at) {}
  Memory memory;
  std::optional<Func> release;  // without it the guest keeps what it gave
  bool is_64;
  uint64_t address;
  bool is_freed = false;

  Result<void> free() {
    if (is_freed) return Error("the guest buffer was freed");
    is_freed = true;
    if (!release || address == 0) return {};
    sluice_value_t cell = {};
    cell.bits[0] = address;
    return release->call({&cell, 1}, {});
  }
  void interrupt_again() const {
    const Owned<sluice_interrupt_t, sluice_interrupt_delete> handle(
        sluice_interrupt_new(memory.store()));
    sluice_interrupt_send(handle.get());
  }
};

}  // namespace detail

/// Elements of a GuestBuffer. Each access is an error once the buffer has been freed.
template <class T>
class BufferView {
 public:
  BufferView(std::shared_ptr<const detail::GuestLease> lease, size_t count)
      : lease_(std::move(lease)), count_(count) {}
  /// 0 once it has been freed.
  size_t size() const { return lease_->is_freed ? 0 : count_; }
  /// For many accesses; not tested any more after this.
  Result<View<T>> view() const {
    if (lease_->is_freed) return Error("the guest buffer was freed");
    return lease_->memory.template view<T>(lease_->address, count_);
  }
  Result<T> at(size_t index) const {
    const View<T> one = SLUICE_TRY(SLUICE_TRY(view()).subview(index));
    if (one.empty()) return Error("the range lies outside the view");
    return lease_->memory.template read<T>(one.offset());
  }
  Result<void> set(size_t index, const T& value) const {
    const View<T> one = SLUICE_TRY(SLUICE_TRY(view()).subview(index));
    if (one.empty()) return Error("the range lies outside the view");
    return lease_->memory.write(one.offset(), value);
  }
  /// The first elements, as many as `to` or `from` has.
  Result<void> copy_out(std::span<T> to) const {
    const View<T> part = SLUICE_TRY(SLUICE_TRY(view()).subview(0, to.size()));
    return lease_->memory.copy_out(part.offset(), std::as_writable_bytes(to));
  }
  Result<void> copy_in(std::span<const T> from) const {
    const View<T> part = SLUICE_TRY(SLUICE_TRY(view()).subview(0, from.size()));
    return lease_->memory.copy_in(part.offset(), std::as_bytes(from));
  }

 private:
  std::shared_ptr<const detail::GuestLease> lease_;
  size_t count_;
};

/// `size()` elements of T in a guest's memory; gives them back to the guest's allocator when it
/// goes. Converts to GuestSpan<T>, chars also to GuestString: the parameters that pass address and
/// count. Move-only.
template <class T>
class GuestBuffer {
  static_assert(std::is_trivially_copyable_v<T>, "guest memory holds plain bytes");

 public:
  GuestBuffer(std::shared_ptr<detail::GuestLease> lease, size_t count)
      : lease_(std::move(lease)), count_(count) {}
  GuestBuffer(GuestBuffer&& other) noexcept = default;
  GuestBuffer& operator=(GuestBuffer&& other) noexcept {
    std::swap(lease_, other.lease_);
    std::swap(count_, other.count_);
    return *this;
  }
  GuestBuffer(const GuestBuffer&) = delete;
  GuestBuffer& operator=(const GuestBuffer&) = delete;
  ~GuestBuffer() {
    if (lease_ == nullptr || lease_->is_freed) return;
    // A trap of the guest's allocator is nobody's to handle here; a request to stop is for the call
    // that is running, not for `free`.
    const Result<void> freed = lease_->free();
    if (!freed && freed.error().trap_code() == SLUICE_TRAP_INTERRUPTED) lease_->interrupt_again();
  }

  /// Elements.
  size_t size() const { return count_; }
  /// In the guest's memory; what a guest's function takes as a pointer.
  uint64_t address() const { return lease_->address; }
  BufferView<T> view() const { return BufferView<T>(lease_, count_); }
  /// As the argument of a guest's function. Once it has been freed, such a call is an error.
  template <class U, class Address>
    requires std::is_same_v<std::remove_const_t<U>, T>
  operator GuestSpan<U, Address>() const {  // NOLINT(google-explicit-constructor)
    return as_argument<GuestSpan<U, Address>, U, Address>();
  }
  template <class Address>
    requires std::is_same_v<T, char>
  operator BasicGuestString<Address>() const {  // NOLINT(google-explicit-constructor)
    return as_argument<BasicGuestString<Address>, const char, Address>();
  }
  /// Gives it back now. An error if it was freed before, or the guest's allocator trapped.
  Result<void> free() { return lease_->free(); }
  /// Leaves it to the guest, who frees it or does not.
  uint64_t release() {
    lease_->release.reset();
    return lease_->address;
  }

 private:
  template <class Argument, class U, class Address>
  Argument as_argument() const {
    const auto address = static_cast<Address>(lease_->address);
    if (lease_->is_freed || address != lease_->address) return Argument(nullptr, 0, View<U>());
    // The allocation was checked when it was made.
    return Argument(lease_->memory.store(), address,
                    View<U>(lease_->memory.raw_data(), lease_->address, count_));
  }

  std::shared_ptr<detail::GuestLease> lease_;
  size_t count_;
};

/// The allocator that a module exports: `malloc` and `free`, or `cabi_realloc` of the component
/// model's canonical ABI. What the latter gives is freed by `free` if there is one, and otherwise
/// the guest's for good.
class GuestAllocator {
 public:
  /// `memory` is the name of the memory that it allocates in.
  static Result<GuestAllocator> find(const Instance& instance, std::string_view memory = "memory") {
    GuestAllocator out(SLUICE_TRY(instance.memory(memory)));
    out.is_64_ = SLUICE_TRY(out.memory_.limits()).is_64;
    const sluice_type_t index = out.is_64_ ? SLUICE_I64 : SLUICE_I32;
    out.release_ = function(instance, "free", index, 1, 0);
    out.allocate_ = function(instance, "malloc", index, 1, 1);
    if (out.allocate_ && out.release_) return out;
    out.allocate_ = function(instance, "cabi_realloc", index, 4, 1);
    out.is_realloc_ = true;
    if (out.allocate_) return out;
    return Error("the instance exports neither malloc and free nor cabi_realloc of the right type");
  }

  /// Room for `count` elements; what is in it is the guest's business.
  template <class T>
  Result<GuestBuffer<T>> allocate(size_t count) const {
    if (count > (is_64_ ? SIZE_MAX : UINT32_MAX) / sizeof(T)) {
      return Error("the array is larger than any memory");
    }
    const uint64_t address = SLUICE_TRY(call(count * sizeof(T), alignof(T)));
    auto lease = std::make_shared<detail::GuestLease>(memory_, release_, is_64_, address);
    // From here on the guest gets it back whatever happens.
    GuestBuffer<T> buffer(std::move(lease), count);
    SLUICE_TRY(buffer.view().view());
    return buffer;
  }
  /// A copy of the host's elements in the guest's memory.
  template <class T>
  Result<GuestBuffer<T>> copy(std::span<const T> values) const {
    GuestBuffer<T> buffer = SLUICE_TRY(allocate<T>(values.size()));
    SLUICE_TRY(buffer.view().copy_in(values));
    return buffer;
  }
  /// A copy of a text, which must be UTF-8.
  Result<GuestBuffer<char>> copy(std::string_view text) const {
    if (!sluice_is_utf8(text.data(), text.size())) return Error("the string is not UTF-8");
    return copy(std::span<const char>(text.data(), text.size()));
  }
  /// A copy of a vector, an array or anything else that lies in one piece, and is not a text.
  template <std::ranges::contiguous_range Range>
    requires(std::ranges::sized_range<Range> &&
             !std::is_convertible_v<const Range&, std::string_view>)
  auto copy(const Range& values) const {
    return copy(std::span<const std::ranges::range_value_t<Range>>(values));
  }
  /// The same with a zero behind it, which counts in the buffer's size.
  Result<GuestBuffer<char>> copy_c_string(std::string_view text) const {
    if (text.find('\0') != text.npos) return Error("the string has a zero in it");
    if (!sluice_is_utf8(text.data(), text.size())) return Error("the string is not UTF-8");
    GuestBuffer<char> buffer = SLUICE_TRY(allocate<char>(text.size() + 1));
    SLUICE_TRY(buffer.view().copy_in(std::span<const char>(text.data(), text.size())));
    SLUICE_TRY(buffer.view().set(text.size(), '\0'));
    return buffer;
  }

 private:
  explicit GuestAllocator(const Memory& memory) : memory_(memory) {}

  /// The exported function of that name, if all its `params` and `results` are of one type.
  static std::optional<Func> function(const Instance& instance, std::string_view name,
                                      sluice_type_t type, size_t params, size_t results) {
    Result<Func> found = instance.func(name);
    if (!found) return std::nullopt;
    Result<sluice_func_type_t> actual = found->type();
    if (!actual || actual->param_count != params || actual->result_count != results) {
      return std::nullopt;
    }
    for (size_t i = 0; i < params; ++i) {
      if (actual->params[i] != type) return std::nullopt;
    }
    if (results != 0 && actual->results[0] != type) return std::nullopt;
    return *found;
  }

  Result<uint64_t> call(uint64_t size, uint64_t align) const {
    sluice_value_t cells[4] = {};
    cells[is_realloc_ ? 2 : 0].bits[0] = is_realloc_ ? align : size;
    cells[3].bits[0] = size;
    sluice_value_t result = {};
    SLUICE_TRY(allocate_->call({cells, is_realloc_ ? size_t{4} : size_t{1}}, {&result, 1}));
    const uint64_t address = is_64_ ? result.bits[0] : static_cast<uint32_t>(result.i32);
    if (address == 0 && size != 0) return Error("the guest's allocator has no memory left");
    return address;
  }

  Memory memory_;
  std::optional<Func> allocate_;
  std::optional<Func> release_;
  bool is_realloc_ = false;
  bool is_64_ = false;
};

}  // namespace sluice::inline v0
