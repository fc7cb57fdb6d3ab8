;; A WASI program: greets whom its first argument names, and exits with 7; without one with 1.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param $count i32) (param $bytes i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get"
    (func $args_get (param $argv i32) (param $text i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $pieces i32) (param $count i32) (param $written i32)
      (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "hello, ")

  (func (export "_start") (local $name i32) (local $end i32)
    ;; The number of arguments to 0, the size of their text to 4; then the text behind its array.
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (if (i32.lt_u (i32.load (i32.const 0)) (i32.const 2)) (then (call $proc_exit (i32.const 1))))
    (drop (call $args_get (i32.const 64) (i32.const 1024)))
    (local.set $name (i32.load (i32.const 68)))
    (local.set $end (local.get $name))
    (loop $next
      (if (i32.load8_u (local.get $end))
        (then (local.set $end (i32.add (local.get $end) (i32.const 1))) (br $next))))
    (i32.store8 (local.get $end) (i32.const 10))  ;; a line's end instead of the zero
    ;; Two pieces to standard output, as address and size.
    (i32.store (i32.const 8) (i32.const 32))
    (i32.store (i32.const 12) (i32.const 7))
    (i32.store (i32.const 16) (local.get $name))
    (i32.store (i32.const 20)
      (i32.add (i32.sub (local.get $end) (local.get $name)) (i32.const 1)))
    (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 2) (i32.const 0)))
    (call $proc_exit (i32.const 7))))
