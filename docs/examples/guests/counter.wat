;; Threads: all instances import one shared memory. The word at 0 opens the gate, the word at 64
;; counts.
(module
  (import "env" "memory" (memory 1 1 shared))
  (func (export "count") (param $turns i32)
    ;; Sleeps until the word at 0 is no longer 0.
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
    (loop $next
      (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 1)))
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if $next (local.get $turns)))))
