// Functions of the host: values, failures, exceptions, the caller.
//
//   host_functions guests/calls.wat
#include <stdexcept>

#include "example.hpp"

sluice::Result<void> run(const char* guest) {
  sluice::Engine engine;
  sluice::Module module = SLUICE_TRY(load(engine, guest));
  sluice::Store store(engine);
  sluice::Linker linker(engine);
  // Its type comes from the callable. A Caller, if wanted, is first; a Result may be an error,
  // which the guest's caller sees as a trap.
  SLUICE_TRY(linker.func(
      "env", "ask", [](const sluice::Caller& caller, int32_t question) -> sluice::Result<int32_t> {
        if (question == 1) return sluice::Error("not that one");
        if (question == 2) throw std::runtime_error("thrown by the host");
        const sluice::Memory memory = SLUICE_TRY(caller.memory());
        return static_cast<int32_t>(memory.size_bytes()) + question;
      }));
  sluice::Instance instance = SLUICE_TRY(linker.instantiate(store, module));

  // Found and checked once; each call is then a direct jump.
  auto ask = SLUICE_TRY(instance.func<int32_t(int32_t)>("ask"));
  std::printf("ask(0) is %d\n", SLUICE_TRY(ask(0)));

  sluice::Result<int32_t> refused = ask(1);
  std::printf("ask(1): %s\n", std::string(refused.error().trap_reason()).c_str());

  sluice::Result<int32_t> thrown = ask(2);
  try {
    std::rethrow_exception(thrown.error().host_exception());
  } catch (const std::exception& e) {
    std::printf("ask(2): %s\n", e.what());
  }
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
