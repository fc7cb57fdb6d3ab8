;; SIMD and relaxed SIMD.
(module
  (memory 1)
  (func (export "dot") (param i32 i32) (result f32)
    (local v128)
    (local.set 2 (f32x4.mul (v128.load (local.get 0)) (v128.load offset=16 align=4 (local.get 1))))
    (local.set 2 (f32x4.relaxed_madd (local.get 2) (local.get 2) (v128.const f32x4 1 2 3 4)))
    (f32.add (f32x4.extract_lane 0 (local.get 2)) (f32x4.extract_lane 3 (local.get 2))))
  (func (export "shuffle") (param v128 v128) (result v128)
    (i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31 (local.get 0)
      (i8x16.swizzle (local.get 1) (i16x8.splat (i32.const 3)))))
  (func (export "lanes") (param i32)
    (v128.store8_lane 5 (local.get 0)
      (v128.load16_lane offset=2 1 (local.get 0) (i32x4.replace_lane 2 (v128.const i64x2 1 2) (i32.const 7))))))
