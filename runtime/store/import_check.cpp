#include "runtime/store/import_check.h"

#include "engine/base/check.h"
#include "jit/pipeline/compiled_module.h"
#include "runtime/store/engine.h"
#include "runtime/store/store.h"

namespace sluice {
namespace {

/// Does a thing of these limits fit an import that declares `declared` (spec 3.3.11)?
bool limits_match(const Limits& actual, const Limits& declared) {
  if (actual.is_64 != declared.is_64 || actual.is_shared != declared.is_shared) return false;
  if (actual.min < declared.min) return false;
  if (!declared.has_max) return true;
  return actual.has_max && actual.max <= declared.max;
}

const char* kind_name(ExternKind kind) {
  switch (kind) {
  case ExternKind::Func: return "function";
  case ExternKind::Table: return "table";
  case ExternKind::Memory: return "memory";
  case ExternKind::Global: return "global";
  case ExternKind::Tag: return "tag";
  }
  return "import";
}

String describe_limits(const Limits& limits) {
  String text = limits.is_64 ? String("i64 ") : String();
  text += decimal(limits.min);
  if (limits.has_max) {
    text += "..";
    text += decimal(limits.max);
  }
  if (limits.is_shared) text += " shared";
  return text;
}

String expected_found(const char* kind, std::string_view expected, std::string_view found) {
  String text("expected ");
  text += kind;
  text += ' ';
  text += expected;
  text += ", found ";
  text += found;
  return text;
}

String describe(const GlobalType& type) {
  String text = type.is_mutable ? String("mutable ") : String("constant ");
  return text + to_string(type.type);
}

Result<void> check_table(const Module& module, const Import& import, const Table& given) {
  const TableType& declared = module.tables[import.index].type;
  const TableType actual = given.type();
  const ValType element = canonical(module.types, declared.element);
  if (actual.element == element && limits_match(actual.limits, declared.limits)) return {};
  return import_error(
      ErrorKind::IncompatibleImport, import,
      expected_found("table", to_string(element) + " " + describe_limits(declared.limits),
                     to_string(actual.element) + " " + describe_limits(actual.limits)));
}

Result<void> check_memory(const Module& module, const Import& import, const Memory& given) {
  const MemoryType& declared = module.memories[import.index];
  const MemoryType actual = given.type();
  if (actual.page_size_log2 != declared.page_size_log2 ||
      !limits_match(actual.limits, declared.limits)) {
    return import_error(
        ErrorKind::IncompatibleImport, import,
        expected_found("memory", describe_limits(declared.limits), describe_limits(actual.limits)));
  }
  return {};
}

Result<void> check_global(const Module& module, const Import& import, const Global& given) {
  const GlobalType& declared = module.globals[import.index].type;
  const GlobalType expected{canonical(module.types, declared.type), declared.is_mutable};
  const GlobalType& actual = given.type();
  bool fits = actual.is_mutable == expected.is_mutable;
  if (expected.is_mutable) {
    fits = fits && actual.type == expected.type;
  } else {
    fits = fits && module.registry->is_subtype(actual.type, expected.type);
  }
  if (fits) return {};
  return import_error(ErrorKind::IncompatibleImport, import,
                      expected_found("global", describe(expected), describe(actual)));
}

Result<void> check_tag(const Module& module, const Import& import, const Tag& given) {
  const TypeDef& declared = module.types[raw(module.tags[import.index].type)];
  if (given.type() == declared.canonical) return {};
  return import_error(ErrorKind::IncompatibleImport, import, "the tag has another type");
}

}  // namespace

std::unexpected<Error> import_error(ErrorKind kind, const Import& import, std::string_view why) {
  String detail("\"");
  detail += import.module;
  detail += "\" \"";
  detail += import.name;
  detail += '"';
  if (!why.empty()) detail += ": ";
  detail += why;
  return fail(kind, kNoOffset, std::move(detail));
}

Result<void> check_kind(const Import& import, ExternKind given) {
  if (given == import.kind) return {};
  return import_error(ErrorKind::IncompatibleImport, import,
                      expected_found("a", kind_name(import.kind), kind_name(given)));
}

Result<void> check_func_import(const CompiledModule& compiled, const Import& import,
                               CanonicalTypeId given) {
  const Module& module = compiled.module();
  const TypeDef& declared = module.types[raw(module.funcs[import.index])];
  if (module.registry->is_subtype(given, declared.canonical)) return {};
  return import_error(ErrorKind::IncompatibleImport, import,
                      expected_found("function", to_string(declared.func),
                                     to_string(module.registry->func_type(given))));
}

Result<void> check_import(const Store& store, const CompiledModule& compiled, const Import& import,
                          const Extern& given) {
  if (&given.store() != &store) return import_error(ErrorKind::WrongStore, import, "");
  TRY_VOID(check_kind(import, given.kind()));
  const Module& module = compiled.module();
  switch (import.kind) {
  case ExternKind::Func: return check_func_import(compiled, import, given.func().signature());
  case ExternKind::Table: return check_table(module, import, *given.table());
  case ExternKind::Memory:
    TRY_VOID(check_memory(module, import, *given.memory()));
    // Code without checks must never meet a memory without guards. Both are of one engine, and of
    // one page size, so they agree.
    CHECK(given.memory()->mode() ==
              mode_of(module.memories[import.index], compiled.options().memory_mode),
          "memory's mode");
    return {};
  case ExternKind::Global: return check_global(module, import, *given.global());
  case ExternKind::Tag: return check_tag(module, import, *given.tag());
  }
  UNREACHABLE("an ExternKind");
}

}  // namespace sluice
