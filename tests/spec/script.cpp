#include "tests/spec/script.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/spec/spectest.h"
#include "tests/spec/values.h"

namespace sluice::spec {
namespace {

std::string to_std(const String& text) { return std::string(text.data(), text.size()); }

std::vector<uint8_t> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::vector<uint8_t>(std::istreambuf_iterator<char>(in), {});
}

Failure missing(const char* what) {
  return Failure(Error{ErrorKind::UnknownExport, kNoOffset, what});
}

bool has_binary(const nlohmann::json& command) {
  return command.contains("binary_filename") || command.value("module_type", "binary") == "binary";
}

}  // namespace

Script::Script(std::shared_ptr<Engine> engine, Compile compile, bool allow_not_compiled)
    : engine_(std::move(engine)), compile_(std::move(compile)),
      allow_not_compiled_(allow_not_compiled) {}

ScriptReport Script::run(const std::filesystem::path& json_file) {
  folder_ = json_file.parent_path();
  report_ = {};
  lacks_module_ = false;
  std::ifstream in(json_file);
  const Json script = Json::parse(in);
  run_commands(script["commands"]);
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
  linker_ = std::make_unique<Linker>(engine_);
  linker_->allow_shadowing(true);
  if (auto defined = define_spectest(*linker_, *store_); !defined) {
    report_.failures.push_back("spectest: " + to_std(defined.error().message()));
    return false;
  }
  return true;
}

void Script::run_commands(const Json& commands) {
  if (!open()) return;
  for (const Json& each : commands) command(each);
  // Before the store, whose memories they may be using.
  while (!threads_.empty()) wait_command({{"thread", threads_.begin()->first}});
  linker_.reset();
  store_.reset();
}

// --- Threads: each has a script and a store of its own ---

Script::SharedModule Script::share(const std::string& module) {
  if (auto found = shared_modules_.find(module); found != shared_modules_.end()) {
    return found->second;
  }
  SharedModule memories;
  const auto found = instances_.find(module);
  if (found == instances_.end() || found->second == nullptr) return memories;
  const Vector<Export>& exports = found->second->module().exports;
  for (size_t i = 0; i < exports.size(); ++i) {
    Memory* memory = found->second->export_at(i).memory();
    if (memory != nullptr) memories.emplace_back(exports[i].name, memory);
  }
  return memories;
}

void Script::thread_command(const Json& command) {
  auto script = std::make_unique<Script>(engine_, compile_, allow_not_compiled_);
  script->folder_ = folder_;
  if (command.contains("shared_module")) {
    std::string name = command["shared_module"];
    script->shared_modules_[name] = share(name);
  }
  Script& child = *script;
  const Json& commands = command["commands"];
  std::thread thread([&child, &commands] { child.run_commands(commands); });
  threads_[command["name"].get<std::string>()] = {std::move(script), std::move(thread)};
}

void Script::wait_command(const Json& command) {
  const auto found = threads_.find(command["thread"].get<std::string>());
  if (found == threads_.end()) return fail(command, "no such thread");
  found->second.thread.join();
  const ScriptReport& report = found->second.script->report_;
  report_.passed += report.passed;
  report_.skipped += report.skipped;
  report_.not_compiled += report.not_compiled;
  report_.failures.insert(report_.failures.end(), report.failures.begin(), report.failures.end());
  threads_.erase(found);
}

void Script::fail(const Json& command, const Failure& failure) {
  ErrorKind kind = failure.error.kind;
  bool missing = kind == ErrorKind::UnknownExport || kind == ErrorKind::UnknownImport;
  if (!allow_not_compiled_ || failure.is_trap()) {
    fail(command, to_std(failure.message()));
  } else if (kind == ErrorKind::NotCompiled) {
    lacks_module_ = true;
    ++report_.not_compiled;
  } else if (missing && lacks_module_) {
    ++report_.not_compiled;
  } else {
    fail(command, to_std(failure.message()));
  }
}

void Script::fail(const Json& command, const std::string& why) {
  report_.failures.push_back("line " + std::to_string(command["line"].get<int>()) + ": " +
                             command["type"].get<std::string>() + ": " + why);
}

void Script::command(const Json& command) {
  std::string type = command["type"];
  if (type == "module" || type == "module_definition" || type == "module_instance") {
    module_command(command);
  } else if (type == "register") {
    register_command(command);
  } else if (type == "action") {
    auto outcome = action(command["action"]);
    outcome ? pass() : fail(command, outcome.error());
  } else if (type == "assert_return") {
    assert_return(command);
  } else if (type == "assert_trap" || type == "assert_exhaustion") {
    assert_trap(command);
  } else if (type == "assert_exception") {
    assert_exception(command);
  } else if (type == "assert_invalid" || type == "assert_malformed") {
    has_binary(command) ? assert_rejected(command) : void(++report_.skipped);
  } else if (type == "assert_unlinkable") {
    assert_unlinkable(command);
  } else if (type == "assert_uninstantiable") {
    assert_uninstantiable(command);
  } else if (type == "thread") {
    thread_command(command);
  } else if (type == "wait") {
    wait_command(command);
  } else {
    fail(command, "no such command here");
  }
}

Result<std::shared_ptr<const CompiledModule>> Script::compile_file(const Json& command) {
  std::string name =
      command.contains("binary_filename") ? command["binary_filename"] : command["filename"];
  std::vector<uint8_t> bytes = read_file(folder_ / name);
  return compile_(*engine_, bytes);
}

Outcome<Instance*> Script::instantiate(const Json& command) {
  auto compiled = compile_file(command);
  if (!compiled) return std::unexpected(Failure(compiled.error()));
  return linker_->instantiate(*store_, *compiled);
}

