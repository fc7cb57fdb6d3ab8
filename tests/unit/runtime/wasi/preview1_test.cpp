// The import table: every name with the signature that the interface gives it, and a program that
// goes through it with its output caught in memory.
#include <gtest/gtest.h>
#include <string>

#include "engine/wasm/type_registry.h"
#include "runtime/store/engine.h"
#include "runtime/store/linker.h"
#include "runtime/store/store.h"
#include "runtime/wasi/preview1.h"
#include "tests/support/example_modules.h"

namespace sluice::wasi {
namespace {

struct Signature {
  const char* name;
  const char* params;  // i: i32, I: i64
};

// All but proc_exit return an i32.
constexpr Signature kSignatures[] = {
    {"args_get", "ii"},
    {"args_sizes_get", "ii"},
    {"environ_get", "ii"},
    {"environ_sizes_get", "ii"},
    {"clock_res_get", "ii"},
    {"clock_time_get", "iIi"},
    {"fd_advise", "iIIi"},
    {"fd_allocate", "iII"},
    {"fd_close", "i"},
    {"fd_datasync", "i"},
    {"fd_fdstat_get", "ii"},
    {"fd_fdstat_set_flags", "ii"},
    {"fd_fdstat_set_rights", "iII"},
    {"fd_filestat_get", "ii"},
    {"fd_filestat_set_size", "iI"},
    {"fd_filestat_set_times", "iIIi"},
    {"fd_pread", "iiiIi"},
    {"fd_prestat_get", "ii"},
    {"fd_prestat_dir_name", "iii"},
    {"fd_pwrite", "iiiIi"},
    {"fd_read", "iiii"},
    {"fd_readdir", "iiiIi"},
    {"fd_renumber", "ii"},
    {"fd_seek", "iIii"},
    {"fd_sync", "i"},
    {"fd_tell", "ii"},
    {"fd_write", "iiii"},
    {"path_create_directory", "iii"},
    {"path_filestat_get", "iiiii"},
    {"path_filestat_set_times", "iiiiIIi"},
    {"path_link", "iiiiiii"},
    {"path_open", "iiiiiIIii"},
    {"path_readlink", "iiiiii"},
    {"path_remove_directory", "iii"},
    {"path_rename", "iiiiii"},
    {"path_symlink", "iiiii"},
    {"path_unlink_file", "iii"},
    {"poll_oneoff", "iiii"},
    {"proc_exit", "i"},
    {"proc_raise", "i"},
    {"sched_yield", ""},
    {"random_get", "ii"},
    {"sock_accept", "iii"},
    {"sock_recv", "iiiiii"},
    {"sock_send", "iiiii"},
    {"sock_shutdown", "ii"},
};

class Preview1Test : public testing::Test {
 protected:
  Preview1Test() : engine(*Engine::create()), store(*Store::create(engine)), linker(engine) {
    EXPECT_TRUE(define_preview1(linker, context));
  }
  std::shared_ptr<Engine> engine;
  std::shared_ptr<Context> context = std::make_shared<Context>();
  std::unique_ptr<Store> store;
  Linker linker;
};

TEST_F(Preview1Test, EveryFunctionHasItsSignature) {
  EXPECT_EQ(std::size(kSignatures), 46u);
  for (std::string_view module : {kModuleName, kUnstableName})
    for (const Signature& signature : kSignatures) {
      auto found = linker.lookup(*store, module, signature.name);
      ASSERT_TRUE(found && found->has_value()) << signature.name;
      const FuncType& type = (*found)->func().type();
      std::string params;
      for (ValType t : type.params()) params += t == kI32 ? 'i' : t == kI64 ? 'I' : '?';
      EXPECT_EQ(params, signature.params) << signature.name;
      bool returns = std::string_view(signature.name) != "proc_exit";
      ASSERT_EQ(type.results().size(), returns ? 1u : 0u) << signature.name;
      if (returns) {
        EXPECT_TRUE(type.results()[0] == kI32) << signature.name;
      }
    }
}

TEST_F(Preview1Test, CatchesOutputAndExitStatus) {
  String out;
  context->set_stdout(std::unique_ptr<OutputStream>(new BufferSink(out)));
  auto module = engine->compile(sluice_test::kWasiProgram);
  ASSERT_TRUE(module) << module.error().message();
  auto instance = linker.instantiate(*store, *module);
  ASSERT_TRUE(instance) << instance.error().message();
  auto start = (*instance)->exported_func("_start");
  ASSERT_TRUE(start);
  EXPECT_FALSE(context->exit_status());
  for (int i = 0; i < 3; ++i) {
    Outcome<void> called = start->call({}, {});
    ASSERT_FALSE(called);
    ASSERT_TRUE(called.error().is_trap());
    EXPECT_EQ(called.error().trap->code(), TrapCode::Exit);
    EXPECT_EQ(context->exit_status(), 42u);
  }
  EXPECT_EQ(out, "hi\nhi\nhi\n");
}

}  // namespace
}  // namespace sluice::wasi
