;; Reverses a string in place, and says what it did to whoever gave it a `log`.
(module
  (import "env" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "reversed")
  (global $top (mut i32) (i32.const 1024))

  ;; Never gives anything back: a guest that runs for a moment can afford that.
  (func (export "malloc") (param $size i32) (result i32)
    (global.get $top)
    (global.set $top (i32.add (global.get $top) (local.get $size))))
  (func (export "free") (param i32))

  (func (export "reverse") (param $text i32) (param $size i32)
    (local $end i32) (local $byte i32)
    (local.set $end (i32.add (local.get $text) (local.get $size)))
    (block $done
      (loop $next
        (local.set $end (i32.sub (local.get $end) (i32.const 1)))
        (br_if $done (i32.ge_s (local.get $text) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $text)))
        (i32.store8 (local.get $text) (i32.load8_u (local.get $end)))
        (i32.store8 (local.get $end) (local.get $byte))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (br $next)))
    (call $log (i32.const 16) (i32.const 8))))