void Script::remember(const Json& command, const char* key, Instance* instance) {
  last_instance_ = instance;
  if (command.contains(key)) instances_[command[key].get<std::string>()] = instance;
}

void Script::module_command(const Json& command) {
  if (!has_binary(command)) {
    ++report_.skipped;
    return;
  }
  std::string type = command["type"];
  if (type == "module_instance") {
    auto found = command.contains("module") ? definitions_[command["module"].get<std::string>()]
                                            : last_definition_;
    if (found == nullptr) return fail(command, missing("no such definition"));
    auto instance = linker_->instantiate(*store_, found);
    if (!instance) return fail(command, instance.error());
    remember(command, "instance", *instance);
    return pass();
  }
  // A module that fails must not leave an earlier one to be tested in its place.
  last_instance_ = nullptr;
  if (command.contains("name")) instances_.erase(command["name"].get<std::string>());
  auto compiled = compile_file(command);
  if (!compiled) return fail(command, Failure(compiled.error()));
  last_definition_ = *compiled;
  if (command.contains("name")) definitions_[command["name"].get<std::string>()] = *compiled;
  if (type == "module_definition") return pass();
  auto instance = linker_->instantiate(*store_, *compiled);
  if (!instance) return fail(command, instance.error());
  remember(command, "name", *instance);
  pass();
}

Instance* Script::find_instance(const Json& command, const char* key) {
  if (!command.contains(key)) return last_instance_;
  auto found = instances_.find(command[key].get<std::string>());
  return found == instances_.end() ? nullptr : found->second;
}

void Script::register_command(const Json& command) {
  const auto shared = shared_modules_.find(command.value("name", ""));
  if (shared != shared_modules_.end()) {
    for (const auto& [name, memory] : shared->second) {
      auto seen = Memory::share(*store_, *memory);
      if (!seen) return fail(command, to_std(seen.error().message()));
      (void)linker_->define(command["as"].get<std::string>(), name, Extern(*seen));
    }
    return pass();
  }
  Instance* instance = find_instance(command, "name");
  if (instance == nullptr) return fail(command, missing("no such instance"));
  std::string as = command["as"];
  auto defined = linker_->define_instance(as, *instance);
  defined ? pass() : fail(command, to_std(defined.error().message()));
}

Outcome<std::vector<std::pair<ValType, Value>>> Script::action(const Json& action) {
  auto wrong = [](ErrorKind kind, const char* why) {
    return std::unexpected(Failure(Error{kind, kNoOffset, why}));
  };
  Instance* instance = find_instance(action, "module");
  if (instance == nullptr) return wrong(ErrorKind::UnknownExport, "no such instance");
  std::string field = action["field"];
  std::vector<std::pair<ValType, Value>> out;
  if (action["type"] == "get") {
    auto global = instance->exported_global(field);
    if (!global) return std::unexpected(Failure(global.error()));
    out.emplace_back((*global)->type().type, (*global)->get());
    return out;
  }
  auto func = instance->exported_func(field);
  if (!func) return std::unexpected(Failure(func.error()));
  std::vector<Value> args;
  for (const Json& each : action["args"]) {
    auto value = parse_argument(*store_, each);
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

void Script::assert_return(const Json& command) {
  auto outcome = action(command["action"]);
  if (!outcome) return fail(command, outcome.error());
  const Json& expected = command["expected"];
  if (expected.size() != outcome->size()) return fail(command, "wrong number of results");
  for (size_t i = 0; i < expected.size(); ++i) {
    auto [type, value] = (*outcome)[i];
    if (!matches(*store_, expected[i], type, value)) {
      return fail(command, command["action"].dump() + " gave " + describe(type, value) +
                               ", expected " + expected[i].dump());
    }
  }
  pass();
}

void Script::assert_trap(const Json& command) {
  auto outcome = action(command["action"]);
  if (outcome) return fail(command, "no trap: " + command["action"].dump());
  if (!outcome.error().is_trap()) return fail(command, outcome.error());
  std::string text = command["text"];
  std::string reason(outcome.error().trap->reason());
  // The suites write "uninitialized element 2" where the number is the index.
  bool same = text.rfind(reason, 0) == 0 || reason.rfind(text, 0) == 0;
  same ? pass() : fail(command, "trapped with '" + reason + "', expected '" + text + "'");
}

void Script::assert_exception(const Json& command) {
  auto outcome = action(command["action"]);
  if (outcome) return fail(command, "no exception: " + command["action"].dump());
  if (!outcome.error().is_trap()) return fail(command, outcome.error());
  bool uncaught = outcome.error().trap->code() == TrapCode::UncaughtException;
  uncaught ? pass() : fail(command, to_std(outcome.error().message()));
}

void Script::assert_rejected(const Json& command) {
  auto compiled = compile_file(command);
  if (compiled)
    return fail(command, "accepted, expected '" + command["text"].get<std::string>() + "'");
  ErrorClass why = error_class(compiled.error().kind);
  // What is merely not compiled or beyond a limit has not been rejected for its fault.
  bool rejected = why == ErrorClass::Malformed || why == ErrorClass::Invalid;
  rejected ? pass() : fail(command, to_std(compiled.error().message()));
}

void Script::assert_unlinkable(const Json& command) {
  auto instance = instantiate(command);
  if (instance) return fail(command, "linked");
  bool link =
      !instance.error().is_trap() && error_class(instance.error().error.kind) == ErrorClass::Link;
  link ? pass() : fail(command, instance.error());
}

void Script::assert_uninstantiable(const Json& command) {
  auto instance = instantiate(command);
  if (instance) return fail(command, "instantiated");
  instance.error().is_trap() ? pass() : fail(command, instance.error());
}

}  // namespace sluice::spec
