// Floating point: escape times of the Mandelbrot set.
#include "kernel.h"

KERNEL {
  uint32_t check = 0;
  for (int row = 0; row < 200; ++row) {
    for (int column = 0; column < 300; ++column) {
      double cr = column / 100.0 - 2.0, ci = row / 100.0 - 1.0;
      double zr = 0, zi = 0;
      int n = 0;
      for (; n < 500; ++n) {
        double r2 = zr * zr, i2 = zi * zi;
        if (r2 + i2 > 4.0) break;
        zi = 2 * zr * zi + ci;
        zr = r2 - i2 + cr;
      }
      check = check * 31 + (uint32_t)n;
    }
  }
  return check;
}
