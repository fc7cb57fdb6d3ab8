// Default options of the sanitizers, compiled into every executable of a sanitizer build.
//
// Guard-page faults are part of normal work, so the signals must reach our handler: ASan's own
// handlers and alternate stacks are off (its alternate stack would also unmap ours at thread exit).
// The fake stack is off because generated code compares the real stack pointer with a limit.
// TSan's deadlock detector is off: it can note 64 locks, and around a fork all of the library's are
// held at once, in the order of their ranks.
// Options in the environment (ASAN_OPTIONS and so on) still win.

extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:"
         "allow_user_segv_handler=1:use_sigaltstack=0:detect_stack_use_after_return=0:"
         "allocator_may_return_null=1:strict_string_checks=1";
}

extern "C" __attribute__((visibility("default"))) const char* __ubsan_default_options() {
  return "print_stacktrace=1:halt_on_error=1:handle_segv=0:handle_sigbus=0:handle_sigill=0:"
         "handle_sigfpe=0:use_sigaltstack=0";
}

extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:"
         "allow_user_segv_handler=1:use_sigaltstack=0:halt_on_error=1:detect_deadlocks=0";
}
