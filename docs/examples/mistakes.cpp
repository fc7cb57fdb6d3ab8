// Common mistakes, and what Sluice says to each. Nothing here crashes.
//
//   mistakes guests/calls.wat
#include "example.hpp"

template <class T>
void show(const char* what, const sluice::Result<T>& result) {
  const std::string message = result ? "no error" : std::string(result.error().message());
  std::printf("%s\n    %s\n", what, message.substr(0, message.find('\n')).c_str());
}

sluice::Result<void> run(const char* guest) {
  sluice::Engine engine;
  show("a module that is cut off", engine.compile(std::span<const uint8_t>({0, 'a', 's', 'm'})));
  show("text with an error", engine.compile("(module (func (result i32)))"));

  sluice::Module module = SLUICE_TRY(load(engine, guest));
  sluice::Store store(engine);
  sluice::Linker linker(engine);
  show("imports that nobody gave", linker.instantiate(store, module));
  SLUICE_TRY(linker.func("env", "ask", [](double value) { return value; }));
  show("a host function of another type", linker.instantiate(store, module));

  sluice::Linker right(engine);
  SLUICE_TRY(right.func("env", "ask", [](int32_t value) { return value; }));
  sluice::Instance instance = SLUICE_TRY(right.instantiate(store, module));
  show("an export that is not there", instance.func("subtract"));
  show("an export of another type", instance.func<int64_t(int64_t)>("add"));

  sluice::Memory memory = SLUICE_TRY(instance.memory());
  show("a view that is too long", memory.view<uint32_t>(65532, 2));
  show("a view that is not aligned", memory.view<uint64_t>(4, 1));
  show("text that is none", memory.write_string(0, "\xff\xfe"));
  show("more pages than the module allows", memory.grow(4));
  show("an allocator that the guest does not have", sluice::GuestAllocator::find(instance));

  auto poke = SLUICE_TRY(instance.func<void(uint32_t)>("poke"));
  show("a guest's store outside its memory", poke(65536));
  auto divide = SLUICE_TRY(instance.func<int32_t(int32_t, int32_t)>("divide"));
  show("a guest's division by zero", divide(1, 0));
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
