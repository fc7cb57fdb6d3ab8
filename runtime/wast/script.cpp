// One function per command.
#include "runtime/wast/script.h"

#include <algorithm>

#include "engine/base/thread.h"
#include "engine/text/text.h"
#include "runtime/wast/spectest.h"
#include "runtime/wast/values.h"

namespace sluice::wast {
namespace {

std::string to_std(const String& text) { return std::string(text.data(), text.size()); }

Failure missing(const char* what) {
  return Failure(Error{ErrorKind::UnknownExport, kNoOffset, what});
}

}  // namespace

Script::Script(std::shared_ptr<Engine> engine, Compile compile, bool allow_not_compiled)
    : engine_(std::move(engine)), compile_(std::move(compile)),
      allow_not_compiled_(allow_not_compiled) {}

ScriptReport Script::run(std::string_view source) {
  source_ = source;
  report_ = {};
  lacks_module_ = false;
  const auto commands = parse_wast(source);
  if (commands) {
    run_commands(*commands);
  } else {
    report_.failures.push_back(to_std(explain(source, commands.error())));
  }
  return report_;
}

/// A fresh store with what scripts expect of their host.
bool Script::open() {
  auto store = Store::create(engine_);
  if (!store) {
    report_.failures.push_back(to_std(store.error().message()));
    return false;
  }
  store_ = std::move(*store);
  store_->set_fuel(UINT64_MAX);  // for engines that want it
  linker_ = std::make_unique<Linker>(engine_);
  linker_->allow_shadowing(true);
  if (auto defined = define_spectest(*linker_, *store_); !defined) {
    report_.failures.push_back("spectest: " + to_std(defined.error().message()));
    return false;
  }
  return true;
}

void Script::run_commands(const Vector<WastCommand>& commands) {
  if (!open()) return;
  for (const WastCommand& command : commands) run_command(command);
  // Before the store, whose memories they may be using.
  join_all();
  linker_.reset();
  store_.reset();
}

// Threads: each has a script and a store of its own

Script::SharedModule Script::share(const String& module) {
  if (auto found = shared_modules_.find(module); found != shared_modules_.end()) {
    return found->second;
  }
  SharedModule memories;
  const Instance* instance = find_instance(module);
  if (instance == nullptr) return memories;
  const Vector<Export>& exports = instance->module().exports;
  for (size_t i = 0; i < exports.size(); ++i) {
    Memory* memory = instance->export_at(i).memory();
    if (memory != nullptr) memories.emplace_back(exports[i].name, memory);
  }
  return memories;
}

void Script::start_thread(const WastCommand& command) {
  auto script = std::make_unique<Script>(engine_, compile_, allow_not_compiled_);
  script->source_ = source_;
  const String& shared = command.module.name;
  if (!shared.empty()) script->shared_modules_[shared] = share(shared);
  if (threads_.contains(command.name)) wait(command);  // a name used again
  constexpr size_t kStackBytes = size_t{8} << 20;
  Thread& made = threads_[command.name];
  made.script = std::move(script);
  made.commands = &command.commands;
  const auto work = [](void* of) -> void* {
    const Thread& thread = *static_cast<Thread*>(of);
    thread.script->run_commands(*thread.commands);
    return nullptr;
  };
  if (const auto thread = start_quiet_thread(kStackBytes, work, &made)) {
    made.thread = *thread;
    return;
  }
  threads_.erase(command.name);
  fail(command, "the system has no thread for it");
}

void Script::wait(const WastCommand& command) {
  const auto found = threads_.find(command.name);
  if (found == threads_.end()) return fail(command, "no such thread");
  pthread_join(found->second.thread, nullptr);
  const ScriptReport& report = found->second.script->report_;
  report_.passed += report.passed;
  report_.not_compiled += report.not_compiled;
  report_.failures.insert(report_.failures.end(), report.failures.begin(), report.failures.end());
  threads_.erase(found);
}

void Script::join_all() {
  while (!threads_.empty()) {
    WastCommand command;
    command.kind = WastKind::Wait;
    command.name = threads_.begin()->first;
    wait(command);
  }
}

void Script::fail(const WastCommand& command, const Failure& failure) {
  const ErrorKind kind = failure.error.kind;
  const bool is_missing = kind == ErrorKind::UnknownExport || kind == ErrorKind::UnknownImport;
  if (!allow_not_compiled_ || failure.is_trap()) {
    fail(command, to_std(failure.message()));
  } else if (kind == ErrorKind::NotCompiled) {
    lacks_module_ = true;
    ++report_.not_compiled;
  } else if (is_missing && lacks_module_) {
    ++report_.not_compiled;
  } else {
    fail(command, to_std(failure.message()));
  }
}

void Script::fail(const WastCommand& command, const std::string& why) {
  std::string text = "line " + std::to_string(command.line) + ": ";
  text += wast_word(command.kind);
  if (!command.action.field.empty()) text += " \"" + to_std(command.action.field) + '"';
  report_.failures.push_back(text + ": " + why);
}

void Script::run_command(const WastCommand& command) {
  switch (command.kind) {
  case WastKind::Module:
  case WastKind::ModuleDefinition: return define_module(command);
  case WastKind::ModuleInstance: return instantiate_definition(command);
  case WastKind::Register: return register_instance(command);
  case WastKind::Action: {
    auto outcome = act(command.action);
    return outcome ? pass() : fail(command, outcome.error());
  }
  case WastKind::AssertReturn: return assert_return(command);
  case WastKind::AssertTrap:
  case WastKind::AssertExhaustion: return assert_trap(command);
  case WastKind::AssertException: return assert_exception(command);
  case WastKind::AssertInvalid:
  case WastKind::AssertMalformed: return assert_rejected(command);
  case WastKind::AssertUnlinkable: return assert_unlinkable(command);
  case WastKind::AssertUninstantiable: return assert_uninstantiable(command);
  case WastKind::Thread: return start_thread(command);
  case WastKind::Wait: return wait(command);
  }
}

// Modules

Result<Script::Module> Script::compile(const WastModule& module) {
  const Vector<uint8_t> bytes = TRY(encode(source_, module));
  return compile_(*engine_, bytes);
}

Outcome<Instance*> Script::instantiate(const WastModule& module) {
  auto compiled = compile(module);
  if (!compiled) return std::unexpected(Failure(compiled.error()));
  return linker_->instantiate(*store_, *compiled);
}

void Script::remember(const String& name, Instance* instance) {
  last_instance_ = instance;
  if (!name.empty()) instances_[name] = instance;
}

void Script::define_module(const WastCommand& command) {
  // A module that fails must not leave an earlier one to be tested in its place.
  last_instance_ = nullptr;
  if (!command.name.empty()) instances_.erase(command.name);
  auto compiled = compile(command.module);
  if (!compiled) return fail(command, Failure(compiled.error()));
  last_definition_ = *compiled;
  if (!command.name.empty()) definitions_[command.name] = *compiled;
  if (command.kind == WastKind::ModuleDefinition) return pass();
  auto instance = linker_->instantiate(*store_, *compiled);
  if (!instance) return fail(command, instance.error());
  remember(command.name, *instance);
  pass();
}

void Script::instantiate_definition(const WastCommand& command) {
  const String& name = command.module.name;
  const Module definition = name.empty() ? last_definition_ : definitions_[name];
  if (definition == nullptr) return fail(command, missing("no such definition"));
  auto instance = linker_->instantiate(*store_, definition);
  if (!instance) return fail(command, instance.error());
  remember(command.name, *instance);
  pass();
}

Instance* Script::find_instance(const String& name) {
  if (name.empty()) return last_instance_;
  auto found = instances_.find(name);
  return found == instances_.end() ? nullptr : found->second;
}

void Script::register_instance(const WastCommand& command) {
  if (const auto shared = shared_modules_.find(command.name); shared != shared_modules_.end()) {
    for (const auto& [name, memory] : shared->second) {
      auto seen = Memory::share(*store_, *memory);
      if (!seen) return fail(command, to_std(seen.error().message()));
      (void)linker_->define(command.text, name, Extern(*seen));
    }
    return pass();
  }
  Instance* instance = find_instance(command.name);
  if (instance == nullptr) return fail(command, missing("no such instance"));
  auto defined = linker_->define_instance(command.text, *instance);
  defined ? pass() : fail(command, to_std(defined.error().message()));
}

// Actions

Outcome<Script::Results> Script::act(const WastAction& action) {
  const auto wrong = [](ErrorKind kind, const char* why) {
    return std::unexpected(Failure(Error{kind, kNoOffset, why}));
  };
  Instance* instance = find_instance(action.module);
  if (instance == nullptr) return wrong(ErrorKind::UnknownExport, "no such instance");
  Results out;
  if (action.is_get) {
    auto global = instance->exported_global(action.field);
    if (!global) return std::unexpected(Failure(global.error()));
    out.emplace_back((*global)->type().type, (*global)->get());
    return out;
  }
  auto func = instance->exported_func(action.field);
  if (!func) return std::unexpected(Failure(func.error()));
  std::vector<Value> args;
  for (const WastValue& each : action.args) {
    auto value = to_value(*store_, each);
    if (!value) return wrong(ErrorKind::SignatureMismatch, "argument has no host form");
    args.push_back(*value);
  }
  const FuncType& type = func->type();
  std::vector<Value> results(type.result_count);
  auto called = func->call(*store_, args, results);
  // From here on only the guest keeps references alive.
  for (size_t i = 0; i < std::min<size_t>(args.size(), type.param_count); ++i) {
    if (type.params()[i] == kExternRef) store_->refs().unroot(args[i].bits[0]);
  }
  if (!called) return std::unexpected(std::move(called).error());
  for (size_t i = 0; i < results.size(); ++i) out.emplace_back(type.results()[i], results[i]);
  return out;
}

void Script::assert_return(const WastCommand& command) {
  auto outcome = act(command.action);
  if (!outcome) return fail(command, outcome.error());
  if (command.expected.size() != outcome->size()) return fail(command, "wrong number of results");
  for (size_t i = 0; i < outcome->size(); ++i) {
    auto [type, value] = (*outcome)[i];
    if (!matches(*store_, command.expected[i], type, value)) {
      return fail(command,
                  "gave " + describe(type, value) + ", expected " + describe(command.expected[i]));
    }
  }
  pass();
}

void Script::assert_trap(const WastCommand& command) {
  auto outcome = act(command.action);
  if (outcome) return fail(command, "no trap");
  if (!outcome.error().is_trap()) return fail(command, outcome.error());
  const std::string_view text = command.text;
  const std::string_view reason = outcome.error().trap->reason();
  // The suites write "uninitialized element 2" where the number is the index.
  const bool same = text.starts_with(reason) || reason.starts_with(text);
  same ? pass()
       : fail(command,
              "trapped with '" + std::string(reason) + "', expected '" + std::string(text) + "'");
}

void Script::assert_exception(const WastCommand& command) {
  auto outcome = act(command.action);
  if (outcome) return fail(command, "no exception");
  if (!outcome.error().is_trap()) return fail(command, outcome.error());
  const bool uncaught = outcome.error().trap->code() == TrapCode::UncaughtException;
  uncaught ? pass() : fail(command, to_std(outcome.error().message()));
}

// Modules that must not work

void Script::assert_rejected(const WastCommand& command) {
  auto bytes = encode(source_, command.module);
  if (!bytes) {
    // Text that is no text is what "malformed" means; "invalid" is said of a module.
    if (command.kind == WastKind::AssertMalformed) return pass();
    return fail(command, to_std(explain(source_, bytes.error())));
  }
  auto compiled = compile_(*engine_, *bytes);
  if (compiled) return fail(command, "accepted, expected '" + to_std(command.text) + "'");
  const ErrorClass why = error_class(compiled.error().kind);
  // What is merely not compiled or beyond a limit has not been rejected for its fault.
  const bool rejected = why == ErrorClass::Malformed || why == ErrorClass::Invalid;
  rejected ? pass() : fail(command, to_std(compiled.error().message()));
}

void Script::assert_unlinkable(const WastCommand& command) {
  auto instance = instantiate(command.module);
  if (instance) return fail(command, "linked");
  const bool link =
      !instance.error().is_trap() && error_class(instance.error().error.kind) == ErrorClass::Link;
  link ? pass() : fail(command, instance.error());
}

void Script::assert_uninstantiable(const WastCommand& command) {
  auto instance = instantiate(command.module);
  if (instance) return fail(command, "instantiated");
  instance.error().is_trap() ? pass() : fail(command, instance.error());
}

}  // namespace sluice::wast
