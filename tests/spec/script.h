// One script of a conformance suite: runs its commands in order and collects what went wrong.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/base/result.h"
#include "runtime/store/engine.h"
#include "runtime/store/linker.h"
#include "runtime/store/store.h"

namespace sluice::spec {

/// Turns a module's bytes into code; the runner chooses how the bytes are split.
using Compile =
    std::function<Result<std::shared_ptr<const CompiledModule>>(Engine&, std::span<const uint8_t>)>;

struct ScriptReport {
  unsigned passed = 0;
  unsigned skipped = 0;       // commands that need a text parser
  unsigned not_compiled = 0;  // commands that depend on what is not compiled yet
  std::vector<std::string> failures;
};

class Script {
 public:
  /// `allow_not_compiled`: a module that is refused as not compiled yet is no failure, nor are
  /// commands that fail for want of it.
  Script(std::shared_ptr<Engine> engine, Compile compile, bool allow_not_compiled = false);
  /// Runs NAME.json with its modules beside it, in a fresh store.
  ScriptReport run(const std::filesystem::path& json_file);

 private:
  using Json = nlohmann::json;
  /// What a thread may see of another's module: its shared memories, by their exports' names.
  using SharedModule = std::vector<std::pair<std::string, Memory*>>;

  bool open();
  void run_commands(const Json& commands);
  void thread_command(const Json& command);
  void wait_command(const Json& command);
  SharedModule share(const std::string& module);
  void command(const Json& command);
  void pass() { ++report_.passed; }
  void fail(const Json& command, const std::string& why);
  /// The same for an error, which may be excused.
  void fail(const Json& command, const Failure& failure);

  Result<std::shared_ptr<const CompiledModule>> compile_file(const Json& command);
  Outcome<Instance*> instantiate(const Json& command);
  void module_command(const Json& command);
  void remember(const Json& command, const char* key, Instance* instance);
  Instance* find_instance(const Json& command, const char* key);
  void register_command(const Json& command);
  /// Runs an action; empty and failed() if the request itself was wrong.
  Outcome<std::vector<std::pair<ValType, Value>>> action(const Json& action);
  void assert_return(const Json& command);
  void assert_trap(const Json& command);
  void assert_exception(const Json& command);
  void assert_rejected(const Json& command);
  void assert_unlinkable(const Json& command);
  void assert_uninstantiable(const Json& command);

  std::shared_ptr<Engine> engine_;
  Compile compile_;
  bool allow_not_compiled_;
  bool lacks_module_ = false;  // one was not compiled: names may be missing from now on
  std::filesystem::path folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Linker> linker_;
  std::map<std::string, std::shared_ptr<const CompiledModule>> definitions_;
  std::shared_ptr<const CompiledModule> last_definition_;
  std::map<std::string, Instance*> instances_;
  Instance* last_instance_ = nullptr;
  std::map<std::string, SharedModule> shared_modules_;  // of the thread that started this one
  struct Thread {
    std::unique_ptr<Script> script;
    std::thread thread;
  };
  std::map<std::string, Thread> threads_;
  ScriptReport report_;
};

}  // namespace sluice::spec
