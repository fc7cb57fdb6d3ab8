#include "runtime/store/linker.h"

#include "jit/pipeline/compiled_module.h"
#include "runtime/store/engine.h"
#include "runtime/store/import_check.h"
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

/// The definition in a store; nothing if it is an object of another.
Result<std::optional<Extern>> bind(const Definition& definition, Store& store) {
  if (definition.host != nullptr) {
    return std::optional<Extern>(TRY(Func::create_host(store, definition.host)));
  }
  return definition.store_id == store.id() ? definition.object : std::nullopt;
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

const Definition* Linker::find(std::string_view module, std::string_view name) const {
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
  const std::optional<Extern> found = TRY(bind(*definition, store));
  if (!found) return fail(ErrorKind::WrongStore, kNoOffset, quoted(module, name));
  return found;
}

Result<PreInstance> Linker::pre_instantiate(std::shared_ptr<const CompiledModule> compiled) const {
  const Module& module = compiled->module();
  if (module.registry != engine_->types()) return fail(ErrorKind::WrongEngine);
  Vector<Definition> imports;
  imports.reserve(module.imports.size());
  String missing;
  size_t missing_count = 0;
  for (const Import& import : module.imports) {
    const Definition* found = find(import.module, import.name);
    if (found != nullptr) {
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
  TRY_VOID(check_instantiable(*compiled));
  for (size_t i = 0; i < imports.size(); ++i) {
    const Import& import = module.imports[i];
    if (imports[i].host == nullptr) continue;
    TRY_VOID(check_kind(import, ExternKind::Func));
    TRY_VOID(check_func_import(*compiled, import, imports[i].host->signature));
  }
  return PreInstance(std::move(compiled), std::move(imports));
}

Outcome<Instance*> PreInstance::instantiate(Store& store) const {
  const Module& module = compiled_->module();
  if (module.registry != store.engine().types()) return fail(ErrorKind::WrongEngine);
  Vector<Extern> imports;
  imports.reserve(imports_.size());
  for (size_t i = 0; i < imports_.size(); ++i) {
    const std::optional<Extern> given = TRY(bind(imports_[i], store));
    if (!given) return import_error(ErrorKind::WrongStore, module.imports[i], "");
    if (imports_[i].host == nullptr) {
      TRY_VOID(check_import(store, *compiled_, module.imports[i], *given));
    }
    imports.push_back(*given);
  }
  return instantiate_checked(store, compiled_, imports);
}

Outcome<Instance*> Linker::instantiate(Store& store,
                                       std::shared_ptr<const CompiledModule> compiled) const {
  return TRY(pre_instantiate(std::move(compiled))).instantiate(store);
}

}  // namespace sluice
