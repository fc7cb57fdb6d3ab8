;; An array of structs: { f64 x; f64 y; f32 dx; f32 dy; i32 id; }, which C pads to 32 bytes.
(module
  (memory (export "memory") 1)
  (func (export "move") (param $at i32) (param $count i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (f64.store (local.get $at)
          (f64.add (f64.load (local.get $at)) (f64.promote_f32 (f32.load offset=16 (local.get $at)))))
        (f64.store offset=8 (local.get $at)
          (f64.add (f64.load offset=8 (local.get $at))
                   (f64.promote_f32 (f32.load offset=20 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))))
