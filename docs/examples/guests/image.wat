;; Draws into a frame buffer that lies in its memory: one 32-bit word a pixel, 0xAABBGGRR.
(module
  (memory (export "memory") 1)
  ;; Makes room for width × height pixels and says where they begin.
  (func (export "frame_buffer") (param $width i32) (param $height i32) (result i32)
    (local $pages i32) (local $old i32)
    (local.set $pages
      (i32.shr_u (i32.add (i32.mul (i32.mul (local.get $width) (local.get $height)) (i32.const 4))
                          (i32.const 65535))
                 (i32.const 16)))
    (local.set $old (memory.grow (local.get $pages)))
    (if (i32.eq (local.get $old) (i32.const -1)) (then (unreachable)))
    (i32.shl (local.get $old) (i32.const 16)))
  ;; Red grows to the right, green downwards.
  (func (export "draw") (param $at i32) (param $width i32) (param $height i32)
    (local $x i32) (local $y i32)
    (loop $row
      (local.set $x (i32.const 0))
      (loop $column
        (i32.store (local.get $at)
          (i32.or (i32.const 0xff000000)
                  (i32.or (i32.shl (i32.and (local.get $y) (i32.const 255)) (i32.const 8))
                          (i32.and (local.get $x) (i32.const 255)))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_if $column (i32.lt_u (local.get $x) (local.get $width))))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $row (i32.lt_u (local.get $y) (local.get $height))))))
