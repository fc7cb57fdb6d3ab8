// An array of the host's is put where the guest's malloc says, and the guest sums it.
//
//   sum_array guests/sum.wat
#include <numeric>
#include <vector>

#include "example.hpp"

sluice::Result<void> run(const char* guest) {
  sluice::Engine engine;
  sluice::Module module = SLUICE_TRY(load(engine, guest));
  sluice::Store store(engine);
  sluice::Linker linker(engine);
  SLUICE_TRY(linker.wasi(sluice::Wasi()));  // a C library asks for a little of it
  sluice::Instance instance = SLUICE_TRY(linker.instantiate(store, module));

  std::vector<int32_t> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 1);

  auto allocator = SLUICE_TRY(sluice::GuestAllocator::find(instance));
  auto sum = SLUICE_TRY(instance.func<int64_t(sluice::GuestSpan<int32_t>)>("sum"));

  auto copy = SLUICE_TRY(allocator.copy(numbers));
  int64_t total = SLUICE_TRY(sum(copy));
  std::printf("the sum of %zu numbers is %lld\n", copy.size(), static_cast<long long>(total));

  // The same numbers in place: what the host writes is what the guest reads.
  SLUICE_TRY(copy.view().set(0, 1001));
  std::printf("and then %lld\n", static_cast<long long>(SLUICE_TRY(sum(copy))));
  return {};  // `copy` goes, and the guest's free is called
}

int main(int, char** argv) { return report(run(argv[1])); }
