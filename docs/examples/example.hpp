// What every example begins and ends with: the guest's file from the command line, and a sentence
// if something went wrong.
#pragma once

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <sluice/sluice.hpp>

inline sluice::Result<std::string> read_file(const char* path) {
  std::ifstream file(path == nullptr ? "" : path, std::ios::binary);
  if (!file) return sluice::Error("give a guest that can be read, such as guests/sum.wat");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A module in binary or in text form.
inline sluice::Result<sluice::Module> load(const sluice::Engine& engine, const char* path) {
  return engine.compile(SLUICE_TRY(read_file(path)));
}

inline int report(const sluice::Result<void>& result) {
  if (result) return 0;
  std::fprintf(stderr, "%s\n", std::string(result.error().message()).c_str());
  return 1;
}
