/* Dense matrices: products plain and blocked, in double, float and 64-bit integers, an LU
 * factorisation with its residual, and a power iteration. Sums are printed with all their digits.
 */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 192, BLOCK = 24 };

static double a[N][N], b[N][N], c[N][N], d[N][N];
static float fa[N][N], fb[N][N], fc[N][N];
static int64_t ia[N][N], ib[N][N], ic[N][N];

static void fill(void) {
  uint32_t x = 1;
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) {
      x = x * 1664525u + 1013904223u;
      a[i][j] = (double)(int32_t)x / 2147483648.0;
      b[i][j] = (double)(int32_t)(x ^ (uint32_t)(i * 7919 + j)) / 1073741824.0;
      fa[i][j] = (float)a[i][j];
      fb[i][j] = (float)b[i][j];
      ia[i][j] = (int64_t)(int32_t)x * 65537;
      ib[i][j] = (int64_t)x << (j % 31);
    }
  }
}

static void multiply(void) {
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) {
      double sum = 0;
      float fsum = 0;
      int64_t isum = 0;
      for (int k = 0; k < N; ++k) {
        sum += a[i][k] * b[k][j];
        fsum += fa[i][k] * fb[k][j];
        isum = (int64_t)((uint64_t)isum + (uint64_t)ia[i][k] * (uint64_t)ib[k][j]);
      }
      c[i][j] = sum;
      fc[i][j] = fsum;
      ic[i][j] = isum;
    }
  }
}

static void multiply_blocked(void) {
  for (int kk = 0; kk < N; kk += BLOCK) {
    for (int jj = 0; jj < N; jj += BLOCK) {
      for (int i = 0; i < N; ++i) {
        for (int j = jj; j < jj + BLOCK; ++j) {
          double sum = d[i][j];
          for (int k = kk; k < kk + BLOCK; ++k) sum += a[i][k] * b[k][j];
          d[i][j] = sum;
        }
      }
    }
  }
}

static double factor_and_check(void) {
  static double lu[N][N];
  static int rows[N];
  for (int i = 0; i < N; ++i) {
    rows[i] = i;
    for (int j = 0; j < N; ++j) lu[i][j] = a[i][j];
  }
  for (int k = 0; k < N; ++k) {
    int pivot = k;
    for (int i = k + 1; i < N; ++i) {
      if (fabs(lu[i][k]) > fabs(lu[pivot][k])) pivot = i;
    }
    for (int j = 0; j < N; ++j) {
      double t = lu[k][j];
      lu[k][j] = lu[pivot][j];
      lu[pivot][j] = t;
    }
    int t = rows[k];
    rows[k] = rows[pivot];
    rows[pivot] = t;
    for (int i = k + 1; i < N; ++i) {
      lu[i][k] /= lu[k][k];
      for (int j = k + 1; j < N; ++j) lu[i][j] -= lu[i][k] * lu[k][j];
    }
  }
  double worst = 0;
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) {
      double sum = 0;
      for (int k = 0; k <= (i < j ? i : j); ++k) sum += (k == i ? 1.0 : lu[i][k]) * lu[k][j];
      worst = fmax(worst, fabs(sum - a[rows[i]][j]));
    }
  }
  return worst;
}

static double largest_eigenvalue(void) {
  double v[N], w[N], value = 0;
  for (int i = 0; i < N; ++i) v[i] = 1.0;
  for (int step = 0; step < 60; ++step) {
    double norm = 0;
    for (int i = 0; i < N; ++i) {
      w[i] = 0;
      for (int j = 0; j < N; ++j) w[i] += (a[i][j] + a[j][i]) * v[j];
      norm += w[i] * w[i];
    }
    value = sqrt(norm);
    for (int i = 0; i < N; ++i) v[i] = w[i] / value;
  }
  return value;
}

int main(void) {
  fill();
  multiply();
  multiply_blocked();
  double sum = 0, difference = 0;
  float fsum = 0;
  uint64_t isum = 0;
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) {
      sum += c[i][j] * (i + 1) / (j + 1);
      difference = fmax(difference, fabs(c[i][j] - d[i][j]));
      fsum += fc[i][j] * (float)(i - j);
      isum = isum * 31 + (uint64_t)ic[i][j];
    }
  }
  printf("double product  %.17g %a\n", sum, sum);
  printf("blocked differs %s\n", difference < 1e-10 ? "by rounding only" : "TOO MUCH");
  printf("float product   %.9g %a\n", (double)fsum, (double)fsum);
  printf("integer product %016" PRIx64 "\n", isum);
  double residual = factor_and_check();
  printf("LU residual     %s\n", residual < 1e-11 ? "small" : "TOO LARGE");
  printf("eigenvalue      %.15g\n", largest_eigenvalue());
  return 0;
}
