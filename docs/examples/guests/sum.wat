;; Sums an array, and has an allocator for whoever wants to put one into the memory.
(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (global $last (mut i32) (i32.const 0))

  ;; As simple as can be: blocks lie one behind the other, and free() gives back the last one only.
  (func (export "malloc") (param $size i32) (result i32)
    (local $block i32) (local $top i32) (local $have i32)
    (local.set $block (global.get $top))
    (local.set $top
      (i32.and (i32.add (i32.add (local.get $block) (local.get $size)) (i32.const 15))
               (i32.const -16)))
    (local.set $have (i32.mul (memory.size) (i32.const 65536)))
    (if (i32.gt_u (local.get $top) (local.get $have))
      (then
        (if (i32.eq (i32.const -1)
                    (memory.grow (i32.shr_u (i32.add (i32.sub (local.get $top) (local.get $have))
                                                     (i32.const 65535))
                                            (i32.const 16))))
          (then (return (i32.const 0))))))
    (global.set $last (local.get $block))
    (global.set $top (local.get $top))
    (local.get $block))
  (func (export "free") (param $block i32)
    (if (i32.eq (local.get $block) (global.get $last))
      (then (global.set $top (global.get $last)))))

  (func (export "sum") (param $numbers i32) (param $count i32) (result i64)
    (local $sum i64)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $sum (i64.add (local.get $sum) (i64.load32_s (local.get $numbers))))
        (local.set $numbers (i32.add (local.get $numbers) (i32.const 4)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (local.get $sum)))
