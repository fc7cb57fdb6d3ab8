// Strings in both directions: the host's into the guest's memory and out again, the guest's into a
// function of the host.
//
//   reverse_string guests/reverse.wat
#include "example.hpp"

sluice::Result<void> run(const char* guest) {
  sluice::Engine engine;
  sluice::Module module = SLUICE_TRY(load(engine, guest));
  sluice::Store store(engine);
  sluice::Linker linker(engine);
  // The guest passes an address and a size, which are checked before the function runs.
  SLUICE_TRY(linker.func("env", "log", [](sluice::GuestString text) {
    std::printf("the guest says: %s\n", text.str().c_str());
  }));
  sluice::Instance instance = SLUICE_TRY(linker.instantiate(store, module));

  auto allocator = SLUICE_TRY(sluice::GuestAllocator::find(instance));
  auto reverse = SLUICE_TRY(instance.func<void(sluice::GuestSpan<char>)>("reverse"));

  auto text = SLUICE_TRY(allocator.copy("a man, a plan"));
  SLUICE_TRY(reverse(text));

  sluice::Memory memory = SLUICE_TRY(instance.memory());
  std::string reversed = SLUICE_TRY(memory.read_string(text.address(), text.size()));
  std::printf("%s\n", reversed.c_str());
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
