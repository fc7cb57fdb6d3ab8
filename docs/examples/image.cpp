// The guest draws an image into its memory, and the host reads it there, without a copy.
//
//   image guests/image.wat
#include "example.hpp"

sluice::Result<void> run(const char* guest) {
  sluice::Engine engine;
  sluice::Module module = SLUICE_TRY(load(engine, guest));
  sluice::Store store(engine);
  sluice::Instance instance = SLUICE_TRY(sluice::Linker(engine).instantiate(store, module));

  constexpr uint32_t kWidth = 320, kHeight = 200;
  auto frame_buffer = SLUICE_TRY(instance.func<uint32_t(uint32_t, uint32_t)>("frame_buffer"));
  auto draw = SLUICE_TRY(instance.func<void(uint32_t, uint32_t, uint32_t)>("draw"));
  uint32_t address = SLUICE_TRY(frame_buffer(kWidth, kHeight));

  sluice::Memory memory = SLUICE_TRY(instance.memory());
  // Bounds and alignment are checked here, once.
  sluice::View<const uint32_t> pixels =
      SLUICE_TRY(memory.view<const uint32_t>(address, kWidth * kHeight));
  std::printf("before: %08x\n", pixels[kWidth * 100 + 42]);
  SLUICE_TRY(draw(address, kWidth, kHeight));
  std::printf("after:  %08x\n", pixels[kWidth * 100 + 42]);

  // A view is never stale: the memory may grow, and move if it must.
  SLUICE_TRY(memory.grow(1000));
  std::printf("grown:  %08x\n", pixels[kWidth * 100 + 42]);
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
