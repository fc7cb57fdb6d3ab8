// Script: runs the commands of one script of the official test suites (spec/test, .wast) and says
// what went wrong.
//
// Each script has a store of its own, in which the host module `spectest` is defined. For the
// command line and the tests; not part of the public library. What commands mean is here, what they
// look like in engine/text/wast.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <pthread.h>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/text/wast.h"
#include "runtime/store/engine.h"
#include "runtime/store/linker.h"
#include "runtime/store/store.h"

namespace sluice::wast {

/// Turns a module's bytes into code; the runner chooses how the bytes are split.
using Compile =
    std::function<Result<std::shared_ptr<const CompiledModule>>(Engine&, std::span<const uint8_t>)>;

struct ScriptReport {
  unsigned passed = 0;
  unsigned not_compiled = 0;  // commands that depend on what is not compiled yet
  std::vector<std::string> failures;
};

class Script {
 public:
  /// `allow_not_compiled`: a module that is refused as not compiled yet is no failure, nor are
  /// commands that fail for want of it.
  Script(std::shared_ptr<Engine> engine, Compile compile, bool allow_not_compiled = false);
  /// Runs all commands of a script in a fresh store; after a failure, too.
  ScriptReport run(std::string_view source);

 private:
  using Results = std::vector<std::pair<ValType, Value>>;
  using Module = std::shared_ptr<const CompiledModule>;

  /// What a thread may see of another's module: its shared memories, by their exports' names.
  using SharedModule = std::vector<std::pair<String, Memory*>>;

  bool open();
  void run_commands(const Vector<WastCommand>& commands);
  void run_command(const WastCommand& command);
  void start_thread(const WastCommand& command);
  void wait(const WastCommand& command);
  void join_all();
  SharedModule share(const String& module);
  void pass() { ++report_.passed; }
  void fail(const WastCommand& command, const std::string& why);
  /// The same for an error, which may be excused.
  void fail(const WastCommand& command, const Failure& failure);

  Result<Module> compile(const WastModule& module);
  Outcome<Instance*> instantiate(const WastModule& module);
  void define_module(const WastCommand& command);
  void instantiate_definition(const WastCommand& command);
  void remember(const String& name, Instance* instance);
  Instance* find_instance(const String& name);
  void register_instance(const WastCommand& command);
  /// Runs an action; fails without a trap if the request itself was wrong.
  Outcome<Results> act(const WastAction& action);
  void assert_return(const WastCommand& command);
  void assert_trap(const WastCommand& command);
  void assert_exception(const WastCommand& command);
  void assert_rejected(const WastCommand& command);
  void assert_unlinkable(const WastCommand& command);
  void assert_uninstantiable(const WastCommand& command);

  std::shared_ptr<Engine> engine_;
  Compile compile_;
  bool allow_not_compiled_;
  bool lacks_module_ = false;  // one was not compiled: names may be missing from now on
  std::string_view source_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Linker> linker_;
  std::map<String, Module> definitions_;
  Module last_definition_;
  std::map<String, Instance*> instances_;
  Instance* last_instance_ = nullptr;
  std::map<String, SharedModule> shared_modules_;  // of the thread that started this one
  struct Thread {
    std::unique_ptr<Script> script;
    const Vector<WastCommand>* commands = nullptr;
    pthread_t thread{};
  };
  std::map<String, Thread> threads_;
  ScriptReport report_;
};

}  // namespace sluice::wast
