// Floating point with branches: spheres, f32, shadows and reflections.
#include "kernel.h"

struct Vec {
  float x, y, z;
};
struct Sphere {
  struct Vec centre;
  float radius, shine;
};
static struct Sphere spheres[8];

static struct Vec add(struct Vec a, struct Vec b, float k) {
  return (struct Vec){a.x + b.x * k, a.y + b.y * k, a.z + b.z * k};
}
static float dot(struct Vec a, struct Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

static int hit(struct Vec from, struct Vec dir, float* distance) {
  int best = -1;
  for (int i = 0; i < 8; ++i) {
    struct Vec to = add(spheres[i].centre, from, -1);
    float along = dot(to, dir);
    float gap = spheres[i].radius * spheres[i].radius - dot(to, to) + along * along;
    if (along < 0 || gap < 0) continue;
    float t = along - __builtin_sqrtf(gap);
    if (t > 0.001f && t < *distance) *distance = t, best = i;
  }
  return best;
}

static NOINLINE float trace(struct Vec from, struct Vec dir, int depth) {
  float distance = 1e9f;
  int i = hit(from, dir, &distance);
  if (i < 0) return dir.y > 0 ? 0.4f + 0.5f * dir.y : 0.2f;
  struct Vec point = add(from, dir, distance);
  struct Vec normal = add(point, spheres[i].centre, -1);
  float scale = 1 / __builtin_sqrtf(dot(normal, normal));
  normal = (struct Vec){normal.x * scale, normal.y * scale, normal.z * scale};
  struct Vec light = {0.57735f, 0.57735f, -0.57735f};
  float far = 1e9f, bright = dot(normal, light);
  if (bright < 0 || hit(point, light, &far) >= 0) bright = 0;
  float colour = 0.1f + 0.8f * bright;
  if (depth == 0) return colour;
  float reflected = trace(point, add(dir, normal, -2 * dot(dir, normal)), depth - 1);
  return colour * (1 - spheres[i].shine) + reflected * spheres[i].shine;
}

KERNEL {
  for (int i = 0; i < 8; ++i) {
    float k = (float)i;
    spheres[i].centre = (struct Vec){k * 1.1f - 4, (float)(i % 3) - 1, 5 + (float)(i % 4)};
    spheres[i].radius = 0.6f + 0.1f * k;
    spheres[i].shine = 0.1f * k;
  }
  uint32_t check = 0;
  for (int y = 0; y < 240; ++y) {
    for (int x = 0; x < 320; ++x) {
      struct Vec dir = {((float)x - 160) / 160, (120 - (float)y) / 160, 1};
      float scale = 1 / __builtin_sqrtf(dot(dir, dir));
      dir = (struct Vec){dir.x * scale, dir.y * scale, dir.z * scale};
      check = mix(check, (uint32_t)(trace((struct Vec){0, 0, -1}, dir, 3) * 255));
    }
  }
  return check;
}
