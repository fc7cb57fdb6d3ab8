// What every example begins and ends with: the guest's file from the command line, and a sentence
// if something went wrong.
#pragma once

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <sluice/sluice.hpp>

/// A file's bytes; empty if it cannot be read, which no module is.
inline std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A module in binary or in text form.
inline sluice::Result<sluice::Module> load(const sluice::Engine& engine, const char* path) {
  const std::string bytes = read_file(path);
  return engine.compile(std::as_bytes(std::span(bytes)));
}

inline int report(const sluice::Result<void>& result) {
  if (result) return 0;
  std::fprintf(stderr, "%s\n", std::string(result.error().message()).c_str());
  return 1;
}
