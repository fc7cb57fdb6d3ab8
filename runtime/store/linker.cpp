#include "runtime/store/linker.h"

#include "jit/pipeline/compiled_module.h"
#include "runtime/store/engine.h"
#include "runtime/store/store.h"

namespace sluice {
namespace {

// More than this many missing imports help nobody.
constexpr size_t kMaxListedImports = 50;

// Names may contain anything, so the first one's length makes the key unambiguous.
String key_of(std::string_view module, std::string_view name) {
  String key = decimal(module.size());
  key += ':';
  key += module;
  key += name;
  return key;
}

String quoted(std::string_view module, std::string_view name) {
  String text("\"");
  text += module;
  text += "\" \"";
  text += name;
  text += '"';
  return text;
}

}  // namespace

Linker::Linker(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
Linker::~Linker() = default;

size_t Linker::StringHash::operator()(const String& s) const {
  return std::hash<std::string_view>{}(s);
}

Result<void> Linker::insert(std::string_view module, std::string_view name, Definition definition) {
  const auto [at, is_new] = definitions_.try_emplace(key_of(module, name), definition);
  if (is_new) return {};
  if (!allow_shadowing_) {
    return fail(ErrorKind::DuplicateDefinition, kNoOffset, quoted(module, name));
  }
  at->second = std::move(definition);
  return {};
}

const Linker::Definition* Linker::find(std::string_view module, std::string_view name) const {
  const auto found = definitions_.find(key_of(module, name));
  return found == definitions_.end() ? nullptr : &found->second;
}

Result<void> Linker::define_func(std::string_view module, std::string_view name,
                                 std::span<const ValType> params, std::span<const ValType> results,
                                 HostCallback callback, void* env, void (*release_env)(void*)) {
  // Made first, so that `env` is released whatever happens.
  auto def = make_shared_heap<HostFuncDef>();
  def->callback = callback;
  def->env = env;
  def->release_env = release_env;
  def->signature = engine_->types()->intern_func(params, results);
  return define_func(module, name, std::move(def));
}

Result<void> Linker::define_func(std::string_view module, std::string_view name,
                                 std::shared_ptr<const HostFuncDef> def) {
  if (raw(def->signature) == 0) return fail(ErrorKind::CountTooLarge, kNoOffset, String("types"));
  return insert(module, name, {std::nullopt, 0, std::move(def)});
}

Result<void> Linker::define(std::string_view module, std::string_view name, Extern what) {
  const Store& store = what.store();
  if (&store.engine() != engine_.get()) return fail(ErrorKind::WrongEngine);
  return insert(module, name, {what, store.id(), nullptr});
}

Result<void> Linker::define_instance(std::string_view module, const Instance& instance) {
  const Vector<Export>& exports = instance.module().exports;
  for (size_t i = 0; i < exports.size(); ++i) {
    TRY_VOID(define(module, exports[i].name, instance.export_at(i)));
  }
  return {};
}

Result<std::optional<Extern>> Linker::lookup(Store& store, std::string_view module,
                                             std::string_view name) const {
  if (&store.engine() != engine_.get()) return fail(ErrorKind::WrongEngine);
  const Definition* definition = find(module, name);
  if (definition == nullptr) return std::optional<Extern>();
  if (definition->host != nullptr) {
    return std::optional<Extern>(TRY(Func::create_host(store, definition->host)));
  }
  if (definition->store_id != store.id()) {
    return fail(ErrorKind::WrongStore, kNoOffset, quoted(module, name));
  }
  return definition->object;
}

Outcome<Instance*> Linker::instantiate(Store& store,
                                       std::shared_ptr<const CompiledModule> compiled) const {
  const Module& module = compiled->module();
  Vector<Extern> imports;
  imports.reserve(module.imports.size());
  String missing;
  size_t missing_count = 0;
  for (const Import& import : module.imports) {
    const std::optional<Extern> found = TRY(lookup(store, import.module, import.name));
    if (found) {
      imports.push_back(*found);
    } else if (missing_count++ < kMaxListedImports) {
      if (!missing.empty()) missing += ", ";
      missing += quoted(import.module, import.name);
    }
  }
  if (missing_count > kMaxListedImports) {
    missing += " and ";
    missing += decimal(missing_count - kMaxListedImports);
    missing += " more";
  }
  if (missing_count != 0) return fail(ErrorKind::UnknownImport, kNoOffset, std::move(missing));
  return sluice::instantiate(store, std::move(compiled), imports);
}

}  // namespace sluice
