// The import table: every name with the signature that the interface gives it, and a program that
// goes through it with its output caught in memory.
#include <gtest/gtest.h>
#include <string>

#include "engine/wasm/type_registry.h"
#include "runtime/store/engine.h"
#include "runtime/store/linker.h"
#include "runtime/store/store.h"
#include "runtime/wasi/preview1.h"

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
  Context context;  // outlives the store
  std::unique_ptr<Store> store;
  Linker linker;
};

TEST_F(Preview1Test, EveryFunctionHasItsSignature) {
  EXPECT_EQ(std::size(kSignatures), 46u);
  for (const Signature& signature : kSignatures) {
    auto found = linker.lookup(*store, kModuleName, signature.name);
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

// (import fd_write, proc_exit) memory with "hi\n" at 8 and an iovec at 0; _start writes it to
// standard output and leaves with 42.
constexpr uint8_t kProgram[] = {
    0, 'a', 's', 'm', 1, 0, 0, 0,
    // types: (i32 i32 i32 i32) -> i32, (i32) -> (), () -> ()
    1, 16, 3, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 0, 0x60, 0, 0,
    // imports
    2, 70, 2, 22, 'w', 'a', 's', 'i', '_', 's', 'n', 'a', 'p', 's', 'h', 'o', 't', '_', 'p', 'r',
    'e', 'v', 'i', 'e', 'w', '1', 8, 'f', 'd', '_', 'w', 'r', 'i', 't', 'e', 0, 0, 22, 'w', 'a',
    's', 'i', '_', 's', 'n', 'a', 'p', 's', 'h', 'o', 't', '_', 'p', 'r', 'e', 'v', 'i', 'e', 'w',
    '1', 9, 'p', 'r', 'o', 'c', '_', 'e', 'x', 'i', 't', 0, 1,
    // functions, memory, exports
    3, 2, 1, 2, 5, 3, 1, 0, 1, 7, 19, 2, 6, '_', 's', 't', 'a', 'r', 't', 0, 2, 6, 'm', 'e', 'm',
    'o', 'r', 'y', 2, 0,
    // code
    10, 20, 1, 18, 0, 0x41, 1, 0x41, 0, 0x41, 1, 0x41, 20, 0x10, 0, 0x1a, 0x41, 42, 0x10, 1, 0,
    0x0b,
    // data
    11, 17, 1, 0, 0x41, 0, 0x0b, 11, 8, 0, 0, 0, 3, 0, 0, 0, 'h', 'i', '\n'};

TEST_F(Preview1Test, CatchesOutputAndExitStatus) {
  String out;
  context.set_stdout(std::unique_ptr<OutputStream>(new BufferSink(out)));
  auto module = engine->compile(kProgram);
  ASSERT_TRUE(module) << module.error().message();
  auto instance = linker.instantiate(*store, *module);
  ASSERT_TRUE(instance) << instance.error().message();
  auto start = (*instance)->exported_func("_start");
  ASSERT_TRUE(start);
  EXPECT_FALSE(context.exit_status());
  for (int i = 0; i < 3; ++i) {
    Outcome<void> called = start->call({}, {});
    ASSERT_FALSE(called);
    ASSERT_TRUE(called.error().is_trap());
    EXPECT_EQ(called.error().trap->code(), TrapCode::Exit);
    EXPECT_EQ(context.exit_status(), 42u);
  }
  EXPECT_EQ(out, "hi\nhi\nhi\n");
}

}  // namespace
}  // namespace sluice::wasi
