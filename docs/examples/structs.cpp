// Structs that host and guest share, in place.
//
//   structs guests/particles.wat
#include <cstddef>

#include "example.hpp"

// The guest's layout, which is C's on wasm32. Spell the types out: `long` and pointers have another
// size there. The host's compiler checks the rest.
struct Particle {
  double x, y;
  float dx, dy;
  int32_t id;
};
static_assert(sizeof(Particle) == 32 && alignof(Particle) == 8);
static_assert(offsetof(Particle, dx) == 16 && offsetof(Particle, id) == 24);

sluice::Result<void> run(const char* guest) {
  sluice::Engine engine;
  sluice::Module module = SLUICE_TRY(load(engine, guest));
  sluice::Store store(engine);
  sluice::Instance instance = SLUICE_TRY(sluice::Linker(engine).instantiate(store, module));
  sluice::Memory memory = SLUICE_TRY(instance.memory());

  constexpr uint32_t kAddress = 64;  // divisible by alignof(Particle), else the view is an error
  sluice::View<Particle> particles = SLUICE_TRY(memory.view<Particle>(kAddress, 3));
  int32_t id = 0;
  for (Particle& p : particles) p = {.x = 0, .y = 0, .dx = 0.5f, .dy = -1, .id = id++};

  auto move = SLUICE_TRY(instance.func<void(uint32_t, uint32_t)>("move"));
  for (int turn = 0; turn < 10; ++turn) SLUICE_TRY(move(kAddress, 3));
  for (const Particle& p : particles) std::printf("%d: %g %g\n", p.id, p.x, p.y);
  return {};
}

int main(int, char** argv) { return report(run(argv[1])); }
