// `sluice inspect`: what a module consists of, needs and offers. Nothing is compiled or run. That a
// feature is needed means that without it the module is not valid, so it is asked just that.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/invoke.h"
#include "runtime/cli/module_checker.h"
#include "runtime/cli/report.h"
#include "runtime/cli/sections.h"

namespace sluice::cli {

namespace {

using Bytes = std::vector<uint8_t>;

/// In pieces, so that what follows an error is not read.
Result<std::shared_ptr<const Module>> check(std::span<const uint8_t> bytes, Features features) {
  constexpr size_t kPieceBytes = size_t{16} << 10;
  ModuleChecker checker(features);
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    if (!checker.feed(piece)) break;
    bytes = bytes.subspan(piece.size());
  }
  return checker.finish();
}

struct NamedFeature {
  Feature feature;
  const char* name;
};
constexpr NamedFeature kFeatures[] = {
#define FEATURE(id, text, is_default) {Feature::id, text},
#include "engine/wasm/features.def"
#undef FEATURE
};

/// The feature with which the check gets beyond the error that it has with `known` alone.
std::optional<Feature> missing_feature(const Bytes& bytes, Features known, uint64_t error_offset) {
  for (const NamedFeature& each : kFeatures) {
    if (known.has(each.feature)) continue;
    auto checked = check(bytes, known.with(each.feature));
    if (checked || checked.error().offset > error_offset) return each.feature;
  }
  return std::nullopt;
}

/// Of a valid module. Begins with the first version and adds what is missing: most checks end where
/// a feature is first used, so there is little more to read than the module once.
Features needed_features(const Bytes& bytes) {
  Features known = Features::mvp();
  for (;;) {
    auto checked = check(bytes, known);
    if (checked) return known;
    auto missing = missing_feature(bytes, known, checked.error().offset);
    if (!missing) break;
    known = known.with(*missing);
  }
  // One byte that needs two features: those without which the module is not valid.
  known = Features::all();
  for (const NamedFeature& each : kFeatures) {
    if (each.feature != Feature::Mvp && check(bytes, known.without(each.feature))) {
      known = known.without(each.feature);
    }
  }
  return known;
}

std::string feature_names(Features features) {
  std::string out;
  for (const NamedFeature& each : kFeatures) {
    if (each.feature == Feature::Mvp || !features.has(each.feature)) continue;
    out += (out.empty() ? "" : ", ") + std::string(each.name);
  }
  return out.empty() ? "none beyond the first version" : out;
}

void print_head(const std::string& text) { std::puts(painted(stdout, Paint::Head, text).c_str()); }

/// Of a valid module.
void print_sections(const Bytes& bytes) {
  print_head("sections:");
  for (const SectionBytes& section : sections_of(bytes)) {
    std::printf("  %-24s %10zu bytes at %#zx\n", section.name.c_str(),
                section.end - section.content_begin, section.begin);
  }
}

std::string limits_text(const Limits& limits, const char* unit) {
  std::string text = std::to_string(limits.min);
  if (limits.has_max) text += " to " + std::to_string(limits.max);
  text += std::string(" ") + unit;
  if (limits.is_64) text += ", 64-bit";
  if (limits.is_shared) text += ", shared";
  return text;
}

std::string type_text(const Module& module, ExternKind kind, uint32_t index) {
  switch (kind) {
  case ExternKind::Func: return "func " + signature_text(module.func_type(FuncIdx{index}));
  case ExternKind::Table: {
    const TableType& type = module.tables[index].type;
    return "table of " + std::string(to_string(type.element)) + ", " +
           limits_text(type.limits, "elements");
  }
  case ExternKind::Memory: {
    const MemoryType& type = module.memories[index];
    std::string unit = "pages";
    if (type.page_size_log2 != kDefaultPageSizeLog2) {
      unit += " of " + std::to_string(uint64_t{1} << type.page_size_log2) + " bytes";
    }
    return "memory, " + limits_text(type.limits, unit.c_str());
  }
  case ExternKind::Global: {
    const GlobalType& type = module.globals[index].type;
    return std::string("global ") + (type.is_mutable ? "mut " : "") +
           std::string(to_string(type.type));
  }
  case ExternKind::Tag: {
    const TypeIdx type = module.tags[index].type;
    return "tag " + signature_text(module.types[raw(type)].func);
  }
  }
  return {};
}

void print_functions(const Module& module) {
  constexpr size_t kMaxShown = 10;
  std::vector<FuncBody> bodies(module.bodies.begin(), module.bodies.end());
  print_head("functions: " + std::to_string(module.funcs.size()) + ", " +
             std::to_string(module.imported_funcs) + " of them imported");
  const size_t shown = std::min(bodies.size(), kMaxShown);
  std::partial_sort(bodies.begin(), bodies.begin() + static_cast<std::ptrdiff_t>(shown),
                    bodies.end(), [](const FuncBody& a, const FuncBody& b) {
                      return a.range.size != b.range.size ? a.range.size > b.range.size
                                                          : a.func < b.func;
                    });
  for (size_t i = 0; i < shown; ++i) {
    std::printf("  func %-19u %10u bytes at %#x\n", raw(bodies[i].func), bodies[i].range.size,
                bodies[i].range.offset);
  }
}

int inspect_one(const std::string& name) {
  ModuleInput input(name);
  auto bytes = input.read_all();
  if (!bytes) return report_lines(bytes.error());
  auto checked = check(*bytes, Features::all());
  if (!checked) return report_lines(input.explain(checked.error()));
  const Module& module = **checked;
  print_head(input.shown_name() + ": " + std::to_string(bytes->size()) + " bytes");
  std::printf("features needed: %s\n", feature_names(needed_features(*bytes)).c_str());
  print_sections(*bytes);
  print_head("imports: " + std::to_string(module.imports.size()));
  for (const Import& import : module.imports) {
    std::printf("  %s.%s: %s\n", printable(import.module).c_str(), printable(import.name).c_str(),
                type_text(module, import.kind, import.index).c_str());
  }
  print_head("exports: " + std::to_string(module.exports.size()));
  for (const Export& e : module.exports) {
    std::printf("  %s: %s\n", printable(e.name).c_str(),
                type_text(module, e.kind, e.index).c_str());
  }
  print_functions(module);
  return 0;
}

}  // namespace

int inspect(const Options& options) {
  int status = 0;
  for (const std::string& name : options.modules) status = std::max(status, inspect_one(name));
  return status;
}

}  // namespace sluice::cli
