// Floating point: gravity among five bodies.
#include "kernel.h"

struct Body {
  double x, y, z, vx, vy, vz, mass;
};
static struct Body bodies[5];

static void advance(double dt) {
  for (int i = 0; i < 5; ++i) {
    struct Body* a = &bodies[i];
    for (int j = i + 1; j < 5; ++j) {
      struct Body* b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double squared = dx * dx + dy * dy + dz * dz;
      double scale = dt / (squared * __builtin_sqrt(squared));
      a->vx -= dx * b->mass * scale;
      a->vy -= dy * b->mass * scale;
      a->vz -= dz * b->mass * scale;
      b->vx += dx * a->mass * scale;
      b->vy += dy * a->mass * scale;
      b->vz += dz * a->mass * scale;
    }
  }
  for (int i = 0; i < 5; ++i) {
    bodies[i].x += dt * bodies[i].vx;
    bodies[i].y += dt * bodies[i].vy;
    bodies[i].z += dt * bodies[i].vz;
  }
}

KERNEL {
  for (int i = 0; i < 5; ++i) {
    struct Body* b = &bodies[i];
    b->x = i * 5.0 - 2, b->y = 1.5 * i * i - 7, b->z = 0.3 * i;
    b->vx = 0.1 * (i - 2), b->vy = 0.2 - 0.05 * i, b->vz = 0.01 * i;
    b->mass = i == 0 ? 39.5 : 0.03 / (i + 1);
  }
  for (int i = 0; i < 500000; ++i) advance(0.001);
  uint32_t check = 0;
  for (int i = 0; i < 5; ++i) check = mix(check, float_bits(bodies[i].x + bodies[i].vy));
  return check;
}
